//! [`atomic_file`]: a file whose content replaces that of another in one step.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::codec::{Encoding, ErrorPolicy, Newline};
use crate::delegate::Hop;
use crate::error::{Error, Result};
use crate::executor::{Chosen, Executor};
use crate::file::core::{Core, Meta};
use crate::lazy::{Begin, Lazy};
use crate::open::{Action, Any, Binary, Kind, Raw, Settings, Text, TextKind, keywords};

mod stage;

use self::stage::{Commit, Create, Discard, OP, Stage, lock};

/// Makes a file whose whole content replaces that of `path` when it is
/// [committed](AtomicFile::commit). Until then, and if it is dropped instead, `path`
/// does not change.
///
/// Not in Python. It is a file of bytes with mode `w`, unless keywords say otherwise. It
/// starts empty, so the modes `r` and `a` are refused. With mode `x` nothing may exist at
/// `path`, neither now nor at the commit. If you have the whole content already,
/// [`write_atomic`](crate::write_atomic) needs only one hop. Keywords: `text`, `raw`,
/// `any`, `mode` (`w`), `buffering` (128 KiB), `permissions` (`0o666`), `executor` (the
/// default one), `nowait`, and for text `encoding`, `errors`, `newline`,
/// `line_buffering`, `write_through`.
///
/// The new file is made in the folder of the file that `path` leads to, with mode 0600.
/// On Linux it has no name, if the file system supports that (O_TMPFILE): then nothing
/// is left of it even if the process is killed, unless that happens within the commit, which
/// may give it a name for a moment. Elsewhere it has a name from the beginning, and a process
/// that is killed leaves it there. Such names begin with `.aiofiles-`; the drop removes them.
///
/// # Cancel safety
///
/// If it is dropped before it is done, nothing is left.
///
/// # Errors
///
/// `InvalidInput` for a bad mode or keyword, before anything is created, and for a path
/// that leads to a device, a FIFO or the like, or through a link in `/proc` to an open
/// file; `IsADirectory`; `AlreadyExists` with mode `x`; `NotFound` and
/// `PermissionDenied` of the folder.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("report");
/// std::fs::write(&path, "old").unwrap();
/// let mut file = aiofiles::tempfile::atomic_file(&path).text().await?;
/// file.write("line by line\n").await?;
/// assert_eq!(std::fs::read(&path).unwrap(), b"old");
/// file.commit().await?;
/// assert_eq!(std::fs::read(&path).unwrap(), b"line by line\n");
///
/// // `with` commits at its end, unless the body fails.
/// let failed = aiofiles::tempfile::atomic_file(&path).with(async |file| {
///     file.write(b"half").await?;
///     aiofiles::read("no/such/file").await
/// });
/// assert!(failed.await.is_err());
/// assert_eq!(std::fs::read(&path).unwrap(), b"line by line\n");
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "AtomicWriteFile")]
pub fn atomic_file(path: impl AsRef<Path>) -> CreateAtomic {
    CreateAtomic(Lazy::new(AtomicArgs {
        path: path.as_ref().into(),
        permissions: crate::sys::DEFAULT_MODE,
        settings: Settings::default(),
        kind: Binary::default(),
        default_mode: "w",
    }))
}

/// A pending [`atomic_file`]: `.await` makes it.
#[must_use = "a call does nothing unless you `.await` it"]
pub struct CreateAtomic<K: Kind = Binary>(Lazy<'static, AtomicArgs<K>>);

struct AtomicArgs<K> {
    path: Arc<Path>,
    permissions: u32,
    settings: Settings,
    kind: K,
    /// The mode unless one is given. It has a `b` only if the mode chooses the kind.
    default_mode: &'static str,
}

impl<K: Kind> CreateAtomic<K> {
    /// Changes a keyword; does nothing to a call that has begun.
    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        Self(self.0.set(|args| change(&mut args.settings)))
    }
}

keywords!([K: Kind] CreateAtomic<K>);

impl<K: Kind> CreateAtomic<K> {
    /// Makes a text file.
    pub fn text(self) -> CreateAtomic<Text> {
        self.kind(Text::default(), "w")
    }

    /// Makes a buffered file of bytes; the default.
    pub fn binary(self) -> CreateAtomic<Binary> {
        self.kind(Binary::default(), "w")
    }

