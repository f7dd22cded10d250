//! Temporary files and folders that are removed when they are closed or dropped.
//!
//! | function | gives | on disk |
//! |---|---|---|
//! | [`temporary_file`] | a [`BinaryFile`](crate::BinaryFile) or [`TextFile`](crate::TextFile) | without a name, where the system can do that (O_TMPFILE) |
//! | [`named_temporary_file`] | a [`NamedTemporaryFile`], which derefs to one of these | under its [`name`](NamedTemporaryFile::name), until it is closed, kept or persisted |
//! | [`spooled_temporary_file`] | a [`SpooledTemporaryFile`], which derefs to one of these, over [`Spool`] | only in memory, until it is larger than `max_size` |
//! | [`temporary_directory`] | a [`TemporaryDirectory`] | with everything that is put into it |
//! | [`atomic_file`] | an [`AtomicFile`], which derefs to one of the files of the first row | without a name, where the system can do that, until it takes the place of another file |
//!
//! They are those of Python's `aiofiles.tempfile` (but for `atomic_file`), with its
//! keywords as methods. The files are of the same types as those of
//! [`open`](crate::open()): files of bytes unless you call `.text()`, and open for both
//! directions (`w+b`) unless you give a mode.
//!
//! # What can go wrong
//!
//! - A drop cannot report an error of its removal. `close` and `cleanup` report it.
//! - Nothing is removed if the process is killed, or ended by `std::process::exit`.
//! - Other processes may remove old files from a temporary folder: after a long time a
//!   name may be gone, or belong to another file. A file without a name is safe.
//! - A name is `prefix`, eight random characters (`[A-Za-z0-9]`; Python's are
//!   `[a-z0-9_]`) and `suffix`. It is always a new file (O_EXCL), with mode 0600 unless
//!   `.permissions(..)` says otherwise (0700 for a folder), less the umask.
//! - Without `.dir(..)` the file is made, as in Python, in the first of these folders
//!   where a file can be made and written to: those of the variables TMPDIR, TEMP and
//!   TMP (an empty one does not count), [`std::env::temp_dir`], `/tmp`, `/var/tmp`,
//!   `/usr/tmp`, and the current folder. The search happens once, and again when one of
//!   the variables changes or nothing can be made in the folder any more.
//! - All names are absolute: a relative `dir` is resolved when the file is made, by name
//!   only (`a/../b` is `b`). A path separator in `prefix` or `suffix` is a separator: the
//!   folder that it names must exist.

use std::ffi::OsStr;
use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use self::make::Request;
use self::place::Place;
use crate::codec::{Encoding, ErrorPolicy, Newline};
use crate::error::{Error, Result};
use crate::executor::{Chosen, Executor};
use crate::lazy::{Begin, Lazy};
use crate::open::{Any, Binary, Kind, Raw, Settings, Text, TextKind, keywords};

mod atomic;
mod directory;
mod entry;
mod make;
mod named;
mod place;
mod remove;
mod spool;
mod spooled;
mod traits;

pub use self::atomic::{AtomicFile, CreateAtomic, atomic_file};
pub use self::directory::{CreateDirectory, TemporaryDirectory, temporary_directory};
pub use self::make::{Make, OnDisk};
pub use self::named::{NamedTemporaryFile, Persist};
pub use self::spool::Spool;
pub use self::spooled::SpooledTemporaryFile;

/// A file without a name: what [`temporary_file`] makes.
#[derive(Debug)]
pub struct Anonymous(());

/// A file with a name: what [`named_temporary_file`] makes.
#[derive(Debug)]
pub struct Named {
    delete: bool,
    delete_on_close: bool,
}

/// A file in memory: what [`spooled_temporary_file`] makes.
#[derive(Debug)]
pub struct Spooled {
    max_size: u64,
}

/// Makes a file that has no name and is gone once it is closed. Python:
/// `aiofiles.tempfile.TemporaryFile`.
///
/// It is a file of bytes with mode `w+b`, unless keywords say otherwise. On Linux it
/// never has a name, if the file system supports that (O_TMPFILE); elsewhere it has a
/// name for a moment. Its mode is 0600, so no other user can open it. Keywords:
/// `text`, `raw`, `any`, `mode` (`w+b`), `buffering` (128 KiB), `dir`, `permissions`
/// (`0o600`), `executor` (the default one), `nowait`, and for text `encoding`,
/// `errors`, `newline`, `line_buffering`, `write_through`.
///
/// # Cancel safety
///
/// If it is dropped before it is done, no file is left.
///
/// # Errors
///
/// `InvalidInput` for a bad mode or keyword, before anything is created; those of
/// open(2), with the folder as their path.
///
/// # Examples
///
/// ```
/// use std::io::SeekFrom;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut file = aiofiles::tempfile::temporary_file().await?;
/// file.write(b"scratch").await?;
/// file.seek(SeekFrom::Start(0)).await?;
/// assert_eq!(file.read().await?, b"scratch");
///
/// let count = aiofiles::tempfile::temporary_file().text().encoding("utf-16").with(
///     async |file| file.write("caf\u{e9}").await,
/// );
/// assert_eq!(count.await?, 4);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias("TemporaryFile", "tempfile"))]
pub fn temporary_file() -> Temporary<Anonymous> {
    Temporary::new(Anonymous(()))
}

