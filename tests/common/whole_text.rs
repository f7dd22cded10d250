//! A text that is decoded as a whole, from all of its bytes, and what each call that reads
//! is to give of it: what a text layer that decodes in pieces is compared with.
//!
//! Bad bytes under a policy that does not accept them are told once, by the call that they
//! leave short, and what is before them stays for the next one. Calls for lines leave out
//! the lines of which bad bytes were told.

use encoding_rs::DecoderResult;

/// A character, or bytes that are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Char(char),
    Bad(Bad),
}

/// Where bad bytes begin, and what they are.
pub(crate) type Bad = (u64, Vec<u8>);

/// What a call gives.
pub(crate) type Answer<T> = Result<T, Bad>;

/// A text, and where reading has come to.
#[derive(Clone, Debug)]
pub(crate) struct WholeText {
    units: Vec<Unit>,
    newline: Option<&'static str>,
    place: Place,
    /// The next bad bytes were told, and text before them was not given yet.
    told: bool,
}

/// What a position has to keep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    at: usize,
    /// Behind bad bytes that were told, with nothing of what follows given.
    in_bad_line: bool,
}

impl WholeText {
    /// `None` where the model does not know better than what it judges.
    pub(crate) fn new(
        encoding: &str,
        policy: &str,
        newline: Option<&'static str>,
        bytes: &[u8],
    ) -> Option<Self> {
        let decoded = decoded(encoding, bytes)?;
        let mut units = Vec::new();
        for (n, unit) in decoded.all.into_iter().enumerate() {
            let text = match (unit, policy) {
                (Unit::Bad(bad), _) if n < decoded.unforgiven => {
                    units.push(Unit::Bad(bad));
                    continue;
                }
                (Unit::Bad(_), "ignore") => String::new(),
                (Unit::Bad(_), "replace") => "\u{fffd}".to_owned(),
                (Unit::Bad((_, bytes)), "backslashreplace") => {
                    let codes = bytes.iter().map(|byte| format!("\\x{byte:02x}"));
                    codes.collect()
                }
                (unit, _) => {
                    units.push(unit);
                    continue;
                }
            };
            units.extend(text.chars().map(Unit::Char));
        }
        if newline.is_none() {
            let mut after_cr = false;
            units.retain_mut(|unit| {
                let half = after_cr && *unit == Unit::Char('\n');
                after_cr = *unit == Unit::Char('\r');
                if after_cr {
                    *unit = Unit::Char('\n');
                }
                !half
            });
        }
        Some(Self {
            units,
            newline,
            place: Place {
                at: 0,
                in_bad_line: false,
            },
            told: false,
        })
    }

    pub(crate) fn place(&self) -> Place {
        self.place
    }

    pub(crate) fn go(&mut self, place: Place) {
        (self.place, self.told) = (place, false);
    }

    /// Where it begins.
    pub(crate) fn start(&mut self) {
        self.go(Place {
            at: 0,
            in_bad_line: false,
        });
    }

    /// The text up to bad bytes, or the end.
    fn good(&self) -> Vec<char> {
        let good = self.units[self.place.at..]
            .iter()
            .map_while(|unit| match unit {
                Unit::Char(c) => Some(*c),
                Unit::Bad(_) => None,
            });
        good.collect()
    }

    /// The bad bytes behind so much text.
    fn bad(&self, good: usize) -> Option<Bad> {
        match self.units.get(self.place.at + good) {
            Some(Unit::Bad(bad)) => Some(bad.clone()),
            _ => None,
        }
    }

    fn pass(&mut self, good: usize) {
        self.place.at += good + 1;
        (self.place.in_bad_line, self.told) = (true, false);
    }

    /// Tells bad bytes behind so much text.
    fn tell<T>(&mut self, good: usize, bad: Bad) -> Answer<T> {
        self.told = true;
        if good == 0 {
            self.pass(0);
        }
        Err(bad)
    }

    fn take(&mut self, n: usize) -> String {
        let taken = self.good()[..n].iter().collect();
        self.place.at += n;
        self.place.in_bad_line &= n == 0;
        if self.told && self.good().is_empty() {
            self.pass(0);
        }
        taken
    }

