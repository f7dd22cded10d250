//! Line ends: which are recognised when reading, and what is written.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memchr2};

use crate::sys::LINES_END_IN_CRLF;
use crate::{Error, Result};

/// What is written for `"\n"` under [`Newline::Universal`]: Python's `os.linesep`.
const OS_LINE_END: Newline = if LINES_END_IN_CRLF {
    Newline::CrLf
} else {
    Newline::Lf
};

/// Which line ends a text file has: Python's `newline`.
///
/// | here | Python | a line ends at | reading gives | `"\n"` is written as |
/// |---|---|---|---|---|
/// | `Universal` | `None` | `\n`, `\r`, `\r\n` | `\n` for each | the platform's line end |
/// | `Untranslated` | `""` | `\n`, `\r`, `\r\n` | the line end unchanged | `\n` |
/// | `Lf` | `"\n"` | `\n` | the line end unchanged | `\n` |
/// | `Cr` | `"\r"` | `\r` | the line end unchanged | `\r` |
/// | `CrLf` | `"\r\n"` | `\r\n` | the line end unchanged | `\r\n` |
///
/// No other character ends a line; in Python's `str.splitlines` others do.
///
/// # Examples
///
/// ```
/// use aiofiles::codec::Newline;
///
/// assert_eq!(Newline::try_from("\r\n")?, Newline::CrLf);
/// assert_eq!(Newline::try_from(None)?, Newline::Universal);
/// assert_eq!(Newline::default(), Newline::Universal);
/// assert!(Newline::try_from("\n\r").is_err());
/// # Ok::<(), aiofiles::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Newline {
    /// Every line end is read as `"\n"`, and `"\n"` is written as the platform's line
    /// end. The default.
    #[default]
    Universal,
    /// Every line end is recognised, and none is changed.
    Untranslated,
    /// Lines end at `"\n"`, and nothing is changed.
    Lf,
    /// Lines end at `"\r"`, and `"\n"` is written as `"\r"`.
    Cr,
    /// Lines end at `"\r\n"`, and `"\n"` is written as `"\r\n"`.
    CrLf,
}

impl TryFrom<&str> for Newline {
    type Error = Error;

    /// Accepts the values of Python: `""`, `"\n"`, `"\r"` and `"\r\n"`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for anything else.
    fn try_from(value: &str) -> Result<Self> {
        match value {
            "" => Ok(Self::Untranslated),
            "\n" => Ok(Self::Lf),
            "\r" => Ok(Self::Cr),
            "\r\n" => Ok(Self::CrLf),
            _ => Err(Error::InvalidArgument {
                op: "open",
                path: None,
                reason: format!(
                    r#"illegal newline value {value:?}; it may be "", "\n", "\r" or "\r\n""#
                ),
            }),
        }
    }
}

impl TryFrom<Option<&str>> for Newline {
    type Error = Error;

    /// As `TryFrom<&str>`; `None` gives [`Newline::Universal`], as in Python.
    fn try_from(value: Option<&str>) -> Result<Self> {
        value.map_or(Ok(Self::Universal), Self::try_from)
    }
}

/// What a line ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Terminator {
    Cr,
    Lf,
    CrLf,
}

/// Where a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineEnd {
    /// The line has `content_end` bytes, and then a terminator of `terminator_len` bytes.
    Found {
        content_end: usize,
        terminator_len: usize,
        which: Terminator,
    },
    /// There is no line end yet. With more text, continue the search at `resume`; at the
    /// end of the file, all the text is the last line.
    NeedMore { resume: usize },
}

/// Finds the end of the line that begins at `line[0]`.
///
/// `line` is decoded text before translation. `line[..from]` is known to have no line
/// end: `from` is 0, or the `resume` of the call before. A `\r` at the end of `line` may
/// be half of a `\r\n`, so it counts as a line end only with `at_eof`.
pub(crate) fn find_line_end(newline: Newline, line: &[u8], from: usize, at_eof: bool) -> LineEnd {
    let found = |content_end, which| LineEnd::Found {
        content_end,
        terminator_len: match which {
            Terminator::Cr | Terminator::Lf => 1,
            Terminator::CrLf => 2,
        },
        which,
    };
    let rest = &line[from..];
    let end = match newline {
        Newline::Universal | Newline::Untranslated => memchr2(b'\n', b'\r', rest).map(|i| {
            let end = from + i;
            match (line[end], line.get(end + 1)) {
                (b'\n', _) => found(end, Terminator::Lf),
                (_, Some(b'\n')) => found(end, Terminator::CrLf),
                (_, None) if !at_eof => LineEnd::NeedMore { resume: end },
                (_, _) => found(end, Terminator::Cr),
            }
        }),
        Newline::Lf => memchr(b'\n', rest).map(|i| found(from + i, Terminator::Lf)),
        Newline::Cr => memchr(b'\r', rest).map(|i| found(from + i, Terminator::Cr)),
        // A `\r` just before `from` counts, as it is part of the line; a `\r` before the
        // start of the line does not.
        Newline::CrLf => memchr_iter(b'\n', rest)
            .filter_map(|i| (from + i).checked_sub(1))
            .find(|&before| line[before] == b'\r')
            .map(|before| found(before, Terminator::CrLf)),
    };
    end.unwrap_or(LineEnd::NeedMore { resume: line.len() })
}

