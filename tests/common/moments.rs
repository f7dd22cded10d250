//! A call that is gone on with step by step, and given up between two.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use aiofiles::executor::ManualExecutor;

/// Goes on with a call for so many moments, each a poll or a job; `None` if that is not
/// all, and it is given up.
pub(crate) fn go_on<F: Future>(
    call: F,
    jobs: &ManualExecutor,
    moments: usize,
) -> Option<F::Output> {
    let mut call = pin!(call);
    for moment in 0..=moments {
        if moment % 2 == 1 {
            jobs.run_one();
        } else if let Poll::Ready(done) =
            call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        {
            return Some(done);
        }
    }
    None
}

/// To its end.
pub(crate) fn whole<F: Future>(call: F, jobs: &ManualExecutor) -> F::Output {
    let done = go_on(call, jobs, 1000);
    let done = done.expect("a call comes to its end");
    jobs.run_all();
    done
}
