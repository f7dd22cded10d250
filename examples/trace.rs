//! Logs every blocking call of a program, with its path, the time it waited and
//! the time it took: `cargo run --release --example trace -- FILE...`.
//!
//! [`Trace`] is an executor around another one, which does the work. To have
//! `tracing` spans instead of lines, open a span in `execute` and hand on
//! `job.wrap(move |run| span.in_scope(|| { run(); }))`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aiofiles::ThreadPoolExecutor;
use aiofiles::executor::{Executor, Job, Outcome, Refused};
use clap::Parser;

/// Counts the lines of files, and logs every blocking call on the standard error.
#[derive(Parser)]
#[command(name = "trace")]
struct Args {
    /// What to count the lines of
    #[arg(value_name = "FILE", required = true)]
    paths: Vec<PathBuf>,
}

/// Lets `inner` run the jobs, and calls `log` after each job, before the caller gets its
/// result.
struct Trace<E, L> {
    inner: E,
    log: L,
}

/// What the log says about one job.
struct Record<'a> {
    op: &'static str,
    path: Option<&'a Path>,
    /// From the call to the moment a thread was free for it.
    waited: Duration,
    /// On that thread.
    took: Duration,
    outcome: Outcome,
}

impl<E, L> Executor for Trace<E, L>
where
    E: Executor,
    L: Fn(Record<'_>) + Clone + Send + Sync + 'static,
{
    fn execute(&self, job: Job) -> Result<(), Refused> {
        let (log, called) = (self.log.clone(), Instant::now());
        let (op, path) = (job.op(), job.path().map(Path::to_owned));
        self.inner.execute(job.wrap(move |run| {
            let begun = Instant::now();
            let outcome = run();
            log(Record {
                op,
                path: path.as_deref(),
                waited: begun - called,
                took: begun.elapsed(),
                outcome,
            });
        }))
    }

    // `allows_nowait` stays `false`: a read from the page cache is no job, so it would not be
    // seen here.
}

fn show(record: Record<'_>) {
    let path = record.path.unwrap_or(Path::new("-"));
    let how = match record.outcome {
        Outcome::Panicked => " panicked",
        _ => "",
    };
    let line = format!(
        "{:<10} waited {:>9.1?} took {:>9.1?}{how} {}\n",
        record.op,
        record.waited,
        record.took,
        path.display()
    );
    // Each line is one write: standard error has no buffer, and other threads write too.
    eprint!("{line}");
}

async fn count_lines(path: &Path) -> aiofiles::Result<u64> {
    let mut lines = aiofiles::open(path).binary().await?;
    let mut count = 0;
    while lines.next_line().await?.is_some() {
        count += 1;
    }
    lines.close().await?;
    Ok(count)
}

#[tokio::main]
async fn main() -> ExitCode {
    let Args { paths } = Args::parse();
    let pool = ThreadPoolExecutor::new(4);
    let trace = Trace {
        inner: pool.clone(),
        log: show,
    };
    // Once, for all calls of the program.
    if let Err(error) = aiofiles::executor::set_default(trace) {
        eprintln!("trace: {error}");
        return ExitCode::FAILURE;
    }
    let mut code = ExitCode::SUCCESS;
    for path in &paths {
        match count_lines(path).await {
            Ok(count) => println!("{count} {}", path.display()),
            Err(error) => {
                eprintln!("trace: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    pool.shutdown().await;
    code
}