    /// How long the first line is, with its end, if that is there.
    fn line(&self, text: &[char]) -> Option<usize> {
        let end = |at: usize| match (self.newline, &text[at..]) {
            (None | Some("\n" | ""), ['\n', ..]) => Some(at + 1),
            (Some("\r\n" | ""), ['\r', '\n', ..]) => Some(at + 2),
            (Some("\r" | ""), ['\r', ..]) => Some(at + 1),
            _ => None,
        };
        (0..text.len()).find_map(end)
    }

    pub(crate) fn read(&mut self, size: Option<usize>) -> Answer<String> {
        let good = self.good().len();
        match (size, self.bad(good)) {
            (Some(size), _) if size <= good => Ok(self.take(size)),
            (_, Some(bad)) if !self.told => self.tell(good, bad),
            _ => Ok(self.take(good)),
        }
    }

    /// Leaves out what is left of a line of which bad bytes were told.
    fn pass_bad_line(&mut self) {
        loop {
            let good = self.good();
            if self.place.in_bad_line {
                match (self.line(&good), self.bad(good.len())) {
                    (Some(end), _) => {
                        self.place.at += end;
                        self.place.in_bad_line = false;
                    }
                    (None, Some(_)) => self.pass(good.len()),
                    (None, None) => {
                        self.place.at += good.len();
                        self.place.in_bad_line = false;
                        return;
                    }
                }
            } else if self.told && self.line(&good).is_none() {
                self.pass(good.len());
            } else {
                return;
            }
        }
    }

    pub(crate) fn readline(&mut self, size: Option<usize>) -> Answer<String> {
        if size != Some(0) {
            self.pass_bad_line();
        }
        let good = self.good();
        let (line, size) = (self.line(&good), size.unwrap_or(usize::MAX));
        match self.bad(good.len()) {
            Some(bad) if line.is_none() && size > good.len() => self.tell(good.len(), bad),
            _ => Ok(self.take(line.unwrap_or(good.len()).min(size))),
        }
    }

    /// The next line without its end; `None` is the end.
    pub(crate) fn next_line(&mut self) -> Answer<Option<String>> {
        let line = self.readline(None)?;
        let content = match self.newline {
            None | Some("\n") => line.strip_suffix('\n'),
            Some("") => line
                .strip_suffix("\r\n")
                .or_else(|| line.strip_suffix(['\n', '\r'])),
            Some(end) => line.strip_suffix(end),
        };
        let content = content.unwrap_or(&line).to_owned();
        Ok((!line.is_empty()).then_some(content))
    }

    /// Lines until their characters are more than `hint`.
    pub(crate) fn readlines(&mut self, hint: Option<usize>) -> Answer<Vec<String>> {
        self.pass_bad_line();
        let good = self.good();
        let (mut lines, mut total) = (Vec::new(), 0);
        while hint.is_none_or(|hint| total <= hint) {
            let rest = &good[total..];
            match (self.line(rest), self.bad(good.len())) {
                (Some(end), _) => lines.push(end),
                (None, Some(bad)) if !self.told => return self.tell(good.len(), bad),
                (None, None) if !rest.is_empty() => lines.push(rest.len()),
                (None, _) => break,
            }
            total += lines.last().expect("one was found");
        }
        Ok(lines.into_iter().map(|end| self.take(end)).collect())
    }
}