    /// Makes an unbuffered file of bytes. Python: `buffering=0`.
    pub fn raw(self) -> CreateAtomic<Raw> {
        self.kind(Raw::default(), "w")
    }

    /// Leaves the kind to the mode string (`wb`) and to `.buffering(0)`.
    pub fn any(self) -> CreateAtomic<Any> {
        self.kind(Any::default(), "wb")
    }

    fn kind<L: Kind>(self, kind: L, default_mode: &'static str) -> CreateAtomic<L> {
        CreateAtomic(self.0.map(|args| AtomicArgs {
            path: args.path,
            permissions: args.permissions,
            settings: args.settings,
            kind,
            default_mode,
        }))
    }

    /// Sets the mode of the file if there was none at `path` (`0o666`), less the umask,
    /// as [`permissions`](crate::Open::permissions) of `open` does. If the commit
    /// replaces a file, the new file gets the rights of the old one.
    pub fn permissions(self, mode: u32) -> Self {
        Self(self.0.set(|args| args.permissions = mode))
    }
}

impl<K: Kind> CreateAtomic<K> {
    /// Makes the file, runs `body` with it, [commits](AtomicFile::commit) it, and returns
    /// what `body` returns. If `body` fails, nothing is committed and `path` does not
    /// change.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the file is dropped; if the commit had begun,
    /// see [`commit`](AtomicFile::commit).
    ///
    /// # Errors
    ///
    /// Those of the call itself, of `body`, and of the commit.
    pub async fn with<T, F>(self, body: F) -> Result<T>
    where
        F: AsyncFnOnce(&mut AtomicFile<K>) -> Result<T>,
    {
        self.try_with(body).await
    }

    /// As [`with`](Self::with), for a body with an error type of its own.
    ///
    /// # Errors
    ///
    /// Those of `with`, as `E`.
    pub async fn try_with<T, E, F>(self, body: F) -> Result<T, E>
    where
        E: From<Error>,
        F: AsyncFnOnce(&mut AtomicFile<K>) -> Result<T, E>,
    {
        let mut file = self.await?;
        match body(&mut file).await {
            Ok(value) => {
                file.commit().await?;
                Ok(value)
            }
            Err(error) => {
                // The error of the body is returned, not one of the clean-up.
                drop(file.discard().await);
                Err(error)
            }
        }
    }
}

impl<K: Kind> Future for CreateAtomic<K> {
    type Output = Result<AtomicFile<K>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<K: Kind> Begin for AtomicArgs<K> {
    type Output = AtomicFile<K>;

    async fn begin(self) -> Result<AtomicFile<K>> {
        let Self {
            path,
            permissions,
            mut settings,
            kind,
            default_mode,
        } = self;
        let given = settings.mode.clone();
        settings.mode.get_or_insert_with(|| default_mode.to_owned());
        let plan = kind
            .plan(&mut settings)
            .map_err(|error| error.in_call(OP, Some(&path)))?;
        let exclusive = match plan.mode.action {
            Action::Write => false,
            Action::Create => true,
            Action::Read | Action::Append => {
                return Err(Error::InvalidMode {
                    op: OP,
                    path: Some(path.to_path_buf()),
                    mode: given.unwrap_or_default(),
                    reason: "an atomic file starts empty: its mode is one of `w` and `x`",
                });
            }
        };
        let executor = match settings.executor {
            Some(executor) => executor,
            None => Chosen::current(OP, Some(&path))?,
        };
        let call = Hop::new(Create {
            path: path.clone(),
            exclusive,
            executor: executor.clone(),
        });
        let (file, stage, suits) = call.on(Some(executor.clone())).await?;
        let meta = Meta {
            name: Some(path),
            mode: Cow::Borrowed(plan.mode.canonical()),
            readable: plan.mode.readable(),
            writable: true,
            append: false,
            seekable: true,
            isatty: false,
        };
        let mut core = Core::new(file, meta, Some(executor));
        core.capacity = plan.capacity;
        core.set_pos(Some(0));
        core.set_nowait(settings.nowait, Some(suits));
        Ok(AtomicFile {
            file: K::build(core, plan),
            stage,
            permissions,
            closing: false,
        })
    }
}

impl<K: Kind> fmt::Debug for CreateAtomic<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("CreateAtomic");
        self.0.inspect(|args| {
            debug.field("path", &args.path);
            debug.field("mode", &args.settings.mode);
        });
        debug.finish_non_exhaustive()
    }
}

