//! Cases that do the same, side by side in rounds, so that what slows a machine down
//! for a while slows all of them.

use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

/// One way to do it. What it returns must be the same for all: the proof of work.
pub(crate) struct Case<'a> {
    name: &'static str,
    run: Box<dyn FnMut() -> u64 + 'a>,
}

/// A case by its name.
pub(crate) fn case<'a>(name: &'static str, run: impl FnMut() -> u64 + 'a) -> Case<'a> {
    let run = Box::new(run);
    Case { name, run }
}

/// CPU time of the process so far, in seconds.
fn cpu_time() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

/// Runs all cases `rounds` times and prints, for each, the medians of its wall and CPU
/// time and of their ratios to those of the first case, round by round. `prepare` is
/// called before each run, with the name of the case, and is not counted. For a profile,
/// the environment variable `AIOFILES_BENCH_ONLY` picks the cases that have it in their
/// name.
pub(crate) fn compare(
    title: &str,
    rounds: usize,
    mut prepare: impl FnMut(&str),
    cases: Vec<Case<'_>>,
) {
    println!("\n{title}");
    println!(
        "  {:<30}{:>10}{:>8}{:>10}{:>8}",
        "", "wall, ms", "ratio", "CPU, ms", "ratio"
    );
    let only = std::env::var("AIOFILES_BENCH_ONLY").unwrap_or_default();
    let wanted = cases.into_iter().filter(|case| case.name.contains(&only));
    let mut cases: Vec<_> = wanted.map(|case| (case, Vec::new())).collect();
    let mut work = None;
    let count = cases.len();
    // Round 0 warms up: threads, allocator, branch predictors.
    for round in 0..=rounds {
        for turn in 0..count {
            let (case, samples) = &mut cases[(turn + round) % count];
            prepare(case.name);
            let (cpu, start) = (cpu_time(), Instant::now());
            let done = (case.run)();
            let sample = (start.elapsed().as_secs_f64(), cpu_time() - cpu);
            assert_eq!(
                *work.get_or_insert(done),
                done,
                "{} did other work",
                case.name
            );
            if round > 0 {
                samples.push(sample);
            }
        }
    }
    let first = cases[0].1.clone();
    for (case, samples) in &cases {
        let ratio = |of: fn(&(f64, f64)) -> f64| {
            let pairs = samples.iter().zip(&first);
            median(pairs.map(|(own, first)| of(own) / of(first)).collect())
        };
        let ms = |of: fn(&(f64, f64)) -> f64| median(samples.iter().map(of).collect()) * 1e3;
        println!(
            "  {:<30}{:>10.1}{:>8.2}{:>10.1}{:>8.2}",
            case.name,
            ms(|sample| sample.0),
            ratio(|sample| sample.0),
            ms(|sample| sample.1),
            ratio(|sample| sample.1),
        );
    }
}
