//! One sequence of operations on one file, from its seed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use aiofiles::{RawIo, wrap};

use super::bytes::{self, binary_step, raw_step};
use super::common::{Dir, Gate, Memory, Random, Stepped, Wavering};
use super::common::{cache_answers, poll_once, variable};
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
        // With a job under way too, but for one whose effect would be recalled.
        let at_once = $d.is_settled() && $d.random.one_in(3);
        if !at_once {
            $d.settle_quietly();
        }
        if !at_once && $d.random.one_in(2) {
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

fn bytes_sequence<R: RawIo>(d: &mut Driver<u8>, stream: R, kind: usize, mode: &str) {
    let buffering = 1 + d.random.below(40);
    let operations = 1 + d.random.below(24);
    let jobs = d.executor.clone();
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

fn text_sequence<R: RawIo>(d: &mut Driver<char>, stream: R, coding: &text::Coding) {
    let buffering = 2 + d.random.below(40);
    let operations = 1 + d.random.below(24);
    let mode = match (coding.width > 0, d.model.append) {
        (false, _) => "r",
        (true, false) => "r+",
        (true, true) => "a+",
    };
    // What became of a write that fails can be told where it is known to begin.
    let may_flush = mode == "r+";
    let lines = may_flush && d.random.one_in(4);
    let through = may_flush && d.random.one_in(8);
    let jobs = d.executor.clone();
    d.log.push(format!(
        "text, {} ({}), mode {mode}, buffering {buffering}, lines {lines}, through {through}",
        coding.label, coding.width
    ));
    let newline = if coding.width > 0 { "\n" } else { "" };
    let wrapped = wrap(stream).text().mode(mode).newline(newline);
    let wrapped = wrapped.encoding(coding.label).buffering(buffering);
    let wrapped = wrapped.line_buffering(lines).write_through(through);
    let mut file = made(&d.jobs, wrapped.executor(jobs));
    d.begin(true);
    let mut places = Vec::new();
    (0..operations).for_each(|_| text_step(d, &mut file, coding, &mut places));
    let expected =
        |d: &Driver<char>| text::encode(coding, &d.model.data.iter().collect::<String>());
    end!(d, file, expected(d));
}

/// What all sequences of a test have in common.
struct Stage<'a> {
    gate: Rc<Gate>,
    attach: &'a dyn Fn(&Memory),
    faults: Faults,
    /// Where true files are made, if they are to be used.
    dir: Option<&'a Dir>,
}

/// How much of what was to be shown did happen.
#[derive(Default)]
struct Shown {
    abandoned: usize,
    /// Reads that took no job.
    hits: usize,
}

impl Stage<'_> {
    /// Runs `body` on what `model` says is there, in memory or on the disk.
    fn set<T>(
        &self,
        seed: u64,
        random: &mut Random,
        data: Vec<u8>,
        model: Model<T>,
        in_memory: impl FnOnce(&mut Driver<T>, super::common::Stream),
        on_disk: impl FnOnce(&mut Driver<T>, std::fs::File),
    ) -> Shown {
        let (gate, faults, append) = (self.gate.clone(), self.faults, model.append);
        let mut shown = Shown::default();
        if let Some(dir) = self.dir {
            let (memory, file) = Memory::on_disk(dir.join("f"), &data, append);
            let mut driver = Driver::new(random.next(), model, memory, gate, faults);
            let wavering = Wavering::new(driver.jobs.clone(), random.next());
            driver.executor = Arc::new(wavering.clone());
            guarded(seed, &mut driver, |d| on_disk(d, file));
            (shown.abandoned, shown.hits) = (driver.abandoned, wavering.hits());
        } else {
            let memory = Memory::new(data);
            (self.attach)(&memory);
            if append {
                memory.append_mode();
            }
            let stream = memory.stream();
            let mut driver = Driver::new(random.next(), model, memory, gate, faults);
            guarded(seed, &mut driver, |d| in_memory(d, stream));
            shown.abandoned = driver.abandoned;
        }
        shown
    }

    /// Runs one sequence.
    fn sequence(&self, seed: u64) -> Shown {
        let mut random = Random::new(seed);
        let kind = random.below(3);
        if kind < 2 {
            let data = bytes::data(&mut random, 120);
            let append = random.one_in(6);
            let (mode, pos) = if append {
                ("a+", data.len())
            } else {
                ("r+", 0)
            };
            let (zero, newline) = (0, b'\n');
            let model = Model {
                data: data.clone(),
                pos,
                append,
                zero,
                newline,
            };
            self.set(
                seed,
                &mut random,
                data,
                model,
                |d, stream| bytes_sequence(d, stream, kind, mode),
                |d, file| bytes_sequence(d, file, kind, mode),
            )
        } else {
            let coding = &CODINGS[random.below(CODINGS.len())];
            let content = text::text(&mut random, coding, 100);
            let encoded = text::encode(coding, &content);
            let (data, zero, newline) = (content.chars().collect(), '\0', '\n');
            let append = coding.width > 0 && random.one_in(6);
            let pos = if append { content.chars().count() } else { 0 };
            let model = Model {
                data,
                pos,
                append,
                zero,
                newline,
            };
            self.set(
                seed,
                &mut random,
                encoded,
                model,
                |d, stream| text_sequence(d, stream, coding),
                |d, file| text_sequence(d, file, coding),
            )
        }
    }

    /// Runs `AIOFILES_SEQUENCES` sequences (5,000), or the one of `AIOFILES_SEED`.
    fn run(&self) {
        if let Some(seed) = variable("AIOFILES_SEED") {
            self.sequence(seed);
            return;
        }
        let count = variable("AIOFILES_SEQUENCES").unwrap_or(5_000);
        let (mut abandoned, mut hits) = (0, 0);
        for seed in 0..count {
            let shown = self.sequence(seed);
            abandoned += shown.abandoned;
            hits += shown.hits;
        }
        assert!(
            abandoned as u64 > count,
            "{abandoned}: it is about abandoned operations"
        );
        let inline = self.dir.is_some_and(|dir| {
            let path = dir.join("some");
            std::fs::write(&path, "some").unwrap();
            cache_answers(&path)
        });
        assert!(!inline || hits as u64 > count / 2, "{hits} without a job");
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

/// Runs sequences on streams in memory.
pub(crate) fn sequences(faults: Faults) {
    let (gate, attach) = Gate::new();
    let stage = Stage {
        gate: Rc::new(gate),
        attach: &attach,
        faults,
        dir: None,
    };
    stage.run();
}

/// Runs sequences on a true file, some of whose reads are served without a job.
#[allow(dead_code, reason = "for the tests of cancellation, on Linux")]
pub(crate) fn sequences_on_disk(faults: Faults) {
    let (gate, attach) = Gate::new();
    let dir = Dir::new();
    let stage = Stage {
        gate: Rc::new(gate),
        attach: &attach,
        faults,
        dir: Some(&dir),
    };
    stage.run();
}