/// Translates text for [`Newline::Universal`]: each `\r\n` and each `\r` becomes `\n`.
///
/// A `\r` at the end counts as a line end, so the caller must hold it back as long as a
/// `\n` may follow.
pub(crate) fn translate_in(text: &str) -> Cow<'_, str> {
    let Some(first) = memchr(b'\r', text.as_bytes()) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    let (mut done, mut cr) = (0, first);
    loop {
        out.push_str(&text[done..cr]);
        out.push('\n');
        done = cr + 1;
        if text.as_bytes().get(done) == Some(&b'\n') {
            done += 1;
        }
        match memchr(b'\r', &text.as_bytes()[done..]) {
            Some(i) => cr = done + i,
            None => break,
        }
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

/// Translates text for writing: each `\n` becomes the line end of this mode. A `\r` in
/// the text stays, so under `CrLf` a `\r\n` becomes `\r\r\n`, as in Python.
pub(crate) fn translate_out(newline: Newline, text: &str) -> Cow<'_, str> {
    let Some(end) = written_end(newline) else {
        return Cow::Borrowed(text);
    };
    if memchr(b'\n', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('\n', end))
}

/// What is written for a `\n`; `None` if that is `\n` itself.
#[inline]
pub(crate) fn written_end(newline: Newline) -> Option<&'static str> {
    let newline = match newline {
        Newline::Universal => OS_LINE_END,
        Newline::Untranslated | Newline::Lf | Newline::Cr | Newline::CrLf => newline,
    };
    match newline {
        Newline::Cr => Some("\r"),
        Newline::CrLf => Some("\r\n"),
        Newline::Universal | Newline::Untranslated | Newline::Lf => None,
    }
}

/// Counts the characters. Nearly all text that is written in small parts is ASCII, and to
/// check for ASCII is faster than to count.
pub(crate) fn count_chars(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().count()
    }
}

/// Which line ends a file was seen to have: Python's `newlines`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NewlinesSeen {
    cr: bool,
    lf: bool,
    crlf: bool,
}

impl NewlinesSeen {
    /// Records one line end.
    pub(crate) fn record(&mut self, which: Terminator) {
        match which {
            Terminator::Cr => self.cr = true,
            Terminator::Lf => self.lf = true,
            Terminator::CrLf => self.crlf = true,
        }
    }

    /// Records all line ends of `text`, which is text before translation, without a `\r`
    /// at the end that was held back. Returns whether any line end is a `\r` alone.
    pub(crate) fn record_all(&mut self, text: &str) -> bool {
        let text = text.as_bytes();
        let (Some(first), Some(last)) = (text.first(), text.last()) else {
            return false;
        };
        // It uses bits instead of branches, so that the compiler makes vector code of it.
        let (mut cr, mut lf, mut crlf) = (*last == b'\r', *first == b'\n', false);
        for (&one, &next) in text.iter().zip(&text[1..]) {
            let (ends, begins) = (one == b'\r', next == b'\n');
            crlf |= ends & begins;
            cr |= ends & !begins;
            lf |= begins & !ends;
        }
        self.cr |= cr;
        self.lf |= lf;
        self.crlf |= crlf;
        cr
    }

    /// Records the line ends that `other` has recorded.
    pub(crate) fn merge(&mut self, other: Self) {
        self.cr |= other.cr;
        self.lf |= other.lf;
        self.crlf |= other.crlf;
    }

