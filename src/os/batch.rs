//! Several calls in one job.

use std::io;

use crate::call::{Call, none};

/// The pending call of [`batch`].
///
/// Keywords: `op` (`"run a batch"`), `executor` (the default one).
pub type Batch<T> = Call<T, BatchKeywords>;

/// The keywords of [`Batch`].
#[derive(Debug, Default)]
pub struct BatchKeywords(());

impl<T> Batch<T> {
    /// Names what the closure does, as a verb, for errors, executors and logs
    /// (`"run a batch"`).
    pub fn op(self, op: &'static str) -> Self {
        self.named(op)
    }
}

/// Runs any number of blocking calls in one hop.
///
/// As [`wrap`](crate::os::wrap), but for a closure that returns an [`io::Result`]: its
/// error becomes one of this crate, named by `.op(..)`. A hop to the executor costs
/// more than most system calls, so calls that belong together should share one. Not
/// in Python.
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, the closure still
/// runs to its end.
///
/// # Errors
///
/// The error that the closure returns, with the same kind; `Panicked` if it panics.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let sizes = aiofiles::os::batch(move || {
///     let mut sizes = Vec::new();
///     for i in 0..100 {
///         let path = root.join(format!("{i}"));
///         std::fs::write(&path, "x".repeat(i))?;
///         sizes.push(std::fs::metadata(&path)?.len());
///     }
///     Ok(sizes)
/// })
/// .op("fill the cache")
/// .await?;
/// assert_eq!(sizes.iter().sum::<u64>(), 4950);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub fn batch<F, T>(f: F) -> Batch<T>
where
    F: FnOnce() -> io::Result<T> + Send + 'static,
    T: Send + 'static,
{
    none("run a batch", BatchKeywords::default(), |_| f())
}
