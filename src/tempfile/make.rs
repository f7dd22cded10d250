//! How each kind of temporary file is made, once its keywords are checked.

use std::fmt;
use std::fs::File;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use super::named::NamedTemporaryFile;
use super::place::{CreateAnonymous, CreateNamed, Place};
use super::spool::Spool;
use super::spooled::SpooledTemporaryFile;
use super::{Anonymous, Named, Spooled};
use crate::delegate::Hop;
use crate::error::Result;
use crate::executor::Chosen;
use crate::file::core::{Core, Meta};
use crate::open::{Kind, Plan};
use crate::raw_io::RawIo;

/// What a [`Temporary`](super::Temporary) makes: [`Anonymous`], [`Named`] or [`Spooled`].
pub trait Make: sealed::Made {}

/// [`Anonymous`] or [`Named`]: a file that is on disk from the start, so it may be of
/// any kind, also unbuffered.
pub trait OnDisk: Make {}

mod sealed {
    use super::{Future, Kind, Request, Result};

    pub trait Made: Sized + Send + 'static {
        type Output<K: Kind>: Send;

        #[doc(hidden)]
        fn make<K: Kind>(
            request: Request<Self>,
        ) -> impl Future<Output = Result<Self::Output<K>>> + Send;

        /// Runs at the end of `with`.
        #[doc(hidden)]
        fn finish<K: Kind>(made: &mut Self::Output<K>) -> impl Future<Output = Result<()>> + Send;
    }
}
use sealed::Made;

/// A call whose keywords were checked.
pub struct Request<W> {
    pub(super) place: Place,
    pub(super) what: W,
    pub(super) plan: Plan,
    pub(super) executor: Chosen,
    pub(super) nowait: Option<bool>,
}

impl<W> Request<W> {
    /// Makes the file over `raw`, with the position 0.
    fn build<R: RawIo, K: Kind>(
        self,
        raw: R,
        name: Option<Arc<Path>>,
        executor: Chosen,
        nowait_suits: bool,
    ) -> K::Of<R> {
        let mode = self.plan.mode;
        let meta = Meta {
            name,
            mode: std::borrow::Cow::Borrowed(mode.canonical()),
            readable: mode.readable(),
            writable: mode.writable(),
            append: mode.append(),
            seekable: true,
            isatty: false,
        };
        let mut core = Core::new(raw, meta, Some(executor));
        core.capacity = self.plan.capacity;
        core.set_pos(Some(0));
        core.set_nowait(self.nowait, Some(nowait_suits));
        K::build(core, self.plan)
    }
}

impl Make for Anonymous {}
impl OnDisk for Anonymous {}

impl Made for Anonymous {
    type Output<K: Kind> = K::Of<File>;

    async fn make<K: Kind>(request: Request<Self>) -> Result<K::Of<File>> {
        let call = Hop::new(CreateAnonymous {
            place: request.place.clone(),
            append: request.plan.mode.append(),
        });
        let (file, suits) = call.on(Some(request.executor.clone())).await?;
        let executor = request.executor.clone();
        Ok(request.build::<_, K>(file, None, executor, suits))
    }

    async fn finish<K: Kind>(file: &mut K::Of<File>) -> Result<()> {
        K::close(file).await
    }
}

impl Make for Named {}
impl OnDisk for Named {}

impl Made for Named {
    type Output<K: Kind> = NamedTemporaryFile<K>;

    async fn make<K: Kind>(request: Request<Self>) -> Result<NamedTemporaryFile<K>> {
        let call = Hop::new(CreateNamed {
            place: request.place.clone(),
            append: request.plan.mode.append(),
            executor: request.executor.clone(),
        });
        let (file, mut entry, suits) = call.on(Some(request.executor.clone())).await?;
        let Named {
            delete,
            delete_on_close,
        } = request.what;
        entry.delete(delete);
        let (name, executor) = (entry.path().clone(), request.executor.clone());
        let file = request.build::<_, K>(file, Some(name), executor, suits);
        Ok(NamedTemporaryFile::new(
            file,
            entry,
            delete && delete_on_close,
        ))
    }

    async fn finish<K: Kind>(file: &mut NamedTemporaryFile<K>) -> Result<()> {
        file.finish().await
    }
}

impl Make for Spooled {}

impl Made for Spooled {
    type Output<K: Kind> = SpooledTemporaryFile<K>;

    async fn make<K: Kind>(request: Request<Self>) -> Result<SpooledTemporaryFile<K>> {
        let append = request.plan.mode.append();
        let (spool, shared) = Spool::new(request.what.max_size, request.place.clone(), append);
        let executor = shared.executor(request.executor.clone());
        let capacity = request.plan.capacity;
        let file = request.build::<_, K>(spool, None, executor, false);
        Ok(SpooledTemporaryFile::new(file, shared, capacity))
    }

    async fn finish<K: Kind>(file: &mut SpooledTemporaryFile<K>) -> Result<()> {
        K::close(file).await
    }
}

impl<W> fmt::Debug for Request<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").finish_non_exhaustive()
    }
}
