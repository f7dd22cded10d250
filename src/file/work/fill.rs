//! Reading: how a job fills the read buffer or a buffer of the caller.

use std::io::{self, SeekFrom};

use super::{LARGE, Work, read_some, room};
use crate::file::core::BUFFER;
use crate::raw_io::RawIo;
use crate::sys::{self, retry};

impl<R: RawIo> Work<R> {
    pub(super) fn fill(&mut self, min: usize, chunk: usize) -> io::Result<()> {
        let Some(stream) = &self.stream else {
            return Ok(());
        };
        let missing = |len: usize| min - len.min(min);
        let asked = chunk.max(missing(self.read.len()));
        let mut room = asked;
        let large = asked > LARGE;
        if large {
            room =
                room::of_rest(stream, &mut self.read, self.pos, asked).unwrap_or(chunk.min(BUFFER));
        }
        while self.read.len() < min {
            if self.read.has_to_move(room) {
                room::expect(stream, &mut self.read, self.pos);
            }
            let space = self.read.try_space(room)?;
            let most = if large { space.len().min(asked) } else { room };
            let n = stream.with(|raw| read_some(raw, &mut space[..most]))?;
            if n == 0 {
                self.eof = true;
                break;
            }
            self.read.filled(n);
            self.gave_all = n == most;
            self.pos = self.pos.and_then(|pos| pos.checked_add(n as u64));
            if self.is_given_up() {
                // What was read is for the next read, which then need not wait for the
                // rest.
                break;
            }
            room = if large {
                1
            } else {
                missing(self.read.len()).max(1)
            };
        }
        if self.gave_all && self.regular.is_none() {
            self.regular = Some(stream.file().is_some_and(|file| sys::is_plain(file)));
            self.size = stream
                .file()
                .and_then(|file| Some(file.metadata().ok()?.len()));
        }
        Ok(())
    }

    pub(super) fn fill_line(&mut self, min: usize, max: usize) -> io::Result<()> {
        /// How much is read at a time if the cursor can be moved back over what is too
        /// much.
        const CHUNK: usize = 8 * 1024;
        let Some(stream) = &self.stream else {
            return Ok(());
        };
        while self.read.len() < max {
            let room = if self.seekable {
                CHUNK.min(max - self.read.len())
            } else {
                1
            };
            let skip = min.saturating_sub(self.read.len());
            if self.read.has_to_move(room) {
                room::expect(stream, &mut self.read, self.pos);
            }
            let space = &mut self.read.try_space(room)?[..room];
            let n = stream.with(|raw| read_some(raw, space))?;
            let behind = space[..n].get(skip..).unwrap_or_default();
            let end = memchr::memchr(b'\n', behind).map(|at| skip + at + 1);
            let keep = end.unwrap_or(n);
            self.read.filled(keep);
            self.pos = self.pos.and_then(|pos| pos.checked_add(n as u64));
            if keep < n {
                // If the seek fails, `rewind` makes the next job try it again.
                self.rewind += (n - keep) as u64;
                let back = -((n - keep) as i64);
                self.pos = Some(stream.with(|raw| retry(|| raw.seek(SeekFrom::Current(back))))?);
                self.rewind = 0;
            }
            self.eof = n == 0;
            if end.is_some() || n == 0 || self.is_given_up() {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn read_owned(&mut self) -> io::Result<()> {
        let Some(stream) = &self.stream else {
            return Ok(());
        };
        let owned = &mut self.owned;
        let n = stream.with(|raw| retry(|| raw.read_spare(owned)))?;
        self.pos = self.pos.and_then(|pos| pos.checked_add(n as u64));
        Ok(())
    }
}
