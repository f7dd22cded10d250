//! The one file type, and what tells its kinds apart.

use super::core::Core;
use crate::raw_io::RawIo;
use crate::text::TextSettings;

/// A file. `K` is its kind ([`Text`], [`Binary`] or [`Raw`]), and `R` is the stream below
/// it.
///
/// Each kind has a page with its methods: [`TextFile`](super::TextFile),
/// [`BinaryFile`](super::BinaryFile) and [`RawFile`](super::RawFile).
///
/// # Cancel safety
///
/// You may drop the future of any operation at any time; the file still works. Bytes that a
/// dropped read has read are returned by the next read. A dropped write has either not
/// begun or is complete. If a dropped operation has left a job running, the next operation
/// waits for it, so nothing overtakes it. The page of each method says what else a dropped
/// call leaves behind.
pub struct File<K: FileKind, R: Send = std::fs::File> {
    /// What the kind keeps over the machine, and the machine.
    pub(super) layer: K::Layer<R>,
}

/// Text. Python: `TextIOWrapper`. The kind of a [`TextFile`](super::TextFile).
#[derive(Debug, Default)]
pub struct Text(pub(crate) ());

/// Bytes with a buffer. Python: `BufferedReader`, `BufferedWriter`, `BufferedRandom`. The
/// kind of a [`BinaryFile`](super::BinaryFile).
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
        /// The default size of their buffers, in bytes.
        const CAPACITY: usize;
        /// What the kind keeps over the machine, and the machine.
        ///
        /// The only bound on `R` is `Send`. With the bound `RawIo`, a future that holds a
        /// file over a `Box<dyn RawIo>` would not be `Send`: where the compiler decides
        /// that, it does not know the lifetime in the box, and so cannot prove `RawIo`.
        type Layer<R: Send>: Send + Sync + Unpin;
        /// Makes the layer of a new file. Only text uses `settings`.
        fn layer<R: RawIo>(core: Core<R>, settings: TextSettings) -> Self::Layer<R>;
        /// Makes the layer of another handle of the same open file, over the machine
        /// `core`.
        fn renew<R: RawIo>(layer: &Self::Layer<R>, core: Core<R>) -> Self::Layer<R>;
        fn core<R: RawIo>(layer: &Self::Layer<R>) -> &Core<R>;
        /// Returns the machine, after the two layers have told each other what is new: text
        /// drops what the machine has declared void, and tells how many bytes it has taken
        /// and not delivered.
        fn descend<R: RawIo>(layer: &mut Self::Layer<R>) -> &mut Core<R>;
        /// The mode as `Debug` shows it.
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
    /// Makes a file of a stream. It begins at the cursor of the stream, and can be read and
    /// written if the stream says so. A text file is UTF-8. To give keywords, use
    /// [`wrap`](crate::wrap()).
    #[must_use]
    pub fn new(raw: R) -> Self {
        Self::with(Core::of(raw, K::CAPACITY), TextSettings::default())
    }

    /// Makes a file over a machine. Only text uses `settings`.
    pub(crate) fn with(core: Core<R>, settings: TextSettings) -> Self {
        Self {
            layer: K::layer(core, settings),
        }
    }

    pub(crate) fn core(&self) -> &Core<R> {
        K::core(&self.layer)
    }

    /// The one way down to the machine, for an operation. See
    /// [`HasLayer::descend`](sealed::HasLayer::descend). It also ends a seek that was begun
    /// through the I/O traits, whether or not that was completed.
    #[inline]
    pub(crate) fn descend(&mut self) -> &mut Core<R> {
        let core = self.descend_in_seek();
        core.half_done.end_seek();
        core
    }

    /// As [`descend`](Self::descend), for an operation that continues such a seek.
    #[inline]
    pub(super) fn descend_in_seek(&mut self) -> &mut Core<R> {
        K::descend(&mut self.layer)
    }
}
