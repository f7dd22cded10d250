//! Logs every blocking call of a program, with its path, the time it waited and
//! the time it took: `cargo run --release --example trace -- FILE...`.
//!
//! [`Trace`] is an executor around another one, which does the work. To have the
//! lines as `tracing` spans, open a span where `log` is called.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aiofiles::ThreadPoolExecutor;
use aiofiles::executor::{Executor, Job, Refused};

/// Runs jobs on `inner` and tells `log` of each when it has ended. By then its
/// caller may be further on, so the records of one file can change places.
struct Trace<E, L> {
    inner: E,
    log: L,
}

/// What there is to tell of one job.
struct Record<'a> {
    op: &'static str,
    path: Option<&'a Path>,
    /// From the call to the moment a thread was free for it.
    waited: Duration,
    /// On that thread.
    took: Duration,
}

impl<E, L> Executor for Trace<E, L>
where
    E: Executor + Clone,
    L: Fn(Record<'_>) + Clone + Send + Sync + 'static,
{
    fn execute(&self, job: Job) -> Result<(), Refused> {
        // `inner` may hold a job back while it is full; a task waits for it.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return Err(Refused::new(job));
        };
        let (log, called) = (self.log.clone(), Instant::now());
        let traced = aiofiles::delegate(move || {
            let (op, path) = (job.op(), job.path().map(Path::to_owned));
            let (waited, begun) = (called.elapsed(), Instant::now());
            job.run();
            log(Record {
                op,
                path: path.as_deref(),
                waited,
                took: begun.elapsed(),
            });
        });
        let traced = traced.executor(self.inner.clone());
        // A job that `inner` refuses or drops is dropped with the closure, which
        // its caller is told of.
        runtime.spawn(async move { traced.await.ok() });
        Ok(())
    }

    // `allows_nowait` stays `false`: a read out of the page cache is no job, so
    // it would not be seen here.
}

fn show(record: Record<'_>) {
    let path = record.path.unwrap_or(Path::new("-"));
    let line = format!(
        "{:<10} waited {:>9.1?} took {:>9.1?} {}\n",
        record.op,
        record.waited,
        record.took,
        path.display()
    );
    // One write a line: standard error has no buffer, and there are more threads.
    eprint!("{line}");
}

async fn count_lines(path: &str) -> aiofiles::Result<u64> {
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
    let paths: Vec<String> = std::env::args().skip(1).collect();
    if paths.is_empty() {
        eprintln!("usage: trace FILE...");
        return ExitCode::from(2);
    }
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
            Ok(count) => println!("{count} {path}"),
            Err(error) => {
                eprintln!("trace: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    pool.shutdown().await;
    code
}
