//! One sequence of operations on one file, from its seed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use aiofiles::wrap;

use super::bytes::{self, binary_step, raw_step};
use super::common::{Gate, Memory, Random, Stepped, poll_once, variable};
use super::driver::{Driver, Faults, Outcome};
use super::model::Model;
use super::text::{self, CODINGS, text_step};

/// Gives the file, with whatever jobs that takes.
fn made<F>(jobs: &Stepped, wrap: impl IntoFuture<Output = aiofiles::Result<F>>) -> F {
    let mut future = std::pin::pin!(wrap.into_future());
    loop {
        if let Some(file) = poll_once(future.as_mut()) {
            return file.unwrap();
        }
        jobs.take().expect("a job").1.run();
    }
}

/// Closes or drops the file, and looks at what is left.
macro_rules! end {
    ($d:ident, $file:ident, $expected:expr) => {{
        // What fails now is lost for good, and rightly so.
        $d.heal();
        $d.settle_quietly();
        if $d.random.one_in(2) {
            for _ in 0..4 {
                let before = $d.jobs.count();
                let closed = $d.drive("close".into(), $file.close(), "", None, false);
                let begun = (before..$d.jobs.count()).any(|job| $d.jobs.verb(job) == "close");
                match closed {
                    Outcome::Value(()) => {
                        assert!($file.closed() && $d.memory.closed(), "closed");
                        break;
                    }
                    Outcome::Abandoned if begun => {
                        $d.settle_quietly();
                        assert!($file.closed(), "it goes on");
                        break;
                    }
                    Outcome::Failed | Outcome::Abandoned => {}
                }
            }
        }
        $d.log.push("drop".into());
        drop($file);
        $d.settle_quietly();
        assert!($d.memory.dropped(), "closed");
        let expected: Vec<u8> = $expected;
        assert_eq!(
            String::from_utf8_lossy(&$d.memory.data()),
            String::from_utf8_lossy(&expected),
            "in the end"
        );
    }};
}

fn bytes_sequence(d: &mut Driver<u8>, kind: usize, mode: &str) {
    let buffering = 1 + d.random.below(40);
    let operations = 1 + d.random.below(24);
    let (stream, jobs) = (d.memory.stream(), d.jobs.clone());
    d.log.push(format!(
        "bytes, mode {mode}, buffering {buffering}, kind {kind}"
    ));
    if kind == 0 {
        let mut file = made(&d.jobs, wrap(stream).raw().mode(mode).executor(jobs));
        d.begin(false);
        (0..operations).for_each(|_| raw_step(d, &mut file));
        end!(d, file, d.model.data.clone());
    } else {
        let mut file = made(
            &d.jobs,
            wrap(stream)
                .binary()
                .mode(mode)
                .buffering(buffering)
                .executor(jobs),
        );
        d.begin(true);
        (0..operations).for_each(|_| binary_step(d, &mut file));
        end!(d, file, d.model.data.clone());
    }
}

fn text_sequence(d: &mut Driver<char>, coding: &text::Coding) {
    let buffering = 2 + d.random.below(40);
    let operations = 1 + d.random.below(24);
    let (stream, jobs) = (d.memory.stream(), d.jobs.clone());
    d.log.push(format!(
        "text, {} ({}), buffering {buffering}",
        coding.label, coding.width
    ));
    let mode = if coding.width > 0 { "r+" } else { "r" };
    let newline = if coding.width > 0 { "\n" } else { "" };
    let wrapped = wrap(stream).text().mode(mode).newline(newline);
    let wrapped = wrapped.encoding(coding.label).buffering(buffering);
    let mut file = made(&d.jobs, wrapped.executor(jobs));
    d.begin(true);
    let mut places = Vec::new();
    (0..operations).for_each(|_| text_step(d, &mut file, coding, &mut places));
    let expected =
        |d: &Driver<char>| text::encode(coding, &d.model.data.iter().collect::<String>());
    end!(d, file, expected(d));
}

/// Runs one sequence; how many operations of it were abandoned.
fn sequence(seed: u64, gate: &Rc<Gate>, attach: &dyn Fn(&Memory), faults: Faults) -> usize {
    let mut random = Random::new(seed);
    let kind = random.below(3);
    if kind < 2 {
        let data = bytes::data(&mut random, 120);
        let memory = Memory::new(data.clone());
        attach(&memory);
        // Behind a failed append only the stream knows where it is.
        let append = faults != Faults::Stream && random.one_in(6);
        if append {
            memory.append_mode();
        }
        let (mode, pos) = if append {
            ("a+", data.len())
        } else {
            ("r+", 0)
        };
        let (zero, newline) = (0, b'\n');
        let model = Model {
            data,
            pos,
            append,
            zero,
            newline,
        };
        let mut driver = Driver::new(random.next(), model, memory, gate.clone(), faults);
        guarded(seed, &mut driver, |d| bytes_sequence(d, kind, mode));
        driver.abandoned
    } else {
        let coding = &CODINGS[random.below(CODINGS.len())];
        let content = text::text(&mut random, coding, 100);
        let memory = Memory::new(text::encode(coding, &content));
        attach(&memory);
        let (data, zero, newline) = (content.chars().collect(), '\0', '\n');
        let (pos, append) = (0, false);
        let model = Model {
            data,
            pos,
            append,
            zero,
            newline,
        };
        let mut driver = Driver::new(random.next(), model, memory, gate.clone(), faults);
        guarded(seed, &mut driver, |d| text_sequence(d, coding));
        driver.abandoned
    }
}

/// Shows the seed and what was done, should it panic.
fn guarded<T>(seed: u64, driver: &mut Driver<T>, run: impl FnOnce(&mut Driver<T>)) {
    let result = catch_unwind(AssertUnwindSafe(|| run(driver)));
    if let Err(panic) = result {
        eprintln!("seed {seed}:\n  {}", driver.log.join("\n  "));
        driver.finish_running();
        std::panic::resume_unwind(panic);
    }
}

/// Runs `AIOFILES_SEQUENCES` sequences (5,000), or the one of `AIOFILES_SEED`.
pub(crate) fn sequences(faults: Faults) {
    let (gate, attach) = Gate::new();
    let gate = Rc::new(gate);
    if let Some(seed) = variable("AIOFILES_SEED") {
        sequence(seed, &gate, &attach, faults);
        return;
    }
    let count = variable("AIOFILES_SEQUENCES").unwrap_or(5_000);
    let mut abandoned = 0;
    for seed in 0..count {
        abandoned += sequence(seed, &gate, &attach, faults);
    }
    assert!(
        abandoned as u64 > count,
        "{abandoned}: it is about abandoned operations"
    );
}
