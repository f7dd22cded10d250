//! Calls by path for Windows, by std.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io;
use std::os::windows::ffi::{OsStrExt, OsStringExt};
use std::os::windows::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf, Prefix};
use std::time::SystemTime;

use super::{StatVfs, unsupported};

mod file;
#[cfg(feature = "tempfile")]
mod rights;
#[cfg(feature = "stdio")]
mod stdio;
mod tree;

pub(crate) use self::file::{
    AsSystem, DEFAULT_MODE, FileId, Handle, OpenFile, access_of, change_lock, close,
    close_duplicate, create_destination, is_a_directory, is_plain, is_stream, kind, look, mode,
    open_destination, open_source, read_at, read_spare, release_lock, seek, set_flags, set_mode,
    set_mode_of_new, write_at,
};
#[cfg(feature = "tempfile")]
pub(crate) use self::rights::{
    OPEN_FILES_KEEP_NAMES, Old, Rights, TEMPORARY_FOLDERS, check_folder, check_link,
    create_anonymous, create_new, create_private_folder, link_unnamed, may_link_unnamed,
    set_mode_in,
};
#[cfg(feature = "stdio")]
pub(crate) use self::stdio::Standard;
pub(crate) use self::tree::remove_tree;
pub(crate) use super::by_hand::{Copier, next_data};

/// Whether lines of a text file end in `\r\n` on this system.
pub(crate) const LINES_END_IN_CRLF: bool = true;

/// Whether other threads go on while the values of the main thread are dropped.
pub(crate) const THREADS_OUTLIVE_MAIN: bool = false;

/// The folder that a relative path starts from. Here it is always the current one: there is
/// no `dir_fd`.
#[derive(Debug, Default)]
pub(crate) struct Dir;

impl Dir {
    pub(crate) fn is_current(&self) -> bool {
        true
    }
}

/// With this flag, folders can be opened too.
const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
/// With this flag, a link itself is opened.
const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;

/// Opens a file or a folder with the rights `access`; without `follow`, a link itself.
fn open_any(path: &Path, access: u32, follow: bool) -> io::Result<File> {
    let link = if follow {
        0
    } else {
        FILE_FLAG_OPEN_REPARSE_POINT
    };
    File::options()
        .access_mode(access)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | link)
        .open(path)
}

pub(crate) fn stat(_dir: &Dir, path: &Path, follow: bool) -> io::Result<Metadata> {
    if follow {
        fs::metadata(path)
    } else {
        fs::symlink_metadata(path)
    }
}

pub(crate) fn statvfs(_path: &Path) -> io::Result<StatVfs> {
    unsupported()
}

/// As Python on Windows: the path must exist, and must not be read-only if `mode` asks for
/// writing.
pub(crate) fn access(
    _dir: &Dir,
    path: &Path,
    mode: u32,
    effective_ids: bool,
    follow: bool,
) -> io::Result<bool> {
    if effective_ids || !follow {
        return unsupported();
    }
    if mode & !7 != 0 {
        return Ok(false);
    }
    Ok(
        fs::metadata(path)
            .is_ok_and(|m| mode & 2 == 0 || m.is_dir() || !m.permissions().readonly()),
    )
}

/// Only the owner's write bit has a meaning here.
pub(crate) fn chmod(_dir: &Dir, path: &Path, mode: u32, follow: bool) -> io::Result<()> {
    if !follow {
        return unsupported();
    }
    let mut permissions = fs::metadata(path)?.permissions();
    permissions.set_readonly(mode & 0o200 == 0);
    fs::set_permissions(path, permissions)
}

pub(crate) fn chown(
    _dir: &Dir,
    _path: &Path,
    _uid: Option<u32>,
    _gid: Option<u32>,
    _follow: bool,
) -> io::Result<()> {
    unsupported()
}

pub(crate) fn utime(
    _dir: &Dir,
    path: &Path,
    times: Option<(SystemTime, SystemTime)>,
    follow: bool,
) -> io::Result<()> {
    const FILE_WRITE_ATTRIBUTES: u32 = 0x100;
    let (accessed, modified) = times.unwrap_or_else(|| {
        let now = SystemTime::now();
        (now, now)
    });
    let times = fs::FileTimes::new()
        .set_accessed(accessed)
        .set_modified(modified);
    open_any(path, FILE_WRITE_ATTRIBUTES, follow)?.set_times(times)
}

/// The time of creation, as Python's `getctime` on Windows.
pub(crate) fn ctime(metadata: &Metadata) -> io::Result<SystemTime> {
    metadata.created()
}

