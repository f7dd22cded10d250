//! Positional I/O on Windows, where it moves the cursor: put back afterwards.

use std::fs::{File, Metadata};
use std::io::{self, Seek, SeekFrom};
use std::os::windows::fs::FileExt;

use super::{Access, Kind};

pub(super) fn read_at(mut file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    let back = file.stream_position()?;
    let result = file.seek_read(buf, offset);
    file.seek(SeekFrom::Start(back))?;
    result
}

pub(super) fn write_at(mut file: &File, buf: &[u8], offset: u64) -> io::Result<usize> {
    let back = file.stream_position()?;
    let result = file.seek_write(buf, offset);
    file.seek(SeekFrom::Start(back))?;
    result
}

/// Positional I/O moves the cursor meanwhile.
pub(super) fn is_plain(_: &File) -> bool {
    false
}

/// How a handle was opened cannot be asked for: taken as readable and writable.
pub(super) fn access(_: &File) -> io::Result<Access> {
    Ok(Access {
        readable: true,
        writable: true,
        append: false,
        direct: false,
    })
}

/// A handle of a folder cannot be read either way; all else is asked.
pub(super) fn kind(file: &File) -> Kind {
    file.metadata()
        .map_or(Kind::Other, |metadata| kind_of(&metadata))
}

pub(super) fn kind_of(metadata: &Metadata) -> Kind {
    if metadata.is_dir() {
        Kind::Folder
    } else {
        Kind::Other
    }
}

/// Reads into spare capacity.
pub(super) fn read_spare(mut file: &File, vec: &mut Vec<u8>) -> io::Result<usize> {
    let before = vec.len();
    vec.resize(vec.capacity(), 0);
    let result = io::Read::read(&mut file, &mut vec[before..]);
    vec.truncate(before + result.as_ref().map_or(0, |n| *n));
    result
}
