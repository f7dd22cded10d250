//! Every operation of a file on a stream that does something odd in one of the calls
//! that the operation makes of it, each in turn.

use aiofiles::executor::{Executor, InlineExecutor};
use aiofiles::{Error, ThreadPoolExecutor, wrap};
use futures::executor::block_on;

use super::odd::{Deed, Memory};
use super::operations::{
    BEFORE, BINARY, CONTENT, Operation, RAW, TEXT, Went, try_binary, try_raw, try_text,
};

const DEEDS: [Deed; 9] = [
    Deed::Nothing,
    Deed::Panics,
    Deed::PanicsAgain,
    Deed::OneMore,
    Deed::Largest,
    Deed::FarAway,
    Deed::Stalls,
    Deed::Interrupted(100),
    Deed::ComesBack,
];

/// Has a stream do so in the call after `good` others.
fn plan(deed: Deed, good: usize, executor: &(impl Executor + Clone)) -> impl FnOnce(&Memory) {
    let executor = executor.clone();
    move |memory| {
        memory.on_return(move || {
            let other = Memory::new(CONTENT);
            let made = wrap(other.stream()).executor(executor.clone());
            // In another `block_on`, which that of `futures` does not allow.
            smol::block_on(async {
                let mut other = made.await.unwrap();
                other.write(b"x").await.unwrap();
                other.close().await.unwrap();
            });
        });
        memory.plan(deed, good);
    }
}

/// One row of the table: a deed in each call that the operation makes.
fn row<F>(
    kind: &str,
    (name, operation): (&str, Operation<F>),
    tried: impl Fn(Operation<F>, &str, Deed, usize) -> Went,
) -> usize {
    let mut happened = 0;
    for before in BEFORE {
        let good = tried(operation, before, Deed::Nothing, usize::MAX);
        let expected = good.result.expect("nothing odd happens");
        // What there is if the operation did nothing.
        let mut untouched = CONTENT.to_vec();
        if before == "written" {
            untouched[..3].copy_from_slice(b"new");
        }
        for deed in DEEDS {
            // A stream that has nothing but its cursor is asked where that is, and brought
            // back there: it is where it said it was.
            let far = matches!(deed, Deed::FarAway | Deed::Largest);
            if far && name.ends_with("_at") {
                continue;
            }
            for call in 0..good.calls {
                let at = format!("{kind} {name} after {before}, {deed:?} in call {call}");
                let went = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    tried(operation, before, deed, call)
                }));
                let went = went.unwrap_or_else(|_| panic!("{at}"));
                happened += usize::from(went.happened);
                let panics = matches!(deed, Deed::Panics | Deed::PanicsAgain);
                let harmless =
                    matches!(deed, Deed::Nothing | Deed::Interrupted(_) | Deed::ComesBack);
                match &went.result {
                    Ok(given) if *given == expected => {}
                    // What a seek says is where the file is.
                    Ok(_) if matches!(deed, Deed::FarAway | Deed::Largest) => {}
                    // A raw write tells how much it took.
                    Ok(given) => panic!("{at}: {given}, not {expected}"),
                    Err(error) => {
                        assert!(!harmless, "{at}: {error}");
                        // A positional call tells of the cursor first, which it lost.
                        let told = matches!(error, Error::Panicked { .. });
                        let lost = panics && error.to_string().ends_with("panicked in a seek");
                        assert!(told == panics || lost, "{at}: {error}");
                    }
                }
                let both = [&untouched, &good.data];
                // A raw file has no place for what it did not write; an item more or less.
                let partly = kind == "raw" || name == "writelines" || name == "truncate";
                let closed = name == "close" && before == "written";
                if went.result.is_ok() && !far {
                    assert_eq!(
                        String::from_utf8_lossy(&went.data),
                        String::from_utf8_lossy(&good.data),
                        "{at}: {:?}",
                        went.result
                    );
                } else if !both.contains(&&went.data) && !partly && !closed && !far {
                    panic!(
                        "{at}: {:?}: {}",
                        went.result,
                        String::from_utf8_lossy(&went.data)
                    );
                }
            }
        }
    }
    happened
}

fn table(executor: &(impl Executor + Clone)) {
    let mut happened = 0;
    for &entry in BINARY {
        happened += row("binary", entry, |operation, before, deed, good| {
            try_binary(
                operation,
                before,
                executor,
                plan(deed, good, executor),
                Memory::heal,
            )
        });
    }
    for &entry in RAW {
        happened += row("raw", entry, |operation, before, deed, good| {
            try_raw(
                operation,
                before,
                executor,
                plan(deed, good, executor),
                Memory::heal,
            )
        });
    }
    for &entry in TEXT {
        happened += row("text", entry, |operation, before, deed, good| {
            try_text(
                operation,
                before,
                executor,
                plan(deed, good, executor),
                Memory::heal,
            )
        });
    }
    assert!(happened > 2_000, "only {happened} things happened");
}

#[test]
fn a_stream_that_is_odd_once_costs_no_byte_and_no_file() {
    table(&InlineExecutor);
}

#[test]
fn a_stream_that_is_odd_once_costs_no_thread() {
    let pool = ThreadPoolExecutor::new(2);
    table(&pool);
    assert_eq!(
        block_on(aiofiles::delegate(|| 7).executor(pool.clone())).unwrap(),
        7
    );
    block_on(pool.shutdown());
    let stats = pool.stats();
    assert_eq!((stats.running, stats.queued, stats.waiting), (0, 0, 0));
}
