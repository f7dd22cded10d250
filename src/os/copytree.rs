//! Copying a tree.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::copyfile::{Keep, copy_file, copy_link, go_on};
use super::keywords::keywords;
use super::scandir::check_literal;
use crate::call::{Call, Request};
use crate::delegate::Caller;
use crate::error::Error;
use crate::sys::{self, Dir, FileId, Listing};

/// The pending call of [`copytree`].
///
/// Keywords: `symlinks` (`false`), `ignore_dangling_symlinks` (`false`),
/// `dirs_exist_ok` (`false`), `ignore` (none), `permissions` (`true`), `times`
/// (`true`), `on_progress` (none), `executor` (the default one).
pub type Copytree = Call<u64, CopytreeKeywords>;

/// The keywords of [`Copytree`].
pub struct CopytreeKeywords {
    symlinks: bool,
    ignore_dangling_symlinks: bool,
    dirs_exist_ok: bool,
    ignore: Option<Ignore>,
    keep: Keep,
    on_progress: Option<Box<dyn FnMut(u64, u64) + Send>>,
    caller: Caller,
}

/// The caller's function that says which paths are left out.
type Ignore = Box<dyn FnMut(&Path) -> bool + Send>;

impl Copytree {
    /// Copies symbolic links as links, instead of the files and folders that they point
    /// to (`false`). A junction of Windows becomes a symbolic link, which needs the
    /// right to make one.
    pub fn symlinks(self, yes: bool) -> Self {
        self.set(|keywords| keywords.symlinks = yes)
    }

    /// Leaves out links that point to nothing instead of failing (`false`).
    pub fn ignore_dangling_symlinks(self, yes: bool) -> Self {
        self.set(|keywords| keywords.ignore_dangling_symlinks = yes)
    }

    /// Accepts folders that are there already, and replaces files in them
    /// (`false`).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let (src, dst) = (dir.path().join("src"), dir.path().join("dst"));
    /// std::fs::create_dir_all(src.join("a")).unwrap();
    /// std::fs::create_dir(&dst).unwrap();
    /// assert!(aiofiles::os::copytree(&src, &dst).await.is_err());
    /// aiofiles::os::copytree(&src, &dst).dirs_exist_ok(true).await?;
    /// assert!(aiofiles::ospath::isdir(dst.join("a")).await?);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn dirs_exist_ok(self, yes: bool) -> Self {
        self.set(|keywords| keywords.dirs_exist_ok = yes)
    }

    /// Leaves out each file and folder for which `skip` returns true (none). `skip` gets
    /// the path in the source; Python's `ignore` gets a folder and the names in it.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let (src, dst) = (dir.path().join("src"), dir.path().join("dst"));
    /// std::fs::create_dir(&src).unwrap();
    /// std::fs::write(src.join("keep.rs"), "").unwrap();
    /// std::fs::write(src.join("skip.tmp"), "").unwrap();
    /// let copy = aiofiles::os::copytree(&src, &dst);
    /// copy.ignore(|path| path.extension().is_some_and(|end| end == "tmp")).await?;
    /// assert_eq!(aiofiles::os::listdir(&dst).await?, ["keep.rs"]);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn ignore(self, skip: impl FnMut(&Path) -> bool + Send + 'static) -> Self {
        self.set(|keywords| keywords.ignore = Some(Box::new(skip)))
    }

    /// Calls `tell(files, bytes)` on the executor's thread after each file, and after
    /// each piece of a large file, with the totals so far (none).
    pub fn on_progress(self, tell: impl FnMut(u64, u64) + Send + 'static) -> Self {
        self.set(|keywords| keywords.on_progress = Some(Box::new(tell)))
    }

    keywords! { permissions, times = "true" }
}

impl fmt::Debug for CopytreeKeywords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopytreeKeywords")
            .field("symlinks", &self.symlinks)
            .field("dirs_exist_ok", &self.dirs_exist_ok)
            .field("keep", &self.keep)
            .finish_non_exhaustive()
    }
}

