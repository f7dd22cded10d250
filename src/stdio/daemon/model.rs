//! The thread of a stream under the model checker: it runs all jobs, one after the other,
//! and ends with the stream.

use std::panic::resume_unwind;
use std::sync::Arc;

use futures::future::join_all;

use super::*;
use crate::delegate;
use crate::model::{Count, block_on, explore, join};
use crate::sync::checked::{Pace, point};

#[test]
fn jobs_of_all_are_run_one_at_a_time() {
    explore(&[Pace::Punctual], || {
        let daemon = Arc::new(Daemon::new("aiofiles-model"));
        let (inside, ran) = (Count::default(), Count::default());
        let users = [(); 2].map(|()| {
            let (daemon, inside, ran) = (daemon.clone(), inside.clone(), ran.clone());
            thread::spawn(move || {
                let calls = [(); 2].map(|()| {
                    let (inside, ran) = (inside.clone(), ran.clone());
                    let job = move || {
                        let before = inside.get();
                        inside.add();
                        point();
                        assert_eq!(inside.get(), before + 1, "nobody else is inside");
                        ran.add();
                        resume_unwind(Box::new("a job"));
                    };
                    delegate::<_, ()>(job).executor(daemon.clone())
                });
                for result in block_on(join_all(calls)) {
                    assert!(matches!(result, Err(crate::Error::Panicked { .. })));
                }
            })
        });
        users.into_iter().for_each(join);
        assert_eq!(ran.get(), 4);
    });
}
