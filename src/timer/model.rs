//! The timer under the model checker: everyone is woken in time, and the thread ends when
//! nobody waits.

use super::*;
use crate::model::{begin, begin_alone, block_on, exhaust, explore, join, visitor, with_bad_waker};
use crate::sync::checked::{Pace, passed};

const MS: Duration = Duration::from_millis(1);

/// Checks that the timer has no entries any more. The checker itself checks that the thread
/// ends.
fn nothing_is_left() {
    let timer = lock();
    assert!(timer.sleepers.is_empty() && timer.watched.is_empty());
}

#[test]
fn sleepers_wake_in_time() {
    explore(&[Pace::Punctual], || {
        // The thread is told a time that comes before the one that it waits for.
        let sleepers = [3, 1, 2].map(|time| {
            thread::spawn(move || {
                let due = passed() + time * MS;
                block_on(Sleep::new(time * MS));
                assert_eq!(passed(), due);
            })
        });
        sleepers.into_iter().for_each(join);
        nothing_is_left();
    });
}

#[test]
fn sleeper_wakes_in_time() {
    exhaust(|| {
        block_on(Sleep::new(MS));
        assert_eq!(passed(), MS);
        nothing_is_left();
    });
}

#[test]
fn sleeper_that_comes_as_the_thread_ends_has_another() {
    explore(&[Pace::Punctual, Pace::Anyhow], || {
        let sleepers = [1, 1].map(|time| {
            thread::spawn(move || {
                for _ in 0..2 {
                    block_on(Sleep::new(time * MS));
                }
            })
        });
        sleepers.into_iter().for_each(join);
        nothing_is_left();
    });
}

#[test]
fn sleep_that_is_given_up_leaves_nothing() {
    explore(&[Pace::Punctual], || {
        let short = thread::spawn(|| drop(begin_alone(Sleep::new(MS))));
        let long = thread::spawn(|| {
            drop(begin_alone(Sleep::new(3600 * 1000 * MS)));
            block_on(Sleep::new(2 * MS));
        });
        join(short);
        join(long);
        assert!(passed() <= 2 * MS);
        nothing_is_left();
    });
}

#[test]
fn sleeper_may_move_to_another_task() {
    explore(&[Pace::Punctual], || {
        let mut sleep = Sleep::new(2 * MS);
        let first = thread::spawn(move || {
            let polled = with_bad_waker(|cx| Pin::new(&mut sleep).poll(cx));
            assert!(polled.is_pending());
            sleep
        });
        let beside = thread::spawn(|| block_on(Sleep::new(MS)));
        block_on(join(first));
        join(beside);
        assert_eq!(passed(), 2 * MS);
        nothing_is_left();
    });
}

#[test]
fn waker_that_panics_leaves_the_thread_to_the_others() {
    explore(&[Pace::Punctual], || {
        let mut bad = Sleep::new(MS);
        let polled = with_bad_waker(|cx| Pin::new(&mut bad).poll(cx));
        assert!(polled.is_pending());
        let other = thread::spawn(|| block_on(Sleep::new(MS)));
        block_on(Sleep::new(2 * MS));
        join(other);
        assert_eq!(passed(), 2 * MS);
        drop(bad);
        nothing_is_left();
    });
}

#[test]
fn waker_may_come_back_to_the_timer() {
    explore(&[Pace::Punctual], || {
        let (waker, visits) = visitor(|| drop(begin_alone(Sleep::new(MS))));
        let mut sleep = Sleep::new(MS);
        let polled = Pin::new(&mut sleep).poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        // One sleeper is dropped, and another gets a new waker.
        let (other, others) = visitor(|| drop(begin_alone(Sleep::new(MS))));
        let mut context = Context::from_waker(&other);
        drop(begin(Sleep::new(2 * MS), &mut context));
        let moved = begin(Sleep::new(2 * MS), &mut context);
        drop((waker, other));
        block_on(moved);
        assert_eq!(passed(), 2 * MS);
        drop(sleep);
        visits.all_went_well();
        others.all_went_well();
    });
}

#[test]
fn growth_is_noticed_at_the_next_look() {
    explore(&[Pace::Punctual], || {
        let file = Arc::new(::tempfile::tempfile().unwrap());
        let grows = file.clone();
        let followers = [(); 2].map(|()| {
            let file = file.clone();
            thread::spawn(move || assert_eq!(block_on(Growth::new(file, 0)), 3))
        });
        let grows = thread::spawn(move || {
            block_on(Sleep::new(LOOK / 2));
            grows.set_len(3).unwrap();
        });
        drop(begin_alone(Growth::new(file.clone(), 0)));
        followers.into_iter().for_each(join);
        join(grows);
        assert!(passed() <= LOOK);
        nothing_is_left();
        assert_eq!(Arc::strong_count(&file), 1, "it is not kept open");
    });
}
