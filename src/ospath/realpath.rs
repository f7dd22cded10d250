//! Paths without links.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::call::{Call, one};
use crate::os::sys;

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
    /// Fails for what is missing or loops, as [`std::fs::canonicalize`]
    /// (`false`).
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
/// As in Python and unlike [`std::fs::canonicalize`], what is missing stays as
/// it is in the path, and so does a link that leads back to itself. Keywords:
/// `strict` (`false`). Not in Python's aiofiles.
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// With `strict` as [`os::stat`](crate::os::stat); without, `NotFound` if the
/// path is relative and the current folder was removed.
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
            match sys::retry(|| fs::canonicalize(given)) {
                Err(error) if !keywords.strict && error.kind() != io::ErrorKind::InvalidInput => {
                    resolve(given)
                }
                done => done,
            }
        },
    )
}

/// Goes through the path by name, as far as there are links to follow.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    let mut resolution = Resolution::default();
    let start = if path.is_absolute() {
        PathBuf::new()
    } else {
        std::env::current_dir()?
    };
    let (path, _) = resolution.join(start, path);
    sys::abspath(&path)
}

#[derive(Default)]
struct Resolution {
    /// Where each link leads; `None` while it is being followed.
    links: HashMap<PathBuf, Option<PathBuf>>,
}

impl Resolution {
    /// Appends `rest` to `path`, with its links followed. False if it met a
    /// link that leads back to itself; `path` then has the rest as it is.
    fn join(&mut self, mut path: PathBuf, rest: &Path) -> (PathBuf, bool) {
        let mut parts = rest.components();
        while let Some(part) = parts.next() {
            match part {
                Component::Prefix(_) | Component::RootDir => path.push(part),
                Component::CurDir => {}
                Component::ParentDir => drop(path.pop()),
                Component::Normal(name) => {
                    let here = path.join(name);
                    let Ok(target) = sys::retry(|| fs::read_link(&here)) else {
                        path = here;
                        continue;
                    };
                    match self.links.get(&here) {
                        Some(Some(known)) => {
                            path.clone_from(known);
                            continue;
                        }
                        Some(None) => return (here.join(parts.as_path()), false),
                        None => {}
                    }
                    self.links.insert(here.clone(), None);
                    let (end, complete) = self.join(path, &target);
                    path = end;
                    if !complete {
                        return (path.join(parts.as_path()), false);
                    }
                    self.links.insert(here, Some(path.clone()));
                }
            }
        }
        (path, true)
    }
}
