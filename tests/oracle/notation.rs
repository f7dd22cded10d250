//! How the recorded cases are written: the items of a line.
//!
//! A malformed line is a bug of the recorder, so reading panics with its file and line.

use crate::case::{Arg, Expected, List, Seek, Value};

/// The unread part of a line. Each method reads one item and the blank behind it.
pub(crate) struct Line<'a> {
    pub(crate) rest: &'a str,
    pub(crate) at: &'a str,
}

impl<'a> Line<'a> {
    pub(crate) fn fail(&self, what: &str) -> ! {
        panic!("{}: cannot read {what:?} before {:?}", self.at, self.rest)
    }

    pub(crate) fn word(&mut self) -> &'a str {
        let (word, rest) = self.rest.split_once(' ').unwrap_or((self.rest, ""));
        self.rest = rest;
        word
    }

    fn number<T: std::str::FromStr>(&self, text: &str) -> T {
        text.parse().unwrap_or_else(|_| self.fail(text))
    }

    fn eat(&mut self, start: &str) -> bool {
        let rest = self.rest.strip_prefix(start);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// `"…"`, as bytes, without the blank behind it.
    fn quoted(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut chars = self.rest.char_indices();
        if chars.next().map(|(_, c)| c) != Some('"') {
            self.fail("a literal");
        }
        loop {
            match chars.next() {
                Some((end, '"')) => {
                    self.rest = &self.rest[end + 1..];
                    return bytes;
                }
                Some((_, '\\')) => match chars.next() {
                    Some((_, 'n')) => put(&mut bytes, '\n'),
                    Some((_, 'r')) => put(&mut bytes, '\r'),
                    Some((_, 't')) => put(&mut bytes, '\t'),
                    Some((_, c @ ('"' | '\\'))) => put(&mut bytes, c),
                    Some((at, 'x')) => {
                        let digits = self.rest.get(at + 1..at + 3).unwrap_or_default();
                        let byte = u8::from_str_radix(digits, 16);
                        bytes.push(byte.unwrap_or_else(|_| self.fail(digits)));
                        chars.nth(1);
                    }
                    Some((at, 'u')) => {
                        let digits = self.rest[at + 2..].split('}').next().unwrap_or_default();
                        let c = u32::from_str_radix(digits, 16)
                            .ok()
                            .and_then(char::from_u32);
                        put(&mut bytes, c.unwrap_or_else(|| self.fail(digits)));
                        chars.nth(digits.len() + 1);
                    }
                    _ => self.fail("an escape"),
                },
                Some((_, c)) => put(&mut bytes, c),
                None => self.fail("a literal without its end"),
            }
        }
    }

    pub(crate) fn literal(&mut self) -> Vec<u8> {
        let bytes = self.quoted();
        self.eat(" ");
        bytes
    }

    /// `"…"` or `"…"*n`.
    pub(crate) fn repeated(&mut self) -> Vec<u8> {
        let bytes = self.quoted();
        let count = if self.eat("*") {
            let word = self.word();
            self.number(word)
        } else {
            self.eat(" ");
            1
        };
        bytes.repeat(count)
    }

    pub(crate) fn arg(&mut self) -> Arg {
        if self.rest.starts_with('"') {
            return Arg::Data(self.repeated());
        }
        if self.eat("[") {
            return Arg::List(self.items());
        }
        let word = self.word();
        if word == "-" {
            return Arg::None;
        }
        if let Some(number) = word.strip_prefix('@') {
            return Arg::Seek(Seek::Position(self.number(number)));
        }
        match word.split_once(':') {
            Some(("start", n)) => Arg::Seek(Seek::Start(self.number(n))),
            Some(("current", n)) => Arg::Seek(Seek::Current(self.number(n))),
            Some(("end", n)) => Arg::Seek(Seek::End(self.number(n))),
            _ => Arg::Number(self.number(word)),
        }
    }

    /// The rest of a list whose bracket has been read, without what stands behind it.
    fn items(&mut self) -> Vec<Vec<u8>> {
        let mut items = Vec::new();
        while !self.rest.starts_with(']') {
            items.push(self.literal());
        }
        self.eat("]");
        self.eat(" ");
        items
    }

    /// `#count:hash`, `"…"`.
    pub(crate) fn value(&mut self) -> Value {
        if !self.eat("#") {
            return Value::Whole(self.literal());
        }
        let word = self.word();
        let Some((len, hash)) = word.split_once(':') else {
            self.fail(word)
        };
        self.hashed(len, hash)
    }

    fn hashed(&self, len: &str, hash: &str) -> Value {
        let hash = u32::from_str_radix(hash, 16).unwrap_or_else(|_| self.fail(hash));
        Value::Hashed {
            len: self.number(len),
            hash,
        }
    }

    pub(crate) fn expected(&mut self) -> Expected {
        if self.rest.starts_with(['"', '#']) {
            return Expected::Data(self.value());
        }
        if self.eat("[") {
            return self.list();
        }
        let word = self.word();
        if let Some(class) = word.strip_prefix('!') {
            return Expected::Error(class.to_owned());
        }
        if let Some(number) = word.strip_prefix('@') {
            let _: usize = self.number(number);
            return Expected::Position;
        }
        if word == "ok" {
            Expected::Ok
        } else {
            Expected::Number(self.number(word))
        }
    }

    /// A list whose bracket has been read, and an error that may stand right behind it.
    fn list(&mut self) -> Expected {
        let list = if self.rest.starts_with(['"', ']']) {
            List::Whole(self.items())
        } else {
            let Some((items, rest)) = self.rest.split_once("]#") else {
                self.fail("a list")
            };
            self.rest = rest;
            let end = rest.find([' ', '!']).unwrap_or(rest.len());
            let Some((len, hash)) = rest[..end].split_once(':') else {
                self.fail(rest)
            };
            self.rest = &rest[end..];
            self.eat(" ");
            List::Hashed {
                items: self.number(items),
                joined: self.hashed(len, hash),
            }
        };
        let class = self.eat("!").then(|| self.word().to_owned());
        Expected::List(list, class)
    }
}

/// Adds one character in UTF-8.
fn put(bytes: &mut Vec<u8>, c: char) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}