/// Makes a file with a name, which is removed when the file is closed or dropped.
/// Python: `aiofiles.tempfile.NamedTemporaryFile`.
///
/// It is a file of bytes with mode `w+b`, unless keywords say otherwise. Keywords: those
/// of [`temporary_file`], `prefix` (`tmp`), `suffix` (nothing), `delete` (`true`) and
/// `delete_on_close` (`true`).
///
/// # Cancel safety
///
/// If it is dropped before it is done, the file is removed.
///
/// # Errors
///
/// As [`temporary_file`].
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut file = aiofiles::tempfile::named_temporary_file().suffix(".txt").text().await?;
/// file.write("for another program\n").await?;
/// file.flush().await?;
/// assert_eq!(std::fs::read(file.name()).unwrap(), b"for another program\n");
///
/// let name = file.name().to_owned();
/// file.close().await?;
/// assert!(!name.exists());
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias("NamedTemporaryFile", "NamedTempFile", "mkstemp"))]
pub fn named_temporary_file() -> Temporary<Named> {
    Temporary::new(Named {
        delete: true,
        delete_on_close: true,
    })
}

/// Makes a file that is in memory until it is larger than
/// [`max_size`](Temporary::max_size). Python:
/// `aiofiles.tempfile.SpooledTemporaryFile`.
///
/// It is a file of bytes with mode `w+b`, unless keywords say otherwise. As long as it
/// is in memory, operations run on the task, without an executor; past the limit the
/// contents go to a [`temporary_file`], in a job. This call itself makes no file on
/// disk. Keywords: those of [`temporary_file`] but for `raw` and `any`, and `max_size`
/// (0: no limit).
///
/// # Cancel safety
///
/// If it is dropped before it is done, nothing has happened.
///
/// # Errors
///
/// `InvalidInput` for a bad mode or keyword; [`NoRuntime`](Error::NoRuntime) if there is
/// no executor that could run the jobs later.
///
/// # Examples
///
/// ```
/// use std::io::SeekFrom;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut file = aiofiles::tempfile::spooled_temporary_file().max_size(4).await?;
/// file.write(b"1234").await?;
/// assert!(!file.rolled());
/// file.write(b"5").await?;
/// assert!(file.rolled());
/// file.seek(SeekFrom::Start(0)).await?;
/// assert_eq!(file.read().await?, b"12345");
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias("SpooledTemporaryFile", "SpooledTempFile"))]
pub fn spooled_temporary_file() -> Temporary<Spooled> {
    Temporary::new(Spooled { max_size: 0 })
}

/// A pending temporary file: `.await` makes it.
#[must_use = "a call does nothing unless you `.await` it"]
pub struct Temporary<W: Make, K: Kind = Binary>(Lazy<'static, TemporaryArgs<W, K>>);

/// The keywords of a [`Temporary`].
struct TemporaryArgs<W, K> {
    place: Place,
    settings: Settings,
    what: W,
    kind: K,
    /// The mode unless one is given. It has a `b` only if the mode chooses the kind.
    default_mode: &'static str,
}

impl<W: Make, K: Kind> Temporary<W, K> {
    /// Changes a keyword; does nothing to a call that has begun.
    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        Self(self.0.set(|args| change(&mut args.settings)))
    }

    fn set_place(self, change: impl FnOnce(&mut Place)) -> Self {
        Self(self.0.set(|args| change(&mut args.place)))
    }

    fn set_what(self, change: impl FnOnce(&mut W)) -> Self {
        Self(self.0.set(|args| change(&mut args.what)))
    }
}

keywords!([W: Make, K: Kind] Temporary<W, K>);

/// Writes the keyword methods for the place and the name of a file or folder.
macro_rules! place_keywords {
    ([$($generics:tt)*] $Self:ty) => {
        impl<$($generics)*> $Self {
            /// Sets the folder in which it is made (the first usable one: see the
            /// [module](crate::tempfile)).
            pub fn dir(self, dir: impl AsRef<Path>) -> Self {
                let dir = dir.as_ref().to_owned();
                self.set_place(|place| place.dir = Some(dir))
            }

            /// Sets the start of its name (`tmp`).
            pub fn prefix(self, prefix: impl AsRef<OsStr>) -> Self {
                let prefix = prefix.as_ref().to_owned();
                self.set_place(|place| place.prefix = Some(prefix))
            }

            /// Sets the end of its name (nothing). No dot is added before it.
            pub fn suffix(self, suffix: impl AsRef<OsStr>) -> Self {
                let suffix = suffix.as_ref().to_owned();
                self.set_place(|place| place.suffix = Some(suffix))
            }
        }
    };
}
use place_keywords;

