//! [`realpath`]: the path that is left when all links are followed.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::call::{Call, one};
use crate::sys;

/// The pending call of [`realpath`].
///
/// Keywords: `strict` (`false`), `executor` (the default one).
pub type Realpath = Call<PathBuf, RealpathKeywords>;

/// The keywords of [`Realpath`].
#[derive(Debug, Default)]
pub struct RealpathKeywords {
    strict: bool,
}

impl Realpath {
    /// Fails if a part of the path is missing or links lead back to themselves, as
    /// [`std::fs::canonicalize`] does (`false`).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let missing = dir.path().join("missing");
    /// assert!(aiofiles::ospath::realpath(&missing).await.is_ok());
    /// let error = aiofiles::ospath::realpath(&missing).strict(true).await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn strict(self, yes: bool) -> Self {
        self.set(|keywords| keywords.strict = yes)
    }
}

/// Returns the path from the root without links, `.` and `..`.
///
/// As in Python, and unlike [`std::fs::canonicalize`], a part of the path that is missing
/// stays as it is, and so does a link that leads back to itself. Keywords: `strict`
/// (`false`). Not in Python's aiofiles.
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// With `strict`, those of [`os::stat`](crate::os::stat); without, only `NotFound`, if
/// the path is relative and the current folder was removed.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().canonicalize().unwrap();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::os::symlink("there", root.join("link")).await?;
/// let path = aiofiles::ospath::realpath(root.join("link/x")).await?;
/// assert_eq!(path, root.join("there/x"));
/// assert!(aiofiles::ospath::realpath(root.join("link/x")).strict(true).await.is_err());
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "canonicalize")]
pub fn realpath(path: impl AsRef<Path>) -> Realpath {
    one(
        "realpath",
        path,
        RealpathKeywords::default(),
        |path, keywords| {
            // Python takes an empty path for the current folder.
            let given = if path.as_os_str().is_empty() {
                Path::new(".")
            } else {
                path
            };
            match sys::canonicalize(given) {
                Ok(path) => Ok(path),
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => Err(error),
                // This may be an error about links: Linux follows 40 of them, Python all.
                Err(_) => resolve(given, keywords.strict),
            }
        },
    )
}

/// A part of the path that is still to be followed. The parts are a stack: the next one
/// is the last.
enum Part {
    /// The root of a file system, or a drive of Windows.
    From(PathBuf),
    Up,
    Down(OsString),
    /// The result so far must be a folder, because the path, or the target of a link,
    /// ends with `/` or `/.`.
    Folder,
    /// All parts of the link at this path were followed: the result so far is its target.
    Resolved(PathBuf),
}

/// Follows the path name by name, as CPython 3.13 does. It keeps a list and does not
/// recurse, so that any number of links may follow each other.
///
/// Without `strict`, a name that cannot be looked at stays in the path as it is, and so
/// does a link that leads back to itself; the names after it are still followed.
fn resolve(given: &Path, strict: bool) -> io::Result<PathBuf> {
    let mut path = if given.is_absolute() {
        PathBuf::new()
    } else {
        std::env::current_dir()?
    };
    let mut parts = Vec::new();
    push_reversed(&mut parts, given);
    // The target of each link, so that none is followed twice; `None` while it is being
    // followed, which shows a loop.
    let mut links: HashMap<PathBuf, Option<PathBuf>> = HashMap::new();
    while let Some(part) = parts.pop() {
        let name = match part {
            Part::From(root) => {
                path.push(root);
                continue;
            }
            Part::Up => {
                path.pop();
                continue;
            }
            Part::Resolved(link) => {
                links.insert(link, Some(path.clone()));
                continue;
            }
            Part::Folder => {
                if strict && !sys::retry(|| fs::metadata(&path))?.is_dir() {
                    return Err(sys::not_a_directory());
                }
                continue;
            }
            Part::Down(name) => name,
        };
        let here = path.join(name);
        let target = match sys::retry(|| fs::symlink_metadata(&here)) {
            Ok(metadata) if metadata.is_symlink() => match links.get(&here) {
                Some(Some(known)) => {
                    path.clone_from(known);
                    continue;
                }
                Some(None) if strict => return Err(sys::link_loop()),
                Some(None) => None,
                None => match sys::retry(|| fs::read_link(&here)) {
                    Ok(target) => Some(target),
                    Err(error) if strict => return Err(error),
                    Err(_) => None,
                },
            },
            Ok(metadata) => {
                // Look at the next parts first: there may be many `Resolved` ones before
                // the first part that has a name.
                let mut next = parts.iter().rev();
                let mut goes_on = || next.any(|part| !matches!(part, Part::Resolved(_)));
                if strict && !metadata.is_dir() && goes_on() {
                    return Err(sys::not_a_directory());
                }
                None
            }
            Err(error) if strict => return Err(error),
            Err(_) => None,
        };
        let Some(target) = target else {
            path = here;
            continue;
        };
        links.insert(here.clone(), None);
        parts.push(Part::Resolved(here));
        push_reversed(&mut parts, &target);
    }
    sys::abspath(&path)
}

fn push_reversed(parts: &mut Vec<Part>, path: &Path) {
    let mut root = PathBuf::new();
    let mut names = Vec::new();
    if asks_for_folder(path) {
        parts.push(Part::Folder);
    }
    for component in path.components() {
        match component {
            Component::Prefix(_) | Component::RootDir => root.push(component),
            Component::CurDir => {}
            Component::ParentDir => names.push(Part::Up),
            Component::Normal(name) => names.push(Part::Down(name.to_owned())),
        }
    }
    parts.extend(names.into_iter().rev());
    if !root.as_os_str().is_empty() {
        parts.push(Part::From(root));
    }
}

/// Whether the path ends with a separator or with a `.` behind one.
fn asks_for_folder(path: &Path) -> bool {
    let bytes = path.as_os_str().as_encoded_bytes();
    let bytes = bytes.strip_suffix(b".").unwrap_or(bytes);
    let last = bytes.last();
    last.is_some_and(|&byte| std::path::is_separator(byte.into()))
}