    /// The line ends that were seen, in Python's order.
    pub(crate) fn as_slice(self) -> &'static [&'static str] {
        match (self.cr, self.lf, self.crlf) {
            (false, false, false) => &[],
            (true, false, false) => &["\r"],
            (false, true, false) => &["\n"],
            (true, true, false) => &["\r", "\n"],
            (false, false, true) => &["\r\n"],
            (true, false, true) => &["\r", "\r\n"],
            (false, true, true) => &["\n", "\r\n"],
            (true, true, true) => &["\r", "\n", "\r\n"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Newline; 5] = [
        Newline::Universal,
        Newline::Untranslated,
        Newline::Lf,
        Newline::Cr,
        Newline::CrLf,
    ];

    /// The lines of `text` with their terminators, given in chunks that end at
    /// `split` and at the end.
    fn lines(newline: Newline, text: &str, split: usize) -> (Vec<String>, NewlinesSeen) {
        let (mut lines, mut seen) = (Vec::new(), NewlinesSeen::default());
        let (mut start, mut from) = (0, 0);
        for (upto, at_eof) in [(split, false), (text.len(), false), (text.len(), true)] {
            loop {
                match find_line_end(newline, &text.as_bytes()[start..upto], from, at_eof) {
                    LineEnd::Found {
                        content_end,
                        terminator_len,
                        which,
                    } => {
                        let end = start + content_end + terminator_len;
                        lines.push(text[start..end].to_owned());
                        seen.record(which);
                        (start, from) = (end, 0);
                    }
                    LineEnd::NeedMore { resume } => {
                        from = resume;
                        break;
                    }
                }
            }
        }
        if start < text.len() {
            lines.push(text[start..].to_owned());
        }
        (lines, seen)
    }

    /// N-None-in, N-empty-in, N-lf/cr/crlf-in, N-cr-hold, at every split.
    #[test]
    fn line_ends_are_those_of_the_mode() {
        let text = "a\nb\r\nc\rd";
        for split in 0..=text.len() {
            for (newline, expected) in [
                (Newline::Universal, &["a\n", "b\r\n", "c\r", "d"][..]),
                (Newline::Untranslated, &["a\n", "b\r\n", "c\r", "d"]),
                (Newline::Lf, &["a\n", "b\r\n", "c\rd"]),
                (Newline::Cr, &["a\nb\r", "\nc\r", "d"]),
                (Newline::CrLf, &["a\nb\r\n", "c\rd"]),
            ] {
                assert_eq!(
                    lines(newline, text, split).0,
                    expected,
                    "{newline:?} {split}"
                );
            }
        }
    }

    #[test]
    fn cr_at_the_end_of_a_chunk_is_held_and_at_eof_ends_the_line() {
        let need_more = LineEnd::NeedMore { resume: 1 };
        for newline in [Newline::Universal, Newline::Untranslated] {
            assert_eq!(find_line_end(newline, b"a\r", 0, false), need_more);
            let (which, terminator_len) = (Terminator::Cr, 1);
            let content_end = 1;
            let found = LineEnd::Found {
                content_end,
                terminator_len,
                which,
            };
            assert_eq!(find_line_end(newline, b"a\r", 1, true), found);
            assert_eq!(find_line_end(newline, b"a\rb", 1, false), found);
        }
    }

    /// [R p4]: a line that begins between `\r` and `\n` does not end there.
    #[test]
    fn half_a_crlf_in_front_of_the_line_does_not_count() {
        let LineEnd::Found { content_end, .. } =
            find_line_end(Newline::CrLf, b"\nw\r\r\n", 0, false)
        else {
            panic!("the second one counts");
        };
        assert_eq!(content_end, 3);
    }

    #[test]
    fn every_mode_splits_anything_the_same_at_every_split() {
        for code in 0..4_u32.pow(7) {
            let text: String = (0..7)
                .map(|i| ['a', '\r', '\n', 'é'][code as usize / 4_usize.pow(i) % 4])
                .collect();
            for newline in ALL {
                let whole = lines(newline, &text, 0);
                assert_eq!(whole.0.concat(), text);
                for split in 1..=text.len() {
                    assert_eq!(lines(newline, &text, split), whole, "{newline:?} {text:?}");
                }
                if newline == Newline::Universal {
                    let mut seen = NewlinesSeen::default();
                    seen.record_all(&text);
                    assert_eq!(seen, whole.1, "{text:?}");
                    let naive = text.replace("\r\n", "\n").replace('\r', "\n");
                    assert_eq!(translate_in(&text), naive);
                }
            }
        }
    }

    /// N-attr, [R p4].
    #[test]
    fn newlines_seen_are_in_pythons_order() {
        for (text, expected) in [
            ("", &[][..]),
            ("x", &[]),
            ("a\n", &["\n"]),
            ("a\r", &["\r"]),
            ("a\r\n", &["\r\n"]),
            ("a\rb\n", &["\r", "\n"]),
            ("a\nb\r\n", &["\n", "\r\n"]),
            ("a\rb\r\n", &["\r", "\r\n"]),
            ("a\rb\nc\r\n", &["\r", "\n", "\r\n"]),
            ("a\r\n\r", &["\r", "\r\n"]),
            ("a\n\r", &["\r", "\n"]),
        ] {
            let mut seen = NewlinesSeen::default();
            seen.record_all(text);
            assert_eq!(seen.as_slice(), expected, "{text:?}");
        }
    }

    /// N-out, [R p4].
    #[test]
    fn output_gets_the_line_ends_of_the_mode() {
        let os = if cfg!(windows) {
            "a\r\nb\r\r\nc\rd"
        } else {
            "a\nb\r\nc\rd"
        };
        for (newline, expected) in [
            (Newline::Universal, os),
            (Newline::Untranslated, "a\nb\r\nc\rd"),
            (Newline::Lf, "a\nb\r\nc\rd"),
            (Newline::Cr, "a\rb\r\rc\rd"),
            (Newline::CrLf, "a\r\nb\r\r\nc\rd"),
        ] {
            assert_eq!(translate_out(newline, "a\nb\r\nc\rd"), expected);
            assert!(matches!(translate_out(newline, "a\r"), Cow::Borrowed(_)));
        }
        assert!(matches!(translate_in("a\n\u{2028}"), Cow::Borrowed(_)));
    }
}