/// A file whose content replaces that of a path when it is
/// [committed](Self::commit).
///
/// Made by [`atomic_file`]. It derefs to the file itself: a
/// [`BinaryFile`](crate::BinaryFile), or the file of the kind `K`. The method `close` is
/// that of the file and commits nothing; after a `close` a commit is no longer possible.
///
/// If it is dropped without a commit, the path does not change. What has to be removed
/// then is removed by a job on the file's executor, or on the task's thread if the
/// executor refuses.
pub struct AtomicFile<K: Kind = Binary> {
    /// Stands before `stage`, so it is dropped first: its last job must run before the
    /// job that removes the name.
    file: K::Of<File>,
    stage: Stage,
    permissions: u32,
    /// Whether a commit has begun to close the file. A later commit then takes `Closed`
    /// as success and goes on.
    closing: bool,
}

impl<K: Kind> AtomicFile<K> {
    /// Returns the path that it will replace, as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.stage.path
    }

    /// Replaces the content of the path by that of this file. When it returns, the new
    /// content is on the disk and this file is closed. Another commit does nothing.
    ///
    /// In order: what is buffered is written, and the file is closed; it gets the rights
    /// of the file that it replaces, as with [`write_atomic`](crate::write_atomic), or
    /// else [0o666](CreateAtomic::permissions) less the umask; it is brought to the disk
    /// (fsync), renamed, and its folder is brought to the disk. A relative path is
    /// resolved from the folder that was current when the file was made.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the path has all of its old content or all of
    /// the new content; another call goes on.
    ///
    /// # Errors
    ///
    /// - Those of the write: the file stays open, with its bytes, and another call tries
    ///   again.
    /// - Those of [`write_atomic`](crate::write_atomic): another call tries again.
    /// - Those of the close: bytes may be lost, so a later commit fails with `Closed`.
    /// - `Closed` if the file was closed before; `AlreadyExists` with mode `x`.
    ///
    /// After an error the path has its old content, with one exception: if only the last
    /// step failed, the one for the folder, it has the new content, which may not be on
    /// the disk yet.
    pub async fn commit(&mut self) -> Result<()> {
        let core = K::descend(&mut self.file);
        let state = self.stage.state.clone();
        let kept = core.with_file("commit", move |file| lock(&state).keep(file));
        match kept.await {
            Err(Error::Closed { .. }) if self.closing => {}
            kept => kept?,
        }
        self.closing = true;
        if let Err(error) = K::close(&mut self.file).await {
            // It is not known which bytes the close has lost, so a later commit must fail.
            self.closing = false;
            return Err(error);
        }
        let call = Hop::new(Commit {
            path: self.stage.path.clone(),
            state: self.stage.state.clone(),
            permissions: self.permissions,
        });
        call.on(Some(self.stage.executor.clone())).await
    }

    /// Closes the file without a commit: the path does not change. The drop does the
    /// same, but reports no error. After a commit it does nothing.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the drop of the file does the rest.
    ///
    /// # Errors
    ///
    /// Those of [`BinaryFile::close`](crate::BinaryFile::close).
    pub async fn discard(&mut self) -> Result<()> {
        self.closing = false;
        let closed = K::close(&mut self.file).await;
        let call = Hop::new(Discard {
            path: self.stage.path.clone(),
            state: self.stage.state.clone(),
        });
        let discarded = call.on(Some(self.stage.executor.clone())).await;
        closed.and(discarded)
    }
}

impl<K: Kind> Deref for AtomicFile<K> {
    type Target = K::Of<File>;

    fn deref(&self) -> &Self::Target {
        &self.file
    }
}

impl<K: Kind> DerefMut for AtomicFile<K> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.file
    }
}

impl<K: Kind> fmt::Debug for AtomicFile<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtomicFile")
            .field("file", K::core(&self.file))
            .field("path", &self.stage.path)
            .finish_non_exhaustive()
    }
}
