//! The one file type, and what tells its kinds apart.

use super::core::Core;
use crate::raw_io::RawIo;
use crate::text::TextSettings;

/// A file: `K` is its kind ([`Text`], [`Binary`] or [`Raw`]), `R` the stream that it
/// stands on.
///
/// The kinds have pages of their own, each with what it can do:
/// [`TextFile`](super::TextFile), [`BinaryFile`](super::BinaryFile) and
/// [`RawFile`](super::RawFile).
///
/// # Cancel safety
///
/// Every operation of every kind may be dropped at any time, and leaves a working
/// file. Bytes that a dropped read has read are returned by the next one; a dropped
/// write has not begun or is complete; the next operation waits for what a dropped
/// one left running, so nothing overtakes it. What else a method leaves behind is
/// said on its page.
pub struct File<K: FileKind, R: Send = std::fs::File> {
    /// What the kind keeps over the machine, and the machine.
    pub(super) layer: K::Layer<R>,
}

/// Text. Python: `TextIOWrapper`. The kind of a [`TextFile`](super::TextFile).
#[derive(Debug, Default)]
pub struct Text(pub(crate) ());

/// Bytes through a buffer. Python: `BufferedReader` and its like. The kind of a
/// [`BinaryFile`](super::BinaryFile).
#[derive(Debug, Default)]
pub struct Binary(pub(crate) ());

/// Bytes without a buffer. Python: `FileIO`. The kind of a
/// [`RawFile`](super::RawFile).
#[derive(Debug, Default)]
pub struct Raw(pub(crate) ());

/// A kind of [`File`]: [`Text`], [`Binary`] or [`Raw`].
pub trait FileKind: sealed::HasLayer {}

/// A kind whose files are read and written as bytes: [`Binary`] or [`Raw`].
pub trait Bytes: FileKind + sealed::ReadsBytes {}

pub(crate) mod sealed {
    use super::{Core, RawIo, TextSettings};

    pub trait HasLayer: Send + Sync + Sized + 'static {
        /// The name of its files, for debugging.
        const NAME: &'static str;
        /// How many bytes their buffers take, unless told.
        const CAPACITY: usize;
        /// What the kind keeps over the machine, and the machine.
        ///
        /// It asks no more of `R` than that it is `Send`: a future that holds a file
        /// over a `Box<dyn RawIo>` is `Send` only if the compiler needs no `RawIo`
        /// to see that, as it knows nothing there of how long the box lives.
        type Layer<R: Send>: Send + Sync + Unpin;
        /// Of a new file. Only text has settings.
        fn layer<R: RawIo>(core: Core<R>, settings: TextSettings) -> Self::Layer<R>;
        /// Of another handle of the same open file, over its machine.
        fn renew<R: RawIo>(layer: &Self::Layer<R>, core: Core<R>) -> Self::Layer<R>;
        fn core<R: RawIo>(layer: &Self::Layer<R>) -> &Core<R>;
        /// The way down to the machine. It takes along what the machine has to know: text
        /// forgets what the machine has declared void, and says how many bytes it has
        /// taken and not delivered.
        fn descend<R: RawIo>(layer: &mut Self::Layer<R>) -> &mut Core<R>;
        /// The mode as it is shown.
        fn shown_mode<R: RawIo>(layer: &Self::Layer<R>) -> &str;
    }

    pub trait ReadsBytes {
        /// Whether nothing is read ahead of what was asked for.
        const EXACT: bool;
    }
}

/// A kind whose files have a buffer: [`Text`] or [`Binary`].
pub trait Buffers: FileKind {}

impl Buffers for Text {}
impl Buffers for Binary {}
impl FileKind for Text {}
impl FileKind for Binary {}
impl FileKind for Raw {}
impl Bytes for Binary {}
impl Bytes for Raw {}

impl sealed::ReadsBytes for Binary {
    const EXACT: bool = false;
}

impl sealed::ReadsBytes for Raw {
    const EXACT: bool = true;
}

impl<K: FileKind, R: RawIo> File<K, R> {
    /// Makes a file of a stream, at its cursor (UTF-8 if it is text). It can be read
    /// and written as far as the stream says; [`wrap`](crate::wrap()) takes keywords.
    #[must_use]
    pub fn new(raw: R) -> Self {
        Self::with(Core::of(raw, K::CAPACITY), TextSettings::default())
    }

    /// Over a machine; `settings` are those of text.
    pub(crate) fn with(core: Core<R>, settings: TextSettings) -> Self {
        Self {
            layer: K::layer(core, settings),
        }
    }

    pub(crate) fn core(&self) -> &Core<R> {
        K::core(&self.layer)
    }

    /// The one way down to the machine, for an operation. On the way the layer above says
    /// where in its bytes it is, and a seek that was begun through the I/O traits is over,
    /// whatever came of it.
    #[inline]
    pub(crate) fn descend(&mut self) -> &mut Core<R> {
        let core = self.descend_in_seek();
        core.half_done.end_seek();
        core
    }

    /// The same, for what goes on with such a seek.
    #[inline]
    pub(super) fn descend_in_seek(&mut self) -> &mut Core<R> {
        K::descend(&mut self.layer)
    }
}
