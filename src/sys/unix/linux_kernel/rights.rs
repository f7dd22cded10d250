//! What Linux has for files that replace others: files without a name, extended attributes,
//! and the links in `/proc` that lead to open files.

use std::ffi::{CStr, CString};
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::fs::{self, AtFlags, CWD, OFlags, XattrFlags};
use rustix::io::Errno;

use super::super::super::retry;

/// The attribute with the ACL of a file. (A folder also has one with the ACL of new files.)
const ACCESS_LIST: &CStr = c"system.posix_acl_access";

fn is(error: &io::Error, errnos: &[Errno]) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    errno.is_some_and(|errno| errnos.contains(&errno))
}

/// The path of a link that leads to exactly this open file.
fn link_to(fd: RawFd) -> String {
    format!("/proc/self/fd/{fd}")
}

/// Android does not let apps give a file a name.
const MAY_LINK: bool = cfg!(not(target_os = "android"));

/// Whether `/proc` exists: a file without a name can get one only by its link there.
fn has_links() -> bool {
    static THERE: OnceLock<bool> = OnceLock::new();
    *THERE.get_or_init(|| Path::new("/proc/self/fd").is_dir())
}

/// Whether a file that was made without a name can get one.
pub(crate) fn may_link_unnamed() -> bool {
    MAY_LINK && has_links()
}

/// Gives a name to a file without one.
pub(crate) fn link_unnamed(file: &File, path: &Path) -> io::Result<()> {
    let link = link_to(file.as_raw_fd());
    retry(|| Ok(fs::linkat(CWD, &*link, CWD, path, AtFlags::SYMLINK_FOLLOW)?))
}

