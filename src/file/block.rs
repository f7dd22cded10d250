//! Several lines, lent at once.

use std::fmt;

use super::source::Span;
use crate::codec::{LineEnd, Newline, find_line_end};

/// Lines that `next_lines()` lends from the buffer of a file, without their terminators.
///
/// An iterator of at least one line: of `&str` for text, of `&[u8]` for bytes (`L` is
/// `[u8]`). Lines that you do not take from it count as read all the same.
pub struct Block<'a, L: ?Sized = str> {
    rest: &'a L,
    ends: Ends,
    /// The first line. It was found already, and may be long, so it is not searched again.
    first: Option<Span>,
}

/// Which line ends the bytes can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// `\n` only.
    Lf,
    /// `\n` and `\r\n`. No line ends in a `\r` alone.
    LfOrCrLf,
    /// Those of this mode.
    Any(Newline),
}

impl<'a, L: ?Sized> Block<'a, L> {
    /// `lines` begins with `first`.
    pub(crate) fn new(lines: &'a L, ends: Ends, first: Span) -> Self {
        Self {
            rest: lines,
            ends,
            first: Some(first),
        }
    }

    /// As the function [`split`], but a first line that was found already is not searched
    /// again.
    #[inline]
    fn split(&mut self, rest: &[u8]) -> Option<(usize, usize)> {
        match self.first.take() {
            Some(Span { content, total }) => Some((content, total)),
            None => split(self.ends, rest),
        }
    }
}

/// Returns where the first line of `rest` ends without its terminator, and where the next
/// line begins. `rest` ends with a complete line, so a last `\r` is never half of a `\r\n`.
#[inline]
fn split(ends: Ends, rest: &[u8]) -> Option<(usize, usize)> {
    if rest.is_empty() {
        return None;
    }
    let newline = match ends {
        Ends::Any(newline) => newline,
        Ends::Lf | Ends::LfOrCrLf => {
            if let Some(end) = memchr::memchr(b'\n', rest) {
                let cr = ends == Ends::LfOrCrLf && rest[..end].ends_with(b"\r");
                return Some((end - usize::from(cr), end + 1));
            }
            // The last line of the file, or a line that was delivered before its `\n` was
            // there.
            if ends == Ends::Lf {
                return Some((rest.len(), rest.len()));
            }
            Newline::Universal
        }
    };
    Some(match find_line_end(newline, rest, 0, true) {
        LineEnd::Found {
            content_end,
            terminator_len,
            ..
        } => (content_end, content_end + terminator_len),
        LineEnd::NeedMore { .. } => (rest.len(), rest.len()),
    })
}

impl<'a> Iterator for Block<'a> {
    type Item = &'a str;

    #[inline]
    fn next(&mut self) -> Option<&'a str> {
        let (end, next) = self.split(self.rest.as_bytes())?;
        let line = &self.rest[..end];
        self.rest = &self.rest[next..];
        Some(line)
    }
}

impl<'a> Iterator for Block<'a, [u8]> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let (end, next) = self.split(self.rest)?;
        let line = &self.rest[..end];
        self.rest = &self.rest[next..];
        Some(line)
    }
}

impl std::iter::FusedIterator for Block<'_> {}
impl std::iter::FusedIterator for Block<'_, [u8]> {}

impl<L: ?Sized> fmt::Debug for Block<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block").finish_non_exhaustive()
    }
}

/// Returns how many bytes at the start of `text` are lines for one block: `first`, and then
/// complete lines with terminators, none longer than `max`.
pub(crate) fn find_block(ends: Ends, text: &[u8], first: Span, max: usize) -> usize {
    let rest = &text[first.total..];
    let end = match ends {
        Ends::Lf | Ends::LfOrCrLf | Ends::Any(Newline::Lf) => {
            memchr::memrchr(b'\n', rest).map_or(0, |at| at + 1)
        }
        Ends::Any(Newline::Cr) => memchr::memrchr(b'\r', rest).map_or(0, |at| at + 1),
        Ends::Any(Newline::CrLf) => memchr::memmem::rfind(rest, b"\r\n").map_or(0, |at| at + 2),
        Ends::Any(Newline::Universal | Newline::Untranslated) => {
            // A last `\r` may be half of a line end.
            let sure = rest.strip_suffix(b"\r").unwrap_or(rest);
            memchr::memrchr2(b'\n', b'\r', sure).map_or(0, |at| at + 1)
        }
    };
    if max >= end {
        return first.total + end;
    }
    let mut len = first.total;
    while len < first.total + end {
        match split(ends, &text[len..first.total + end]) {
            Some((content, total)) if content <= max => len += total,
            Some(_) | None => break,
        }
    }
    len
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// The lines of `text` in blocks, each from where the one before ended.
    fn lines(ends: Ends, text: &str, max: usize) -> Vec<Vec<&str>> {
        let mut blocks = Vec::new();
        let mut rest = text;
        while let Some((content, total)) = split(ends, rest.as_bytes()) {
            let len = find_block(ends, rest.as_bytes(), Span { content, total }, max);
            blocks.push(Block::new(&rest[..len], ends, Span { content, total }).collect());
            rest = &rest[len..];
        }
        blocks
    }

    #[test]
    fn a_block_is_whole_lines_of_the_kind_of_line_end() {
        let text = "a\nb\r\nc\rd";
        let of = |newline| lines(Ends::Any(newline), text, usize::MAX);
        assert_eq!(of(Newline::Lf), [vec!["a", "b\r"], vec!["c\rd"]]);
        assert_eq!(of(Newline::Cr), [vec!["a\nb", "\nc"], vec!["d"]]);
        assert_eq!(of(Newline::CrLf), [vec!["a\nb"], vec!["c\rd"]]);
        assert_eq!(of(Newline::Universal), [vec!["a", "b", "c"], vec!["d"]]);
        assert_eq!(of(Newline::Untranslated), [vec!["a", "b", "c"], vec!["d"]]);
    }

    #[test]
    fn what_is_known_of_line_ends_changes_no_line() {
        for text in ["a\n\nb\n", "a\nb", "\n", ""] {
            let known = lines(Ends::Lf, text, usize::MAX);
            assert_eq!(
                known,
                lines(Ends::Any(Newline::Universal), text, usize::MAX)
            );
        }
        for text in ["a\r\n\nb\r\n\r\n", "a\r\nb", "\r\n", "a\n\r"] {
            let known = lines(Ends::LfOrCrLf, text, usize::MAX);
            assert_eq!(
                known,
                lines(Ends::Any(Newline::Universal), text, usize::MAX)
            );
        }
    }

    #[test]
    fn a_last_cr_waits_for_what_is_behind_it() {
        let blocks = lines(Ends::Any(Newline::Universal), "a\nb\r", usize::MAX);
        assert_eq!(blocks, [["a"], ["b"]]);
    }

    #[test]
    fn a_long_line_begins_a_block_of_its_own() {
        let blocks = lines(Ends::Any(Newline::Universal), "a\nb\nlong\nc\n", 2);
        assert_eq!(blocks, [vec!["a", "b"], vec!["long", "c"]]);
    }
}
