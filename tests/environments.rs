//! Every public operation in the environments of strangers: full and failing disks, file
//! systems that lie, no rights, no descriptors. A table, so that an operation without a
//! row fails: what an environment does not touch goes on as ever, what it touches fails
//! with the error of the system, nothing hangs, no descriptor is left, and once the
//! environment is well, all is as ever.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "environments/alone.rs"]
mod alone;
mod common;
#[path = "environments/disks.rs"]
mod disks;
#[path = "environments/env.rs"]
mod env;
#[path = "environments/liar.rs"]
mod liar;
#[path = "environments/listings.rs"]
mod listings;
#[path = "environments/operations.rs"]
mod operations;
#[path = "common/public.rs"]
mod public;
#[path = "environments/special.rs"]
mod special;

use env::Env;
use operations::{APART, Needs};

const ALL: &[Needs] = &[Needs::Content, Needs::All];
const CONTENT_ALONE: &[Needs] = &[Needs::Content];

#[test]
fn every_public_operation_goes_through_the_environments() {
    let dir = tempfile::tempdir().unwrap();
    let env = Env::new(dir.path(), &[]);
    env.play(ALL, || {}, || {});
    let mut known = public::by_name(APART);
    known.extend(env.tried.take());
    public::assert_all(&known);
}