place_keywords!([W: Make, K: Kind] Temporary<W, K>);

impl<W: Make> Temporary<W> {
    fn new(what: W) -> Self {
        Self(Lazy::new(TemporaryArgs {
            place: Place::default(),
            settings: Settings::default(),
            what,
            kind: Binary::default(),
            default_mode: "w+",
        }))
    }
}

impl<W: Make, K: Kind> Temporary<W, K> {
    /// Makes a text file; its mode is `w+` unless given.
    pub fn text(self) -> Temporary<W, Text> {
        self.kind(Text::default(), "w+")
    }

    /// Makes a buffered file of bytes; the default.
    pub fn binary(self) -> Temporary<W, Binary> {
        self.kind(Binary::default(), "w+")
    }

    /// Sets the mode of the file (`0o600`: for its user only), less the umask, as
    /// [`permissions`](crate::Open::permissions) of `open` does. A spooled file gets it
    /// when it goes to disk. It has no effect on Windows.
    pub fn permissions(self, mode: u32) -> Self {
        self.set_place(|place| place.permissions = Some(mode))
    }

    fn kind<L: Kind>(self, kind: L, default_mode: &'static str) -> Temporary<W, L> {
        Temporary(self.0.map(|args| TemporaryArgs {
            place: args.place,
            settings: args.settings,
            what: args.what,
            kind,
            default_mode,
        }))
    }
}

impl<W: OnDisk, K: Kind> Temporary<W, K> {
    /// Makes an unbuffered file of bytes. Python: `buffering=0`.
    pub fn raw(self) -> Temporary<W, Raw> {
        self.kind(Raw::default(), "w+")
    }

    /// Leaves the kind to the mode string (`w+b`) and to `.buffering(0)`.
    pub fn any(self) -> Temporary<W, Any> {
        self.kind(Any::default(), "w+b")
    }
}

impl<K: Kind> Temporary<Named, K> {
    /// Sets whether the file is removed at all (`true`).
    pub fn delete(self, yes: bool) -> Self {
        self.set_what(|what| what.delete = yes)
    }

    /// Sets whether the file is removed as soon as it is closed (`true`), or only
    /// when it is dropped or its `with` ends. It has no effect with `.delete(false)`.
    pub fn delete_on_close(self, yes: bool) -> Self {
        self.set_what(|what| what.delete_on_close = yes)
    }
}

impl<K: Kind> Temporary<Spooled, K> {
    /// Sets how many bytes, after encoding, stay in memory (0: no limit). A file with
    /// more bytes goes to disk.
    pub fn max_size(self, bytes: u64) -> Self {
        self.set_what(|what| what.max_size = bytes)
    }
}

impl<W: Make, K: Kind> Temporary<W, K> {
    /// Makes the file, runs `body` with it, closes it whatever happens (a named file is
    /// removed, unless `.delete(false)`), and returns what `body` returns. An error of
    /// `body` is returned rather than one of the close. Python: `async with`.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the file is dropped, which removes it.
    ///
    /// # Errors
    ///
    /// Those of the call itself, of `body`, and of `close`.
    pub async fn with<T, F>(self, body: F) -> Result<T>
    where
        F: AsyncFnOnce(&mut W::Output<K>) -> Result<T>,
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
        F: AsyncFnOnce(&mut W::Output<K>) -> Result<T, E>,
    {
        let mut file = self.await?;
        let result = body(&mut file).await;
        let finished = W::finish::<K>(&mut file).await;
        let value = result?;
        finished?;
        Ok(value)
    }
}

impl<W: Make, K: Kind> Begin for TemporaryArgs<W, K> {
    type Output = W::Output<K>;

    async fn begin(self) -> Result<W::Output<K>> {
        let Self {
            place,
            mut settings,
            what,
            kind,
            default_mode,
        } = self;
        settings.mode.get_or_insert_with(|| default_mode.to_owned());
        let plan = kind
            .plan(&mut settings)
            .map_err(|error| error.in_call(place::OP, place.dir.as_deref()))?;
        place.check(place::OP)?;
        let executor = match settings.executor {
            Some(executor) => executor,
            None => Chosen::current(place::OP, place.dir.as_deref())?,
        };
        W::make::<K>(Request {
            place,
            what,
            plan,
            executor,
            nowait: settings.nowait,
        })
        .await
    }
}

impl<W: Make, K: Kind> Future for Temporary<W, K> {
    type Output = Result<W::Output<K>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<W: Make, K: Kind> fmt::Debug for Temporary<W, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Temporary");
        self.0.inspect(|args| {
            debug.field("place", &args.place);
            debug.field("mode", &args.settings.mode);
        });
        debug.finish_non_exhaustive()
    }
}
