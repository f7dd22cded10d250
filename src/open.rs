//! [`open()`] and [`wrap()`]: the pending calls that give a file.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::future::Future;
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

mod any;
mod asked;
mod keywords;
mod kind;
mod mode;
mod opening;
mod wrap;

pub use self::any::AnyFile;
pub use self::asked::Asked;
use self::asked::Opener;
pub(crate) use self::keywords::keywords;
pub(crate) use self::kind::Plan;
pub use self::kind::{Any, Binary, Kind, Raw, Text, TextKind};
#[cfg(feature = "tempfile")]
pub(crate) use self::mode::Action;
use self::opening::OpenFile;
pub use self::wrap::{Wrap, wrap};

/// Opens the file at `path`: a text file for reading, unless keyword methods say
/// otherwise. Python: `aiofiles.open`.
///
/// The keywords of Python's `open` are methods of the pending call, with the same names;
/// `.await` runs it, in one hop. What it gives depends on the kind:
///
/// | call | gives | unit of sizes |
/// |---|---|---|
/// | `open(path)` | [`TextFile`](crate::TextFile) | characters |
/// | `open(path).binary()` | [`BinaryFile`](crate::BinaryFile), buffered | bytes |
/// | `open(path).raw()` | [`RawFile`](crate::RawFile), unbuffered | bytes |
/// | `open(path).any()` | [`AnyFile`]: one of these, as the mode says | |
///
/// | keyword | default |
/// |---|---|
/// | [`mode`](Open::mode) | `"r"` (`"rb"` is meant for bytes) |
/// | [`buffering`](Open::buffering) | 128 KiB |
/// | [`encoding`](Open::encoding) (text) | `"utf-8"`, whatever the locale |
/// | [`errors`](Open::errors) (text) | `"strict"` |
/// | [`newline`](Open::newline) (text) | every line end is read as `"\n"` |
/// | [`line_buffering`](Open::line_buffering) (text) | `false`; `true` for a terminal |
/// | [`write_through`](Open::write_through) (text) | `false` |
/// | [`permissions`](Open::permissions) | `0o666`, less the umask, for a new file |
/// | [`create`](Open::create) | `false` |
/// | [`custom_flags`](Open::custom_flags) | 0 |
/// | [`opener`](Open::opener) | the system's open |
/// | [`executor`](Open::executor) | the default one |
/// | [`nowait`](Open::nowait) | as the executor says: `true` for the default one |
///
/// Opening a FIFO waits for its other end, on a thread of the executor; with
/// [`custom_flags`](Open::custom_flags)`(O_NONBLOCK)` it does not wait.
///
/// # Cancel safety
///
/// If it is dropped before it is done, the file may have been created or truncated; it
/// is closed.
///
/// # Errors
///
/// - `InvalidInput` ([`InvalidMode`](Error::InvalidMode),
///   [`InvalidArgument`](Error::InvalidArgument),
///   [`UnknownEncoding`](Error::UnknownEncoding)) for a bad keyword, before anything is
///   touched;
/// - those of open(2): `NotFound`, `PermissionDenied`, `AlreadyExists` for mode `x`,
///   `InvalidInput` for a NUL in the path;
/// - `IsADirectory` for a folder, in every mode;
/// - `Unsupported` for a mode with `+` on a file that cannot seek, unless it is raw.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let dir = tempfile::tempdir().unwrap();
/// let path = dir.path().join("notes.txt");
///
/// let mut file = aiofiles::open(&path).mode("w").encoding("latin-1").await?;
/// file.write("caf\u{e9}\n").await?;
/// file.close().await?;
/// assert_eq!(std::fs::read(&path).unwrap(), b"caf\xe9\n");
///
/// let bytes = aiofiles::open(&path).binary().await?.read().await?;
/// assert_eq!(bytes, b"caf\xe9\n");
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias(
    "File::open",
    "File::create",
    "File::options",
    "OpenOptions",
    "create_new"
))]
pub fn open(path: impl AsRef<Path>) -> Open<Text> {
    Open(Lazy::new(OpenArgs {
        path: Arc::from(path.as_ref()),
        settings: Settings::default(),
        kind: Text(()),
    }))
}

