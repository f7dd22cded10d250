//! The executor of the whole process: a binary of its own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use aiofiles::{Error, delegate, executor};
use common::{Counting, Dir};
use futures::executor::block_on;

#[test]
fn default_executor_is_set_once_and_comes_before_the_runtime() {
    let error = block_on(delegate(|| ())).unwrap_err();
    assert!(matches!(error, Error::NoRuntime { .. }), "{error}");
    let counting = Counting::default();
    executor::set_default(counting.clone()).unwrap();
    assert!(executor::set_default(Counting::default()).is_err());
    let path = Dir::new().join("no/such/file");
    block_on(aiofiles::open(&path).into_future()).unwrap_err();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async { aiofiles::open(&path).await.unwrap_err() });
    assert_eq!(counting.count("open"), 2);
}
