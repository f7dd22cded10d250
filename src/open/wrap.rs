//! [`wrap`]: a file over a stream that is open already.

use std::borrow::Cow;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io::SeekFrom;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::kind::{Any, Binary, Kind, Raw, Text, TextKind};
use super::mode::Action;
use super::{Settings, keywords};
use crate::codec::{Encoding, ErrorPolicy, Newline};
use crate::error::{Error, Result};
use crate::executor::{Chosen, Executor};
use crate::file::core::Core;
use crate::lazy::{Begin, Lazy};
use crate::raw_io::RawIo;
use crate::sys;

/// Makes a file of a stream: of an open `std::fs::File`, of a buffer in memory,
/// or of a mock; see [`RawIo`]. Python: `open(fd)` and `threadpool.wrap`.
///
/// It gives a [`BinaryFile`](crate::BinaryFile) (buffered), or a
/// [`TextFile`](crate::TextFile) with `.text()`, a [`RawFile`](crate::RawFile) with
/// `.raw()`, an [`AnyFile`](crate::AnyFile) with `.any()`. Keywords, with the defaults of
/// [`open`](crate::open()): `mode` (both directions, if the stream has them),
/// `buffering`, `executor`, `nowait`, and for text `encoding`, `errors`, `newline`,
/// `line_buffering`, `write_through`.
///
/// The file starts at the cursor of the stream. Without `.mode(..)` the file can do what
/// the stream says it can; a mode takes directions away, and `a` moves to the end. No
/// mode truncates.
///
/// # Cancel safety
///
/// It owns the stream: if it is dropped before it is done, the stream is dropped.
///
/// # Errors
///
/// `InvalidInput` for a bad mode or argument; `IsADirectory` for the descriptor of
/// a folder; `Unsupported` for a mode with `+` on a stream that cannot seek, unless
/// raw.
///
/// # Examples
///
/// ```
/// use std::io::Cursor;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let memory = Cursor::new(b"one\r\ntwo".to_vec());
/// let mut file = aiofiles::wrap(memory).text().mode("r+").await?;
/// assert_eq!(file.readline().await?, "one\n");
/// file.write("TWO").await?;
/// assert_eq!(file.into_raw().await?.into_inner(), b"one\r\nTWO");
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias("fdopen", "from_fd", "threadpool.wrap"))]
pub fn wrap<R: RawIo>(raw: R) -> Wrap<R, Binary> {
    Wrap(Lazy::new(WrapArgs {
        raw,
        settings: Settings::default(),
        kind: Binary(()),
    }))
}

/// A pending [`wrap`]: `.await` gives a `Result` of a [`BinaryFile`](crate::BinaryFile),
/// or of the kind of file that [`text`](Self::text), [`raw`](Self::raw) or
/// [`any`](Self::any) has chosen. The page of [`wrap`] lists the keywords with their
/// defaults, and the errors.
#[must_use = "a call does nothing unless you `.await` it"]
pub struct Wrap<R: RawIo, K: Kind = Binary>(Lazy<'static, WrapArgs<R, K>>);

/// The arguments of [`wrap`].
struct WrapArgs<R, K> {
    raw: R,
    settings: Settings,
    kind: K,
}

keywords!([R: RawIo, K: Kind] Wrap<R, K>);

impl<R: RawIo, K: Kind> Wrap<R, K> {
    /// Gives a buffered file of bytes. This is the default.
    pub fn binary(self) -> Wrap<R, Binary> {
        self.kind(Binary(()))
    }

    /// Gives a text file.
    pub fn text(self) -> Wrap<R, Text> {
        self.kind(Text(()))
    }

    /// Gives an unbuffered file of bytes.
    pub fn raw(self) -> Wrap<R, Raw> {
        self.kind(Raw(()))
    }

    /// Leaves the kind to the mode string and to `.buffering(0)`.
    pub fn any(self) -> Wrap<R, Any> {
        self.kind(Any(()))
    }

    fn kind<L: Kind>(self, kind: L) -> Wrap<R, L> {
        Wrap(self.0.map(|args| WrapArgs {
            raw: args.raw,
            settings: args.settings,
            kind,
        }))
    }

    /// Changes a keyword; does nothing to a call that has begun.
    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        Self(self.0.set(|args| change(&mut args.settings)))
    }
}

impl<R: RawIo, K: Kind> WrapArgs<R, K> {
    fn core(self) -> Result<(Core<R>, super::Plan, bool)> {
        let mut settings = self.settings;
        let mode_given = settings.mode.is_some();
        let plan = self
            .kind
            .plan(&mut settings)
            .map_err(|error| error.in_call("wrap", None))?;
        let kind = self.raw.as_file().map(sys::kind);
        if kind == Some(sys::Kind::Folder) {
            let error = sys::is_a_directory();
            return Err(Error::os("open", None, error));
        }
        let mut core = Core::of_kind(self.raw, kind, plan.capacity);
        if mode_given {
            let (meta, mode) = (&mut core.meta, plan.mode);
            if plan.capacity > 0 && mode.readable() && mode.writable() && !meta.seekable {
                return Err(Error::Unsupported {
                    op: "open",
                    path: None,
                    reason: "a file that cannot seek cannot be buffered in both directions",
                });
            }
            meta.readable &= mode.readable();
            meta.writable &= mode.writable();
            // The stream may or may not append by itself: where a write has led
            // to is asked of it.
            meta.append |= mode.append();
            meta.mode = Cow::Borrowed(mode.canonical());
        }
        core.set_executor(settings.executor);
        core.ask_nowait(settings.nowait);
        let to_end = mode_given && plan.mode.action == Action::Append && core.meta.seekable;
        Ok((core, plan, to_end))
    }
}

impl<R: RawIo, K: Kind> Future for Wrap<R, K> {
    type Output = Result<K::Of<R>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<R: RawIo, K: Kind> Begin for WrapArgs<R, K> {
    type Output = K::Of<R>;

    async fn begin(self) -> Result<K::Of<R>> {
        let (mut core, plan, to_end) = self.core()?;
        if to_end {
            let mut started = 0;
            poll_fn(|cx| core.poll_seek(cx, SeekFrom::End(0), &mut started)).await?;
        }
        Ok(K::build(core, plan))
    }
}

impl<R: RawIo, K: Kind> fmt::Debug for Wrap<R, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Wrap");
        self.0.inspect(|args| {
            f.field("mode", &args.settings.mode);
        });
        f.finish_non_exhaustive()
    }
}