/// Copies the folder `src` and everything in it to `dst`, in one hop, and returns the
/// number of bytes of content.
///
/// As Python's `shutil.copytree`, but it stops at the first error. Files are
/// copied as by [`copyfile`](crate::os::copyfile). Keywords: `symlinks`
/// (`false`: the targets of links are copied), `ignore_dangling_symlinks`
/// (`false`), `dirs_exist_ok` (`false`), `ignore` (none), `permissions` (`true`),
/// `times` (`true`), `on_progress` (none). Owners, extended attributes and hard links
/// are not kept.
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, it stops after the
/// current piece. What was copied stays.
///
/// # Errors
///
/// `AlreadyExists` if `dst` exists (unless `dirs_exist_ok`); `InvalidInput` if `dst`
/// lies in `src`, also through a link that is followed, or if there is a FIFO or a
/// socket in `src`; the errno `ELOOP` for a link to a folder that the link lies in
/// (unless `symlinks`). On Windows `InvalidInput` too for a name that ends with dots or
/// spaces, which the system takes for another one, unless `src` begins with `\\?\`. The
/// error names the entry where the copy failed; what was copied before stays.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::os::makedirs(root.join("src/sub")).await?;
/// aiofiles::write(root.join("src/sub/f"), "12345").await?;
/// aiofiles::write(root.join("src/sub/f.tmp"), "x").await?;
///
/// let bytes = aiofiles::os::copytree(root.join("src"), root.join("dst"))
///     .ignore(|path| path.extension().is_some_and(|e| e == "tmp"))
///     .await?;
/// assert_eq!(bytes, 5);
/// assert_eq!(aiofiles::os::listdir(root.join("dst/sub")).await?, ["f"]);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "copy_dir_all")]
pub fn copytree(src: impl AsRef<Path>, dst: impl AsRef<Path>) -> Copytree {
    Call::watched(|caller| {
        let keywords = CopytreeKeywords {
            symlinks: false,
            ignore_dangling_symlinks: false,
            dirs_exist_ok: false,
            ignore: None,
            keep: Keep {
                permissions: true,
                times: true,
            },
            on_progress: None,
            caller,
        };
        Request::two("copytree", src, dst, keywords, |src, dst, keywords| {
            refuse_inside(src, dst)?;
            let mut copy = Copying {
                keywords,
                files: 0,
                bytes: 0,
            };
            copy.run(src, dst)?;
            Ok(copy.bytes)
        })
    })
}

/// Refuses a destination inside the source: such a copy would never end.
fn refuse_inside(src: &Path, dst: &Path) -> io::Result<()> {
    let id = FileId::at(src)?;
    let dst = sys::abspath(dst)?;
    // Some folders of `dst` may not exist yet. They will lie in the nearest folder above
    // that does exist, so that one decides.
    let there = dst
        .ancestors()
        .find_map(|above| sys::retry(|| fs::canonicalize(above)).ok());
    for above in there.iter().flat_map(|there| there.ancestors()) {
        if FileId::at(above)? == id {
            return Err(inside());
        }
    }
    Ok(())
}

fn is_folder(path: &Path) -> bool {
    sys::stat(&Dir::default(), path, true).is_ok_and(|metadata| metadata.is_dir())
}

fn inside() -> io::Error {
    let error = "the destination lies in the source";
    io::Error::new(io::ErrorKind::InvalidInput, error)
}

struct Copying {
    keywords: CopytreeKeywords,
    files: u64,
    bytes: u64,
}

/// A folder yet to copy.
struct Folder {
    src: PathBuf,
    dst: PathBuf,
    /// The folders it lies in, to recognise a loop.
    above: Option<Arc<Above>>,
}

/// A folder of the source that is being copied, linked to the folder it lies in.
struct Above {
    id: FileId,
    /// The copy of this folder.
    made: FileId,
    above: Option<Arc<Above>>,
}

impl Copying {
    fn run(&mut self, src: &Path, dst: &Path) -> io::Result<()> {
        let mut folders = vec![Folder {
            src: src.to_path_buf(),
            dst: dst.to_path_buf(),
            above: None,
        }];
        // Folders get their permissions and times last: a folder without the right to
        // write could not be filled, and filling it changes its times.
        let mut full = Vec::new();
        while let Some(folder) = folders.pop() {
            go_on(&self.keywords.caller)?;
            let named = |error| named(&folder.src, &folder.dst, error);
            let mut inner = self.copy_folder(&folder).map_err(named)?;
            folders.append(&mut inner);
            full.push((folder.src, folder.dst));
        }
        for (src, dst) in full.into_iter().rev() {
            keep(&src, &dst, self.keywords.keep).map_err(|error| named(&src, &dst, error))?;
        }
        Ok(())
    }