/// The keywords of `open`, `wrap` and the temporary files.
#[derive(Default)]
pub struct Settings {
    pub(crate) mode: Option<String>,
    pub(crate) buffering: Option<usize>,
    pub(crate) encoding: Option<Result<Encoding>>,
    pub(crate) errors: Option<Result<ErrorPolicy>>,
    pub(crate) newline: Option<Result<Newline>>,
    pub(crate) line_buffering: Option<bool>,
    pub(crate) write_through: bool,
    pub(crate) executor: Option<Chosen>,
    pub(crate) nowait: Option<bool>,
    permissions: Option<u32>,
    create: bool,
    custom_flags: Option<i32>,
    opener: Option<Opener>,
}

/// A pending [`open()`]: `.await` opens the file, and gives a `Result` of a
/// [`TextFile`](crate::TextFile), or of the kind of file that [`binary`](Self::binary),
/// [`raw`](Self::raw) or [`any`](Self::any) has chosen. The page of [`open()`] lists the
/// keywords with their defaults, and the errors.
#[must_use = "a call does nothing unless you `.await` it"]
pub struct Open<K: Kind = Text>(Lazy<'static, OpenArgs<K>>);

/// The arguments of [`open()`].
struct OpenArgs<K> {
    path: Arc<Path>,
    settings: Settings,
    kind: K,
}

keywords!([K: Kind] Open<K>);

impl<K: Kind> Open<K> {
    /// Opens a buffered file of bytes.
    pub fn binary(self) -> Open<Binary> {
        self.kind(Binary(()))
    }

    /// Opens an unbuffered file of bytes. Python: `buffering=0`.
    pub fn raw(self) -> Open<Raw> {
        self.kind(Raw(()))
    }

    /// Leaves the kind to the mode string and to `.buffering(0)`, as in Python.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, "text").unwrap();
    /// let file = aiofiles::open(&path).any().mode("rb").buffering(0).await?;
    /// assert!(matches!(file, aiofiles::AnyFile::Raw(_)));
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn any(self) -> Open<Any> {
        self.kind(Any(()))
    }

    fn kind<L: Kind>(self, kind: L) -> Open<L> {
        Open(self.0.map(|args| OpenArgs {
            path: args.path,
            settings: args.settings,
            kind,
        }))
    }

    /// Changes a keyword; does nothing to a call that has begun.
    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        Self(self.0.set(|args| change(&mut args.settings)))
    }

    /// Sets the Unix mode of a file that is created, less the umask (`0o666`).
    pub fn permissions(self, mode: u32) -> Self {
        self.set(|settings| settings.permissions = Some(mode))
    }

    /// Makes the file if it is missing, and does not truncate one that exists (`false`).
    /// It is for mode `r+`: the modes `w`, `a` and `x` make a file anyway, and for `r` it
    /// is an error.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// for record in ["one", "two"] {
    ///     let mut file = aiofiles::open(&path).mode("r+").create(true).await?;
    ///     file.seek(std::io::SeekFrom::End(0)).await?;
    ///     file.write(record).await?;
    ///     file.close().await?;
    /// }
    /// assert_eq!(std::fs::read(&path).unwrap(), b"onetwo");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn create(self, yes: bool) -> Self {
        self.set(|settings| settings.create = yes)
    }

    /// Passes `flags` to the system, together with those of the mode (0), as
    /// [`OpenOptions`](std::fs::OpenOptions) does on Unix and on Windows. Examples are
    /// O_NONBLOCK for a FIFO, O_NOFOLLOW and O_DIRECT.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("link");
    /// # #[cfg(target_os = "linux")] {
    /// const O_NOFOLLOW: i32 = 0o400_000;
    /// std::os::unix::fs::symlink("elsewhere", &path).unwrap();
    /// let opened = aiofiles::open(&path).mode("w").custom_flags(O_NOFOLLOW).await;
    /// assert!(opened.is_err(), "the target of the link is not made");
    /// # }
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn custom_flags(self, flags: i32) -> Self {
        self.set(|settings| settings.custom_flags = Some(flags))
    }
}

