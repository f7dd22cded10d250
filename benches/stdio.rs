//! The standard streams beside cat(1) and std, through pipes.
//!
//! `cargo bench --bench stdio`. This program runs itself as the children; each
//! number is the best and the median of several runs, taken in turns.

use std::io::{BufRead, Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures::StreamExt;

const CHILD: &str = "AIOFILES_BENCH_CHILD";
const RUNS: usize = 11;
const PIECE: usize = 1024 * 1024;

fn main() {
    if let Ok(name) = std::env::var(CHILD) {
        return child(&name);
    }
    let bytes = vec![b'x'; 256 << 20];
    compare("copy of 1 GiB", &bytes, 4, &["cat", "copy"]);
    let lines: String = (0..4_000_000)
        .map(|n| format!("this is line number {n}\n"))
        .collect();
    let cases = [
        "std lines",
        "lines",
        "std read_line",
        "next_line",
        "bytes next_line",
    ];
    compare("4 million lines", lines.as_bytes(), 1, &cases);
}

/// The input is given so many times.
fn compare(what: &str, input: &[u8], count: usize, names: &[&str]) {
    println!("{what}:");
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); names.len()];
    for _ in 0..RUNS {
        for (name, times) in names.iter().zip(&mut times) {
            times.push(run(name, input, count));
        }
    }
    let mut first = None;
    for (name, times) in names.iter().zip(&mut times) {
        times.sort_unstable();
        let (best, median) = (times[0], times[RUNS / 2]);
        let (first_best, first_median) = *first.get_or_insert((best, median));
        println!(
            "  {name:16} best {best:8.1?} ({:.2})  median {median:8.1?} ({:.2})",
            best.as_secs_f64() / first_best.as_secs_f64(),
            median.as_secs_f64() / first_median.as_secs_f64(),
        );
    }
}

/// Feeds a child and drains it.
fn run(name: &str, input: &[u8], count: usize) -> Duration {
    let mut command = if name == "cat" {
        Command::new("cat")
    } else {
        Command::new(std::env::current_exe().expect("this program"))
    };
    command
        .env(CHILD, name)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let begin = Instant::now();
    let mut child = command.spawn().expect("a child");
    let mut stdin = child.stdin.take().expect("piped");
    let mut stdout = child.stdout.take().expect("piped");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for _ in 0..count {
                stdin.write_all(input).expect("the child reads all");
            }
        });
        let mut buf = vec![0; 1 << 20];
        while stdout.read(&mut buf).expect("a pipe") > 0 {}
    });
    assert!(child.wait().expect("a child").success());
    begin.elapsed()
}

fn child(name: &str) {
    let mut count = 0;
    match name {
        "copy" => futures::executor::block_on(copy()).expect("pipes"),
        "std lines" => {
            for line in std::io::stdin().lock().lines() {
                count += line.expect("text").len();
            }
        }
        "std read_line" => {
            let (mut stdin, mut line) = (std::io::stdin().lock(), String::new());
            while stdin.read_line(&mut line).expect("text") > 0 {
                count += line.trim_end().len();
                line.clear();
            }
        }
        "lines" => futures::executor::block_on(async {
            let mut lines = aiofiles::stdin().lines();
            while let Some(line) = lines.next().await {
                count += line.expect("text").len();
            }
        }),
        "next_line" => futures::executor::block_on(async {
            let mut stdin = aiofiles::stdin();
            while let Some(line) = stdin.next_line().await.expect("text") {
                count += line.len();
            }
        }),
        "bytes next_line" => futures::executor::block_on(async {
            let mut stdin = aiofiles::stdin_bytes();
            while let Some(line) = stdin.next_line().await.expect("bytes") {
                count += line.len();
            }
        }),
        _ => unreachable!("every case has its child"),
    }
    std::hint::black_box(count);
}

/// As the example `cat`.
async fn copy() -> aiofiles::Result<()> {
    let (stdin, stdout) = (aiofiles::stdin_bytes(), aiofiles::stdout_bytes());
    let (mut read, mut piece) = stdin.read_owned(Vec::with_capacity(PIECE)).await;
    let mut spare = Vec::with_capacity(PIECE);
    while read? > 0 {
        let ((written, mut done), next) =
            futures::join!(stdout.write_owned(piece), stdin.read_owned(spare));
        written?;
        done.clear();
        spare = done;
        (read, piece) = next;
    }
    Ok(())
}
