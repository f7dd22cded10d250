//! The call that opens a file.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use super::asked::{Asked, Opener};
use super::mode::{Action, Mode};
use crate::delegate::Blocking;
use crate::error::{Error, Result};
use crate::raw_io::RawIo;
use crate::sys::{self, cached, nowait};

/// The blocking part of [`open()`](super::open()).
pub(super) struct OpenFile {
    pub(super) path: Arc<Path>,
    pub(super) mode: Mode,
    pub(super) buffered: bool,
    pub(super) permissions: Option<u32>,
    pub(super) create: bool,
    pub(super) custom_flags: Option<i32>,
    pub(super) opener: Option<Opener>,
    pub(super) nowait: Option<bool>,
}

/// What was opened, and what is known of it.
pub(super) struct Opened {
    pub(super) path: Arc<Path>,
    pub(super) file: File,
    pub(super) pos: Option<u64>,
    /// Whether the cursor moves by the number of bytes read and written. Character
    /// devices may move it otherwise.
    pub(super) counted: bool,
    pub(super) seekable: bool,
    pub(super) isatty: bool,
    pub(super) nowait: bool,
    /// Whether each write goes to the end, because of the mode, an opener or a flag.
    pub(super) append: bool,
    /// Whether it was opened without a job. Then it is a regular file on a local file
    /// system.
    pub(super) in_place: bool,
    /// Whether it was opened here, as a regular file on a local file system: nothing else
    /// has the descriptor, and the cursor is at the start, or at the end to append.
    pub(super) private: bool,
}

impl Blocking for OpenFile {
    type Output = Opened;

    fn op(&self) -> &'static str {
        "open"
    }

    fn path(&self) -> Option<&Arc<Path>> {
        Some(&self.path)
    }

    fn run_nowait(&mut self, allowed: bool) -> Option<Result<Opened>> {
        let reads = self.mode.action == Action::Read && !self.mode.writable();
        let special = self.opener.is_some() || self.create || self.custom_flags.is_some();
        if !self.nowait.unwrap_or(allowed) || !reads || special {
            return None;
        }
        let file = cached::open(&self.path)?;
        Some(Ok(Opened {
            path: self.path.clone(),
            nowait: nowait::suits_regular(),
            in_place: true,
            private: true,
            file,
            pos: Some(0),
            counted: true,
            seekable: true,
            isatty: false,
            append: false,
        }))
    }

    fn run(self) -> Result<Opened> {
        let path = self.path.clone();
        let may_be_fixed = !(self.buffered && self.mode.readable() && self.mode.writable());
        let opened = self
            .open()
            .map_err(|error| Error::os("open", Some(&path), error))?;
        if opened.seekable || may_be_fixed {
            Ok(opened)
        } else {
            let path = Some(path.to_path_buf());
            let reason = "a file that cannot seek cannot be buffered in both directions";
            Err(Error::Unsupported {
                op: "open",
                path,
                reason,
            })
        }
    }
}

impl OpenFile {
    fn open(self) -> io::Result<Opened> {
        let mut options = self.mode.options();
        if self.create {
            if !self.mode.writable() {
                let reason = "a file that is only read cannot be created: mode `r+` can";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
            }
            options.create(true);
        }
        if let Some(flags) = self.custom_flags {
            sys::set_flags(&mut options, flags);
        }
        if let Some(permissions) = self.permissions {
            sys::set_mode_of_new(&mut options, permissions);
        }
        let asked = Asked {
            mode: self.mode,
            create: self.create,
            custom_flags: self.custom_flags,
            options,
        };
        // An opener or a flag may have set append mode, in which each write moves the cursor
        // to the end, and an opener may keep another handle.
        let plainly = self.opener.is_none() && self.custom_flags.is_none();
        let mut file = match self.opener {
            Some(opener) => opener(&self.path, &asked)?,
            None => sys::open(asked.options(), &self.path)?,
        };
        let sys::Seen { kind, local } = sys::look(&file)?;
        if kind == sys::Kind::Folder {
            return Err(sys::is_a_directory());
        }
        let regular = kind == sys::Kind::Regular;
        let private = plainly && regular && local;
        // The cursor is at the start, unless an opener has moved it; a stream has none.
        let pos = match (kind, self.mode.action) {
            (sys::Kind::Stream, _) => None,
            (_, Action::Read | Action::Write | Action::Create) if private => Some(0),
            (_, Action::Append) => Seek::seek(&mut file, SeekFrom::End(0)).ok(),
            (_, _) => file.stream_position().ok(),
        };
        Ok(Opened {
            path: self.path,
            pos,
            counted: kind != sys::Kind::Character,
            seekable: pos.is_some(),
            // A regular file is no terminal: save the system call.
            isatty: !regular && RawIo::isatty(&file),
            nowait: regular
                && self.mode.readable()
                && match plainly {
                    true => nowait::suits_regular(),
                    false => nowait::suits(&file),
                },
            append: self.mode.append()
                || (!plainly && sys::access_of(&file).is_ok_and(|access| access.append)),
            in_place: false,
            private,
            file,
        })
    }
}
