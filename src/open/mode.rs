//! Mode strings, as Python reads them.

use std::fs::OpenOptions;

use crate::error::{Error, Result};

/// What `r`, `w`, `x` and `a` do to the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Read,
    /// Creates the file, or truncates it if it exists.
    Write,
    /// Creates the file, and fails if it exists.
    Create,
    /// Creates the file if it is missing, and writes at the end.
    Append,
}

/// A mode string taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mode {
    pub(crate) action: Action,
    /// Whether there is a `+`, which adds the other direction.
    pub(crate) update: bool,
    /// `b` or `t`, if one was given.
    pub(crate) binary: Option<bool>,
}

impl Mode {
    /// Takes `mode` apart; the reasons in its errors are those of CPython.
    pub(crate) fn parse(mode: &str) -> Result<Self> {
        let fail = |reason| {
            Err(Error::InvalidMode {
                op: "open",
                path: None,
                mode: mode.to_owned(),
                reason,
            })
        };
        let mut action = None;
        let mut actions = 0;
        let (mut update, mut text, mut binary) = (false, false, false);
        for (at, c) in mode.char_indices() {
            if mode[..at].contains(c) {
                return fail("a character is repeated");
            }
            let one = match c {
                'r' => Some(Action::Read),
                'w' => Some(Action::Write),
                'x' => Some(Action::Create),
                'a' => Some(Action::Append),
                '+' | 't' | 'b' => None,
                _ => return fail("only the characters of `rwxabt+` have a meaning"),
            };
            update |= c == '+';
            text |= c == 't';
            binary |= c == 'b';
            actions += usize::from(one.is_some());
            action = one.or(action);
        }
        if text && binary {
            return fail("can't have text and binary mode at once");
        }
        match action {
            Some(action) if actions == 1 => {
                let binary = (text || binary).then_some(binary);
                Ok(Self {
                    action,
                    update,
                    binary,
                })
            }
            _ => fail("must have exactly one of create/read/write/append mode"),
        }
    }

    pub(crate) fn readable(self) -> bool {
        self.update || self.action == Action::Read
    }

    pub(crate) fn writable(self) -> bool {
        self.update || self.action != Action::Read
    }

    pub(crate) fn append(self) -> bool {
        self.action == Action::Append
    }

    /// The mode as CPython's binary files report it: for `w+b` that is `rb+`.
    pub(crate) fn canonical(self) -> &'static str {
        match (self.action, self.update) {
            (Action::Read, false) => "rb",
            (Action::Read | Action::Write, true) => "rb+",
            (Action::Write, false) => "wb",
            (Action::Append, false) => "ab",
            (Action::Append, true) => "ab+",
            (Action::Create, false) => "xb",
            (Action::Create, true) => "xb+",
        }
    }

    pub(crate) fn options(self) -> OpenOptions {
        let mut options = OpenOptions::new();
        options.read(self.readable());
        match self.action {
            Action::Read => options.write(self.update),
            Action::Write => options.write(true).create(true).truncate(true),
            Action::Create => options.write(true).create_new(true),
            Action::Append => options.append(true).create(true),
        };
        options
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn characters_come_in_any_order() {
        let mode = Mode {
            action: Action::Read,
            update: true,
            binary: Some(true),
        };
        for spelling in ["rb+", "r+b", "b+r", "br+", "+rb", "+br"] {
            assert_eq!(Mode::parse(spelling).unwrap(), mode, "{spelling}");
        }
    }

    #[test]
    fn bad_modes_tell_why() {
        for (mode, part) in [
            ("", "exactly one"),
            ("+", "exactly one"),
            ("b", "exactly one"),
            ("rw", "exactly one"),
            ("rr", "repeated"),
            ("U", "only the characters"),
            ("rbt", "text and binary"),
            ("r\0", "only the characters"),
        ] {
            let error = Mode::parse(mode).unwrap_err().to_string();
            assert!(error.contains(part), "{mode:?}: {error}");
        }
    }

    #[test]
    fn canonical_names_are_cpythons() {
        for (mode, name) in [("w+b", "rb+"), ("r+", "rb+"), ("a+b", "ab+"), ("x", "xb")] {
            assert_eq!(Mode::parse(mode).unwrap().canonical(), name);
        }
    }
}