/// Fails if `dst` exists, as Python does on Windows; std's rename would replace it. If
/// somebody makes `dst` between the check and the rename, it is replaced.
pub(crate) fn rename(src_dir: &Dir, src: &Path, dst_dir: &Dir, dst: &Path) -> io::Result<()> {
    // If `src` is missing, that is the error to report, so check it first.
    fs::symlink_metadata(src)?;
    if fs::symlink_metadata(dst).is_ok() && !is_other_case_of(src, dst)? {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    replace(src_dir, src, dst_dir, dst)
}

/// Whether two paths name the same entry of a folder and differ at most in upper and lower
/// case.
fn is_other_case_of(a: &Path, b: &Path) -> io::Result<bool> {
    let (Some(name), Some(other)) = (a.file_name(), b.file_name()) else {
        return Ok(false);
    };
    let in_lower_case = |name: &OsStr| name.to_string_lossy().to_lowercase();
    if in_lower_case(name) != in_lower_case(other) {
        return Ok(false);
    }
    let id = |path: &Path| FileId::of_open(&open_any(path, 0, false)?, path);
    let folder = |path: &Path| match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => FileId::at(folder),
        Some(_) | None => FileId::at(Path::new(".")),
    };
    Ok(id(a)? == id(b)? && folder(a)? == folder(b)?)
}

pub(crate) fn replace(_src_dir: &Dir, src: &Path, _dst_dir: &Dir, dst: &Path) -> io::Result<()> {
    fs::rename(src, dst)
}

pub(crate) fn link(
    _src_dir: &Dir,
    src: &Path,
    _dst_dir: &Dir,
    dst: &Path,
    follow: bool,
) -> io::Result<()> {
    if follow {
        return unsupported();
    }
    fs::hard_link(src, dst)
}

/// If the target exists and is a folder, the link is made for a folder, whatever
/// `target_is_directory` says, as in Python: a link for a file could not be entered.
/// And the target gets the separators of the system, which follows no link with others.
pub(crate) fn symlink(
    target: &Path,
    _dir: &Dir,
    path: &Path,
    target_is_directory: bool,
) -> io::Result<()> {
    let from = path.parent().unwrap_or(Path::new(""));
    let target = with_backslashes(target);
    let target = target.as_path();
    if target_is_directory || from.join(target).is_dir() {
        std::os::windows::fs::symlink_dir(target, path)
    } else {
        std::os::windows::fs::symlink_file(target, path)
    }
}

fn with_backslashes(path: &Path) -> PathBuf {
    let wide = path.as_os_str().encode_wide().map(|unit| {
        if unit == u16::from(b'/') {
            u16::from(b'\\')
        } else {
            unit
        }
    });
    OsString::from_wide(&wide.collect::<Vec<_>>()).into()
}

pub(crate) fn readlink(_dir: &Dir, path: &Path) -> io::Result<PathBuf> {
    fs::read_link(path)
}

/// Removes a file, or a link to a folder, as Python does on Windows.
pub(crate) fn unlink(_dir: &Dir, path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if links_to_folder(&metadata) => fs::remove_dir(path),
        _ => fs::remove_file(path),
    }
}

/// Whether it is a junction, or a link that was made for a folder, so that a copy of it must
/// be made for a folder too.
pub(crate) fn links_to_folder(metadata: &Metadata) -> bool {
    metadata.file_type().is_symlink_dir()
}

pub(crate) fn rmdir(_dir: &Dir, path: &Path) -> io::Result<()> {
    fs::remove_dir(path)
}

pub(crate) fn mkdir(_dir: &Dir, path: &Path, _mode: u32) -> io::Result<()> {
    fs::create_dir(path)
}

/// Not told here.
pub(crate) fn fills_blocks(_: &Metadata) -> bool {
    false
}

/// Names, by their number.
#[derive(Debug, Default)]
pub(crate) struct Names(Vec<OsString>);

impl Names {
    pub(crate) fn push(&mut self, name: &OsStr) {
        self.0.push(name.to_owned());
    }

    /// The name with this number, from 0 on; it must be there.
    pub(crate) fn get(&self, number: usize) -> &OsStr {
        &self.0[number]
    }
}

/// The listing does not tell it here.
pub(crate) fn inode(_entry: &fs::DirEntry) -> u64 {
    0
}

/// The error of a path that goes through something that is no folder.
pub(crate) fn not_a_directory() -> io::Error {
    io::ErrorKind::NotADirectory.into()
}

/// The error of links that lead back to where they start.
pub(crate) fn link_loop() -> io::Error {
    io::Error::other("too many levels of symbolic links")
}

/// Names are durable here without a call; this only checks that the path is a folder.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    Folder::open(path)?.sync()
}

/// A folder whose names are to be brought to the device, which needs no call here.
#[derive(Debug)]
pub(crate) struct Folder;

