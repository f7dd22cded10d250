//! How far the text was searched, for a call that needs more text than there is.

use super::Decoded;
use crate::codec::{LineEnd, Newline, find_line_end};

/// How far the text was searched from one place on. New text is searched when it comes, and
/// nothing is searched twice: otherwise a long text would be searched again for each new
/// piece.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The place, counted in bytes of text from the first decoded text.
    place: u64,
    /// So many characters, counted after translation of line ends …
    chars: usize,
    /// … are in this many bytes.
    bytes: usize,
    /// The last line that was found ends after this many bytes …
    line: usize,
    /// … and there is no other line end before this many.
    searched: usize,
}

impl Decoded {
    /// The results of searches from the current place; a new place begins anew.
    fn scan(&mut self) -> &mut Scan {
        let place = self.dropped + self.at as u64;
        if self.scan.place != place {
            self.scan = Scan {
                place,
                ..Scan::default()
            };
        }
        &mut self.scan
    }

    /// How many characters [`first_chars`](Self::first_chars) has counted. If it found too
    /// few, these are all.
    pub(crate) fn counted(&mut self) -> usize {
        self.scan().chars
    }

    /// Returns how many bytes the first `size` characters take, counted after translation
    /// of line ends; `None` if there are not so many.
    pub(crate) fn first_chars(&mut self, size: usize, at_eof: bool) -> Option<usize> {
        let scan = self.scan();
        if scan.chars > size {
            (scan.chars, scan.bytes) = (0, 0);
        }
        let (mut chars, mut bytes) = (scan.chars, scan.bytes);
        let newline = self.newline();
        let rest = self.rest();
        let found = if newline == Newline::Universal && self.has_cr() {
            let mut behind = rest[bytes..].char_indices().peekable();
            let from = bytes;
            loop {
                bytes = behind.peek().map_or(rest.len(), |&(at, _)| from + at);
                if chars == size {
                    break Some(bytes);
                }
                let Some((_, c)) = behind.next() else {
                    break None;
                };
                if c == '\r' {
                    match behind.peek() {
                        Some((_, '\n')) => drop(behind.next()),
                        Some(_) => {}
                        None if at_eof => {}
                        // It is counted when it is known what it is.
                        None => break None,
                    }
                }
                chars += 1;
            }
        } else {
            match rest[bytes..].char_indices().nth(size - chars) {
                Some((at, _)) => {
                    (chars, bytes) = (size, bytes + at);
                    Some(bytes)
                }
                None => {
                    chars += rest[bytes..].chars().count();
                    bytes = rest.len();
                    // As CPython: a last `\r` waits for the next character.
                    let waits = newline == Newline::Untranslated && rest.ends_with('\r');
                    (chars == size && (at_eof || !waits)).then_some(bytes)
                }
            }
        };
        (self.scan.chars, self.scan.bytes) = (chars, bytes);
        found
    }

    /// Returns the end of the line that has the character before byte `n`. If that end is
    /// not there, the `Err` is the end of the last complete line.
    pub(crate) fn line_end_from(&mut self, n: usize, at_eof: bool) -> Result<usize, usize> {
        let scan = self.scan();
        if scan.line >= n {
            (scan.line, scan.searched) = (0, 0);
        }
        let (mut line, mut searched) = (scan.line, scan.searched);
        let (newline, rest) = (self.newline(), self.rest().as_bytes());
        let found = loop {
            if line > 0 && line >= n {
                break Ok(line);
            }
            let from = searched.max(line) - line;
            match find_line_end(newline, &rest[line..], from, at_eof) {
                LineEnd::Found {
                    content_end,
                    terminator_len,
                    ..
                } => line += content_end + terminator_len,
                LineEnd::NeedMore { resume } => {
                    searched = line + resume;
                    break Err(line);
                }
            }
        };
        (self.scan.line, self.scan.searched) = (line, searched);
        found
    }
}