impl<K: Kind> Open<K> {
    /// Opens the file, runs `body` with it, closes it whatever happens, and returns what
    /// `body` returns. An error of `body` is returned rather than one of the close.
    /// Python: `async with`.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the file is dropped, which writes what it has
    /// buffered.
    ///
    /// # Errors
    ///
    /// Those of [`open()`], of `body`, and of `close`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let dir = tempfile::tempdir().unwrap();
    /// let path = dir.path().join("out.txt");
    /// let open = aiofiles::open(&path).mode("w");
    /// let count = open.with(async |file| file.write("one\ntwo\n").await).await?;
    /// assert_eq!(count, 8);
    /// assert_eq!(std::fs::read(&path).unwrap(), b"one\ntwo\n");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "async with")]
    pub async fn with<T, F>(self, body: F) -> Result<T>
    where
        F: AsyncFnOnce(&mut K::Of<File>) -> Result<T>,
    {
        self.try_with(body).await
    }

    /// As [`with`](Self::with), for a body with an error type of its own.
    ///
    /// # Errors
    ///
    /// Those of `with`, as `E`.
    ///
    /// # Examples
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("port");
    /// # std::fs::write(&path, "8080\n").unwrap();
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// type BoxError = Box<dyn std::error::Error + Send + Sync>;
    ///
    /// let open = aiofiles::open(&path);
    /// let port = open.try_with(async |file| -> Result<u16, BoxError> {
    ///     Ok(file.readline().await?.trim().parse()?)
    /// });
    /// assert_eq!(port.await?, 8080);
    /// # Ok::<(), BoxError>(()) }).unwrap();
    /// ```
    pub async fn try_with<T, E, F>(self, body: F) -> Result<T, E>
    where
        E: From<Error>,
        F: AsyncFnOnce(&mut K::Of<File>) -> Result<T, E>,
    {
        let mut file = self.await?;
        let result = body(&mut file).await;
        let closed = K::close(&mut file).await;
        let value = result?;
        closed?;
        Ok(value)
    }
}

impl<K: Kind> Future for Open<K> {
    type Output = Result<K::Of<File>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<K: Kind> Begin for OpenArgs<K> {
    type Output = K::Of<File>;

    async fn begin(self) -> Result<K::Of<File>> {
        let Self {
            path,
            mut settings,
            kind,
        } = self;
        let plan = kind
            .plan(&mut settings)
            .map_err(|error| error.in_call("open", Some(&path)))?;
        let mut hop = Hop::new(OpenFile {
            path,
            mode: plan.mode,
            buffered: plan.capacity > 0,
            permissions: settings.permissions,
            create: settings.create,
            custom_flags: settings.custom_flags,
            opener: settings.opener,
            nowait: settings.nowait,
        })
        .on(settings.executor);
        let opened = (&mut hop).await?;
        let meta = Meta {
            name: Some(opened.path),
            mode: Cow::Borrowed(plan.mode.canonical()),
            readable: plan.mode.readable(),
            writable: plan.mode.writable(),
            append: opened.append,
            seekable: opened.seekable,
            isatty: opened.isatty,
        };
        let executor = hop.chosen("open", meta.name.as_deref())?.clone();
        let mut core = Core::new(opened.file, meta, Some(executor));
        core.capacity = plan.capacity;
        core.set_pos(opened.pos);
        if !opened.counted {
            core.never_count();
        }
        core.set_nowait(settings.nowait, Some(opened.nowait));
        core.set_local(opened.in_place);
        core.set_private(opened.private);
        Ok(K::build(core, plan))
    }
}

impl<K: Kind> fmt::Debug for Open<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Open");
        self.0.inspect(|args| {
            f.field("path", &args.path)
                .field("mode", &args.settings.mode);
        });
        f.finish_non_exhaustive()
    }
}