impl Folder {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if fs::metadata(path)?.is_dir() {
            Ok(Self)
        } else {
            Err(io::ErrorKind::NotADirectory.into())
        }
    }

    #[allow(clippy::unnecessary_wraps, reason = "the same signature as on Unix")]
    #[allow(clippy::unused_self, reason = "the same signature as on Unix")]
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// The error of an open. For a folder the system reports only that access is denied.
pub(crate) fn open_error(path: &Path, error: io::Error) -> io::Error {
    let denied = error.kind() == io::ErrorKind::PermissionDenied;
    if denied && fs::metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        io::ErrorKind::IsADirectory.into()
    } else {
        error
    }
}

/// The absolute path after all links were followed. As in Python's `realpath`, it begins
/// with `\\?\` only if it must.
pub(crate) fn canonicalize(path: &Path) -> io::Result<PathBuf> {
    dunce::canonicalize(path)
}

pub(crate) fn abspath(path: &Path) -> io::Result<PathBuf> {
    if path.as_os_str().is_empty() {
        return std::env::current_dir();
    }
    std::path::absolute(path)
}

/// Whether the path is the root of a drive or a share. Volumes that are mounted in folders
/// are not recognised.
pub(crate) fn is_mount(path: &Path) -> io::Result<bool> {
    Ok(abspath(path)?.parent().is_none())
}

/// Replaces `~` at the start of a path by the home folder; `None` if there is nothing to
/// replace. The homes of other users are not known.
#[allow(
    deprecated,
    reason = "`home_dir` is as it should be; deprecated before Rust 1.87"
)]
pub(crate) fn expand_user(path: &Path) -> Option<PathBuf> {
    let mut parts = path.components();
    if parts.next()?.as_os_str() != "~" {
        return None;
    }
    let (home, rest) = (std::env::home_dir()?, parts.as_path());
    // Do not join with an empty path, which would add a separator.
    Some(if rest.as_os_str().is_empty() {
        home
    } else {
        home.join(rest)
    })
}

/// Whether the system takes the last name of a path literally. It drops dots and spaces at
/// the end of a name, unless the path begins with `\\?\`. (Other systems may have made
/// such names on the same disk.)
pub(crate) fn is_literal(path: &Path) -> bool {
    let Some(Component::Normal(name)) = path.components().next_back() else {
        return true;
    };
    !matches!(name.as_encoded_bytes().last(), Some(b'.' | b' ')) || is_verbatim(path)
}

fn is_verbatim(path: &Path) -> bool {
    matches!(path.components().next(), Some(Component::Prefix(prefix)) if prefix.kind().is_verbatim())
}

/// The same path in a form in which the system takes all names below it literally.
pub(crate) fn literal(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let Some(Component::Prefix(prefix)) = path.components().next() else {
        return Ok(path);
    };
    let (start, less) = match prefix.kind() {
        Prefix::Disk(_) => (r"\\?\", 0),
        // `\\server\share` goes on behind its first backslash.
        Prefix::UNC(..) => (r"\\?\UNC", 1),
        _ => return Ok(path),
    };
    let units = path.as_os_str().encode_wide().skip(less);
    let mut literal = OsString::from(start);
    literal.push(OsString::from_wide(&units.collect::<Vec<_>>()));
    Ok(literal.into())
}

/// Whether a path ends with a separator, so that it can only name a folder.
pub(crate) fn names_folder(path: &Path) -> bool {
    let bytes = path.as_os_str().as_encoded_bytes();
    bytes.ends_with(b"/") || bytes.ends_with(b"\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_paths_name_the_same_file() {
        for (path, right) in [
            (r"C:\a\b", r"\\?\C:\a\b"),
            (r"C:\a/b/../c.", r"\\?\C:\a\c"),
            (r"C:\", r"\\?\C:\"),
            (r"\\server\share\a", r"\\?\UNC\server\share\a"),
            (r"\\?\C:\a.\b ", r"\\?\C:\a.\b "),
        ] {
            assert_eq!(
                literal(Path::new(path)).unwrap(),
                Path::new(right),
                "{path}"
            );
        }
        let here = literal(Path::new("x")).unwrap();
        assert!(is_verbatim(&here) && here.ends_with("x"), "{here:?}");
    }

    #[test]
    fn names_with_dots_or_spaces_at_their_ends_stand_for_others() {
        for (path, right) in [
            ("a", true),
            ("a.", false),
            ("a ", false),
            ("a..", false),
            ("...", false),
            (".a", true),
            ("..", true),
            (r"C:\a.\b", true),
            (r"C:\b\.. ", false),
            (r"\\?\C:\b\.. ", true),
            (r"\\?\C:\b\a.", true),
        ] {
            assert_eq!(is_literal(Path::new(path)), right, "{path}");
        }
    }

    #[test]
    fn targets_of_links_get_backslashes() {
        let target = with_backslashes(Path::new("../a/b c"));
        assert_eq!(target.as_os_str(), r"..\a\b c");
    }
}
