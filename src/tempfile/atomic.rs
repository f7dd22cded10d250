//! Files whose content takes the place of another, at once.

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

/// Makes a file whose content replaces `path`, whole, when it is
/// [committed](AtomicFile::commit). Until then, and if it is dropped instead, `path`
/// is as it was.
///
/// Not in Python. Of bytes, mode `w`, unless said otherwise; it starts empty, so
/// mode `r` and `a` mean nothing. With mode `x`, nothing may be at `path`, neither
/// now nor at the commit. For content that is there already,
/// [`write_atomic`](crate::write_atomic) takes one hop.
///
/// The file is made in the folder of what `path` leads to, with mode 0600. On Linux it
/// has no name (O_TMPFILE) where the file system can do that: nothing is left of it
/// even if the process is killed. Elsewhere its name begins with `.aiofiles-`; it is
/// removed by the drop, and left by a process that is killed.
///
/// # Cancel safety
///
/// Dropped midway, nothing is left.
///
/// # Errors
///
/// `InvalidInput` for a bad mode or keyword, before anything is created, and for a
/// path that leads to a device, a FIFO or the like, or to an open file by a link of
/// `/proc`; `IsADirectory`; `AlreadyExists` with mode `x`; `NotFound` and
/// `PermissionDenied`, of the folder.
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
/// // Committed at the end of the scope, unless that fails.
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
    /// The mode unless one is given; `b` only where it is not a matter of course.
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

    /// Sets the mode of a file that is new at `path` (0o666), less the umask, as that
    /// of [`open`](crate::Open::permissions). One that is replaced keeps its rights.
    pub fn permissions(self, mode: u32) -> Self {
        Self(self.0.set(|args| args.permissions = mode))
    }
}

impl<K: Kind> CreateAtomic<K> {
    /// Makes the file, runs `body` with it, and gives back what `body` returns: if
    /// that is no error, after the [commit](AtomicFile::commit); otherwise `path` is
    /// left as it was.
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, the file is dropped: see [`commit`](AtomicFile::commit).
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
                // What is wrong with the rest is of no interest any more.
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
/// [`BinaryFile`](crate::BinaryFile), or what the kind `K` stands for. `close`,
/// which is that file's, commits nothing: there is nothing to be committed any more
/// then.
///
/// Dropping it leaves the path as it was. What has to be removed is removed off the
/// task's thread, on the file's executor; on the spot where that refuses.
pub struct AtomicFile<K: Kind = Binary> {
    /// Before `stage`: dropped first, so that its last job goes first.
    file: K::Of<File>,
    stage: Stage,
    permissions: u32,
    /// Whether a commit has come as far as to close the file.
    closing: bool,
}

impl<K: Kind> AtomicFile<K> {
    /// Returns the path whose content it will be, as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.stage.path
    }

    /// Puts the content in the place of the path, whole, and for good once this
    /// returns. The file is closed then. Idempotent.
    ///
    /// What is buffered is written, and the file closed; it gets the rights of the
    /// file that it replaces, as with [`write_atomic`](crate::write_atomic), or
    /// [0o666](CreateAtomic::permissions) less the umask; it is brought to the disk
    /// and renamed, and its folder is brought to the disk. A relative path is that of
    /// the folder the process was in when the file was made.
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, the path has all of its old content or all of the new one;
    /// another call goes on with it.
    ///
    /// # Errors
    ///
    /// Those of the write, after which the file is as it was; those of
    /// [`write_atomic`](crate::write_atomic), after which another call tries again;
    /// that of the close, after which it is `Closed`, as it is for a file that was
    /// closed before; `AlreadyExists` with mode `x`. The path has its old content
    /// then; only if the last step fails, of the folder, it has the new one, perhaps
    /// not yet on the disk.
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
            // Nobody knows what it has lost.
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

    /// Closes the file and leaves the path as it was, which the drop does too, but
    /// tells no error. Means nothing after the commit.
    ///
    /// # Cancel safety
    ///
    /// What it did not come to is left to the drop.
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