/// The characters of `bytes`, before any error policy; `None` for the one encoding in
/// which the decoder asked here finds faults that this crate's, as CPython's, does not.
fn decoded(encoding: &str, bytes: &[u8]) -> Option<Units> {
    let mut units = Units::default();
    match encoding {
        "utf-8" => units.utf8(0, bytes),
        "utf-8-sig" => {
            let mark = b"\xef\xbb\xbf";
            match bytes.strip_prefix(mark) {
                Some(rest) => units.utf8(3, rest),
                // Half a mark and nothing else is no text, and no fault.
                None if mark.starts_with(bytes) => {}
                None => units.utf8(0, bytes),
            }
        }
        "utf-16" | "utf-32" => {
            let (width, little, big): (_, &[u8], &[u8]) = match encoding {
                "utf-16" => (2, b"\xff\xfe", b"\xfe\xff"),
                _ => (4, b"\xff\xfe\0\0", b"\0\0\xfe\xff"),
            };
            let native = cfg!(target_endian = "big");
            let (from, big) = if bytes.starts_with(little) {
                (width, false)
            } else if bytes.starts_with(big) {
                (width, true)
            } else if bytes.len() >= width {
                // The mark is missing: an error, whatever the policy.
                units.bad(0, &bytes[..width]);
                units.unforgiven = 1;
                (width, native)
            } else {
                (0, native)
            };
            units.wide(width, big, from, &bytes[from..]);
        }
        "utf-16-le" => units.wide(2, false, 0, bytes),
        "utf-16-be" => units.wide(2, true, 0, bytes),
        "utf-32-le" => units.wide(4, false, 0, bytes),
        "utf-32-be" => units.wide(4, true, 0, bytes),
        "latin-1" => units.of(bytes, |_| true),
        "ascii" => units.of(bytes, |byte| byte.is_ascii()),
        // Two escapes with nothing in between.
        "iso-2022-jp" if bytes.windows(4).any(|w| w[0] == 0x1b && w[3] == 0x1b) => return None,
        other => units.legacy(other, bytes),
    }
    Some(units)
}

/// Units as they are found.
#[derive(Default)]
struct Units {
    all: Vec<Unit>,
    /// How many bad ones at the start no policy forgives.
    unforgiven: usize,
}

impl Units {
    fn bad(&mut self, at: usize, bytes: &[u8]) {
        self.all.push(Unit::Bad((at as u64, bytes.to_vec())));
    }

    fn text(&mut self, text: &str) {
        self.all.extend(text.chars().map(Unit::Char));
    }

    fn utf8(&mut self, mut at: usize, bytes: &[u8]) {
        for chunk in bytes.utf8_chunks() {
            self.text(chunk.valid());
            at += chunk.valid().len();
            if !chunk.invalid().is_empty() {
                self.bad(at, chunk.invalid());
            }
            at += chunk.invalid().len();
        }
    }

    /// UTF-16, or UTF-32 where a code has four bytes.
    fn wide(&mut self, width: usize, big: bool, mut at: usize, mut bytes: &[u8]) {
        let code = |bytes: &[u8]| {
            let fold = |code, byte: &u8| code << 8 | u32::from(*byte);
            if big {
                bytes.iter().fold(0, fold)
            } else {
                bytes.iter().rev().fold(0, fold)
            }
        };
        while !bytes.is_empty() {
            let len = match bytes.get(..width).map(code) {
                // Half a code.
                None => Err(bytes.len()),
                Some(high @ 0xd800..=0xdbff) if width == 2 => match bytes.get(2..4).map(code) {
                    Some(low @ 0xdc00..=0xdfff) => {
                        let c = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                        Ok((char::from_u32(c), 4))
                    }
                    Some(_) => Err(2),
                    // Half a pair, and what there is of the other half.
                    None => Err(bytes.len()),
                },
                Some(code) => Ok((char::from_u32(code), width)),
            };
            let len = match len {
                Ok((Some(c), len)) => {
                    self.all.push(Unit::Char(c));
                    len
                }
                Ok((None, len)) | Err(len) => {
                    self.bad(at, &bytes[..len]);
                    len
                }
            };
            at += len;
            bytes = &bytes[len..];
        }
    }

    /// A byte a character.
    fn of(&mut self, bytes: &[u8], good: impl Fn(u8) -> bool) {
        for (at, &byte) in bytes.iter().enumerate() {
            if good(byte) {
                self.all.push(Unit::Char(byte.into()));
            } else {
                self.bad(at, &[byte]);
            }
        }
    }

    fn legacy(&mut self, label: &str, bytes: &[u8]) {
        let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap();
        let mut decoder = encoding.new_decoder_without_bom_handling();
        let mut at = 0;
        loop {
            let mut text = String::with_capacity(3 * bytes.len() + 16);
            let (result, read) =
                decoder.decode_to_string_without_replacement(&bytes[at..], &mut text, true);
            self.text(&text);
            at += read;
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(len, after) => {
                    let end = at - usize::from(after);
                    self.bad(end - usize::from(len), &bytes[end - usize::from(len)..end]);
                }
            }
        }
    }
}