    /// Copies the entries of a folder, except for its folders, which are returned.
    fn copy_folder(&mut self, folder: &Folder) -> io::Result<Vec<Folder>> {
        let id = FileId::at(&folder.src)?;
        let mut above = folder.above.as_ref();
        while let Some(other) = above {
            if other.id == id {
                return Err(sys::link_loop());
            }
            if other.made == id {
                // A link has led into the copy: each copy would contain the next one.
                return Err(inside());
            }
            above = other.above.as_ref();
        }
        let entries = Listing::open(&folder.src)?;
        self.make_folder(folder)?;
        let above = Arc::new(Above {
            id,
            made: FileId::at(&folder.dst)?,
            above: folder.above.clone(),
        });
        let mut folders = Vec::new();
        for entry in entries {
            let (name, entry) = entry?;
            let (src, dst) = (entry.path(), folder.dst.join(name));
            if self.keywords.ignore.as_mut().is_some_and(|skip| skip(&src)) {
                continue;
            }
            let is_folder = check_literal(&src)
                .and_then(|()| self.copy_entry(&entry, &src, &dst))
                .map_err(|error| named(&src, &dst, error))?;
            if is_folder {
                let above = Some(above.clone());
                folders.push(Folder { src, dst, above });
            }
        }
        Ok(folders)
    }

    fn make_folder(&self, folder: &Folder) -> io::Result<()> {
        let exist_ok = self.keywords.dirs_exist_ok;
        match &folder.above {
            None => super::folders::make_dirs(&folder.dst, 0o777, exist_ok),
            Some(_) => match sys::mkdir(&Dir::default(), &folder.dst, 0o777) {
                Err(_) if exist_ok && is_folder(&folder.dst) => Ok(()),
                done => done,
            },
        }
    }

    /// Copies an entry. For a folder it does nothing and returns true.
    fn copy_entry(&mut self, entry: &fs::DirEntry, src: &Path, dst: &Path) -> io::Result<bool> {
        let mut kind = sys::retry(|| entry.file_type())?;
        if kind.is_symlink() {
            if self.keywords.symlinks {
                if self.keywords.dirs_exist_ok {
                    // Replace a link that exists, as a file would be replaced.
                    match sys::unlink(&Dir::default(), dst) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                        Ok(()) | Err(_) => {}
                    }
                }
                copy_link(src, dst, self.keywords.keep.times)?;
                return Ok(false);
            }
            match sys::stat(&Dir::default(), src, true) {
                Ok(metadata) => kind = metadata.file_type(),
                Err(error)
                    if self.keywords.ignore_dangling_symlinks
                        && error.kind() == io::ErrorKind::NotFound =>
                {
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        if kind.is_dir() {
            return Ok(true);
        }
        let (files, before) = (self.files, self.bytes);
        let CopytreeKeywords {
            on_progress,
            caller,
            keep,
            ..
        } = &mut self.keywords;
        let mut progress = |done, _total| {
            if let Some(tell) = on_progress {
                tell(files, before + done);
            }
            go_on(caller)
        };
        self.bytes += copy_file(src, dst, true, *keep, &mut progress)?;
        self.files += 1;
        if let Some(tell) = &mut self.keywords.on_progress {
            tell(self.files, self.bytes);
        }
        Ok(false)
    }
}

/// Adds the two paths to an error, unless it names its own.
fn named(src: &Path, dst: &Path, error: io::Error) -> io::Error {
    match error.downcast::<Error>() {
        Ok(inner) => inner.into(),
        Err(source) => Error::OsPair {
            op: "copytree",
            src: src.to_path_buf(),
            dst: dst.to_path_buf(),
            source,
        }
        .into(),
    }
}

/// Gives a folder the permissions and times of its source, as `keep` says.
fn keep(src: &Path, dst: &Path, keep: Keep) -> io::Result<()> {
    let metadata = sys::retry(|| fs::metadata(src))?;
    if keep.permissions {
        sys::chmod(&Dir::default(), dst, sys::mode(&metadata), true)?;
    }
    if keep.times {
        let times = (metadata.accessed()?, metadata.modified()?);
        sys::utime(&Dir::default(), dst, Some(times), true)?;
    }
    Ok(())
}
