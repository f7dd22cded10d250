//! Tables: one a workload, and the bars at the end.

use crate::harness::{Measured, Sample};
use crate::peers::{OURS, OURS_OWNED, STD, TOKIO};
use crate::workload::{Against, Workload};

fn wall(sample: &Sample) -> f64 {
    sample.wall
}

fn cpu(sample: &Sample) -> f64 {
    sample.cpu
}

/// A bar and what was measured against it.
pub struct Verdict {
    pub name: String,
    pub measured: f64,
    pub bar: f64,
    pub against: String,
}

fn find<'a>(results: &'a [Measured], name: &str) -> Option<&'a Measured> {
    let measured = results.iter().find(|measured| measured.name == name)?;
    measured.error.is_none().then_some(measured)
}

/// The fastest of those that are neither std nor this crate.
fn best_async(results: &[Measured]) -> Option<&Measured> {
    results
        .iter()
        .filter(|peer| ![STD, OURS, OURS_OWNED].contains(&peer.name) && peer.error.is_none())
        .min_by(|a, b| {
            a.median(wall)
                .unwrap_or(f64::MAX)
                .total_cmp(&b.median(wall).unwrap_or(f64::MAX))
        })
}

/// Prints what was measured; `false` if the peers did not all do the same work.
pub fn table(workload: Workload, results: &[Measured]) -> bool {
    println!("\n{}: {}", workload.name(), workload.title());
    println!(
        "  {:<18}{:>10}{:>10}{:>8}{:>8}",
        "", "wall, ms", "CPU, ms", "x std", "x best"
    );
    let std = find(results, STD);
    let best = best_async(results);
    let mut same_work = true;
    for measured in results {
        if let Some(error) = &measured.error {
            println!("  {:<18}failed: {error}", measured.name);
            same_work = false;
            continue;
        }
        let number = |value: Option<f64>, digits: usize| match value {
            Some(value) => format!("{value:.digits$}"),
            None => "-".to_owned(),
        };
        let ms = |value: Option<f64>| number(value.map(|seconds| seconds * 1e3), 1);
        let to = |other: Option<&Measured>| number(other.and_then(|o| measured.ratio(o, wall)), 2);
        let differs = std.is_some_and(|std| std.tally != measured.tally);
        same_work &= !differs;
        println!(
            "  {:<18}{:>10}{:>10}{:>8}{:>8}{}",
            measured.name,
            ms(measured.median(wall)),
            ms(measured.median(cpu)),
            to(std),
            to(best),
            if differs { "  DID OTHER WORK" } else { "" },
        );
    }
    same_work
}

/// The row of a workload in README.md, if it has one there.
pub fn row(workload: Workload, results: &[Measured]) -> Option<String> {
    let title = workload.readme()?;
    let std = find(results, STD)?;
    let number = |ratio: f64| match ratio {
        10.0.. => format!("{ratio:.0}"),
        3.0.. => format!("{ratio:.1}"),
        _ => format!("{ratio:.2}"),
    };
    let to_std = |peer: Option<&Measured>| peer?.ratio(std, wall).map(number);
    let best = best_async(results);
    let best = match (to_std(best), best) {
        (Some(ratio), Some(best)) => format!("{ratio} ({})", best.name),
        _ => "-".to_owned(),
    };
    let or_dash = |ratio: Option<String>| ratio.unwrap_or_else(|| "-".to_owned());
    let (ours, tokio) = (to_std(find(results, OURS)), to_std(find(results, TOKIO)));
    Some(format!(
        "| {title} | {} | {best} | {} |\n",
        or_dash(ours),
        or_dash(tokio)
    ))
}

/// The table of README.md.
pub fn markdown(rows: &[String]) -> String {
    let head = "| | aiofiles | best other async | tokio::fs |\n|---|---|---|---|\n";
    format!("{head}{}", rows.concat())
}

/// The bars of a workload, for wall and CPU time.
pub fn verdicts(workload: Workload, results: &[Measured]) -> Vec<Verdict> {
    let Some(ours) = find(results, OURS) else {
        return Vec::new();
    };
    let (bar, against) = workload.bar();
    let other = match against {
        Against::Std => find(results, STD),
        Against::BestAsync => best_async(results),
        Against::Tokio => find(results, TOKIO),
    };
    let verdict = |name: &str, bar, other: Option<&Measured>, of: fn(&Sample) -> f64| {
        let other = other?;
        Some(Verdict {
            name: name.to_owned(),
            measured: ours.ratio(other, of)?,
            bar,
            against: other.name.to_owned(),
        })
    };
    let cpu_name = format!("{}, CPU", workload.name());
    [
        verdict(workload.name(), bar, other, wall),
        verdict(&cpu_name, 1.0, find(results, TOKIO), cpu),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Prints every bar, and what is over it.
pub fn summary(verdicts: &[Verdict]) {
    println!("\n{:<24}{:>10}{:>8}  of", "bars", "measured", "bar");
    for verdict in verdicts {
        println!(
            "{:<24}{:>10.2}{:>8.2}  {}{}",
            verdict.name,
            verdict.measured,
            verdict.bar,
            verdict.against,
            if verdict.measured > verdict.bar {
                "  OVER"
            } else {
                ""
            },
        );
    }
}
