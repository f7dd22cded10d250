//! What was looked through of text that waits, for a call that wants more than there is.

use super::Decoded;
use crate::codec::{LineEnd, Newline, find_line_end};

/// How far the text was looked through from one place on. What is behind is looked at
/// when it comes, and nothing twice: a long text would be searched again for each piece
/// of it.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Of which place, counted in bytes of text from the first that was decoded.
    place: u64,
    /// So many characters, as they are delivered …
    chars: usize,
    /// … are in so many bytes.
    bytes: usize,
    /// The last line that was found ends behind so many bytes …
    line: usize,
    /// … and none behind so many.
    searched: usize,
}

impl Decoded {
    /// What is known from where the text has come to.
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

    /// How many characters were counted by [`first_chars`](Self::first_chars): all that
    /// are there, where it found too few.
    pub(crate) fn counted(&mut self) -> usize {
        self.scan().chars
    }

    /// The number of bytes of the first `size` characters to be delivered, if they
    /// are there: counted after translation.
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
                        // Counted once it is known what it is.
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
                    // As CPython: a last `\r` waits for what is behind it.
                    let waits = newline == Newline::Untranslated && rest.ends_with('\r');
                    (chars == size && (at_eof || !waits)).then_some(bytes)
                }
            }
        };
        (self.scan.chars, self.scan.bytes) = (chars, bytes);
        found
    }

    /// The end of the line that the character before byte `n` belongs to; that of
    /// the last whole line, as an error, where there is none.
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