/// Fails for a folder in which names can be made but not changed (chattr(1), `a`): a
/// temporary name there could neither be renamed nor removed.
#[cfg(target_os = "linux")]
pub(crate) fn check_folder(folder: &Path) -> io::Result<()> {
    let seen = fs::statx(CWD, folder, AtFlags::empty(), fs::StatxFlags::TYPE);
    match seen {
        Ok(seen) if seen.stx_attributes.contains(fs::StatxAttributes::APPEND) => {
            Err(Errno::PERM.into())
        }
        // Other errors appear when the folder is used.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Not checked, as on other systems.
#[cfg(not(target_os = "linux"))]
#[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
pub(crate) fn check_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Refuses `link`, which is in `folder`, if it is a link in `/proc` to an open file. The
/// text of such a link need not be a path. And even if it is one, whoever has the file open
/// would not see the new file at that path.
pub(crate) fn check_link(link: &Path, folder: &Path) -> io::Result<()> {
    if retry(|| Ok(fs::statfs(folder)?))?.f_type != fs::PROC_SUPER_MAGIC {
        return Ok(());
    }
    if std::fs::metadata(link).is_ok_and(|metadata| metadata.is_dir()) {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let error = "a link of /proc leads to an open file, not to a path: it cannot be replaced";
    Err(io::Error::new(io::ErrorKind::InvalidInput, error))
}

/// The file at a path, which will be replaced. It is held open (with O_PATH, which needs no
/// rights on the file), so that all questions are about the same file.
#[derive(Debug)]
pub(crate) struct Old {
    file: File,
    path: PathBuf,
    metadata: Metadata,
}

impl Old {
    pub(crate) fn look(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let flags = OFlags::PATH | OFlags::NOFOLLOW;
        options.read(true).custom_flags(flags.bits() as i32);
        let file = retry(|| options.open(path))?;
        Ok(Self {
            metadata: retry(|| file.metadata())?,
            file,
            path: path.to_owned(),
        })
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The attributes that the new file should get.
    pub(crate) fn attributes(&self) -> io::Result<Vec<Attribute>> {
        // An O_PATH descriptor does not give attributes, but the path of its link does.
        let path = if has_links() {
            PathBuf::from(link_to(self.file.as_raw_fd()))
        } else {
            self.path.clone()
        };
        let mut attributes = Vec::new();
        for name in names(|list| Ok(fs::listxattr(&path, list)?))? {
            if describes_content(&name) {
                continue;
            }
            match value(|value| Ok(fs::getxattr(&path, &*name, value)?)) {
                Ok(value) => attributes.push(Attribute { name, value }),
                // The attribute was removed since the list was read.
                Err(error) if is(&error, &[Errno::NODATA]) => {}
                Err(error) if is_refusal(&error) && !must_be_kept(&name) => {}
                Err(error) => return Err(about(&name, error)),
            }
        }
        Ok(attributes)
    }
}

/// An extended attribute; see xattr(7).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Attribute {
    name: CString,
    value: Vec<u8>,
}

impl Attribute {
    pub(crate) fn is_access_list(&self) -> bool {
        is_access_list(&self.name)
    }
}

/// Whether it is an ACL: that of POSIX, or one of NFS, CIFS and others.
fn is_access_list(name: &CStr) -> bool {
    let name = name.to_bytes();
    name.starts_with(b"system.") && memchr::memmem::find(name, b"acl").is_some()
}

/// Whether it is a signature of the content, which is wrong for new content.
fn describes_content(name: &CStr) -> bool {
    matches!(name.to_bytes(), b"security.ima" | b"security.evm")
}

/// Whether a file must not lose this attribute: without it, the file would be open to
/// others, or the user would lose data. The other attributes, such as capabilities, only
/// lend rights or belong to the system.
fn must_be_kept(name: &CStr) -> bool {
    let bytes = name.to_bytes();
    bytes.starts_with(b"user.")
        || is_access_list(name)
        || bytes == b"security.selinux"
        || bytes.starts_with(b"security.SMACK64")
}

fn is_refusal(error: &io::Error) -> bool {
    let errnos = [Errno::PERM, Errno::ACCESS, Errno::OPNOTSUPP, Errno::INVAL];
    is(error, &errnos)
}

/// Adds the name of the attribute that cannot be kept to an error.
fn about(name: &CStr, error: io::Error) -> io::Error {
    let name = name.to_string_lossy();
    let text = format!("the attribute `{name}` cannot be kept: {error}");
    io::Error::new(error.kind(), text)
}

/// The ACL of an open file, if it has one.
pub(crate) fn access_list(file: &File) -> io::Result<Option<Attribute>> {
    match get(file, ACCESS_LIST)? {
        Some(value) => Ok(Some(Attribute {
            name: ACCESS_LIST.to_owned(),
            value,
        })),
        None => Ok(None),
    }
}

/// Sets the `user.*` attributes on `file` if `users`, and otherwise all others.
pub(crate) fn set_attributes(file: &File, wanted: &[Attribute], users: bool) -> io::Result<()> {
    if !users && !wanted.iter().any(|one| *one.name == *ACCESS_LIST) {
        // The old file had no ACL: remove one that the new file has got from its folder.
        match retry(|| Ok(fs::fremovexattr(file, ACCESS_LIST)?)) {
            Ok(()) => {}
            Err(error) if is(&error, &[Errno::NODATA, Errno::OPNOTSUPP]) => {}
            Err(error) => return Err(error),
        }
    }
    for Attribute { name, value } in wanted {
        if name.to_bytes().starts_with(b"user.") != users {
            continue;
        }
        // Skip an attribute that it has already: we may lack the right to set it.
        if get(file, name).ok().flatten().as_ref() == Some(value) {
            continue;
        }
        match retry(|| Ok(fs::fsetxattr(file, &**name, value, XattrFlags::empty())?)) {
            Ok(()) => {}
            Err(error) if is_refusal(&error) && !must_be_kept(name) => {}
            Err(error) => return Err(about(name, error)),
        }
    }
    Ok(())
}

fn get(file: &File, name: &CStr) -> io::Result<Option<Vec<u8>>> {
    match value(|value| Ok(fs::fgetxattr(file, name, value)?)) {
        Ok(value) => Ok(Some(value)),
        Err(error) if is(&error, &[Errno::NODATA, Errno::OPNOTSUPP]) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The longest value, and the longest list of names, that the kernel allows.
const LONGEST: usize = 64 * 1024;

/// Calls `get` with a buffer, and with a larger one if that is too small.
fn value(get: impl Fn(&mut [u8]) -> io::Result<usize>) -> io::Result<Vec<u8>> {
    let mut value = vec![0; 256];
    loop {
        match retry(|| get(&mut value)) {
            Ok(len) => {
                value.truncate(len);
                return Ok(value);
            }
            Err(error) if is(&error, &[Errno::RANGE]) && value.len() < LONGEST => {
                value.resize(LONGEST, 0);
            }
            Err(error) => return Err(error),
        }
    }
}

fn names(list: impl Fn(&mut [u8]) -> io::Result<usize>) -> io::Result<Vec<CString>> {
    let list = match value(list) {
        Ok(list) => list,
        Err(error) if is(&error, &[Errno::OPNOTSUPP]) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let names = list
        .split(|&byte| byte == 0)
        .filter(|name| !name.is_empty());
    Ok(names
        .map(|name| CString::new(name).expect("split at NUL"))
        .collect())
}
