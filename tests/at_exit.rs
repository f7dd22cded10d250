//! Files that are dropped shortly before `main` returns: what they hold is on the
//! disk when the process has ended, whatever the executor.
//!
//! Each scenario is the `main` of a process of its own. Most executors here do
//! nothing by themselves, or are kept busy, until `main` has returned.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "at_exit/outputs.rs"]
mod outputs;
#[path = "at_exit/streams.rs"]
mod streams;

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::channel;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::{Duration, Instant};

use aiofiles::executor::{Executor, InlineExecutor, Job, ManualExecutor, Refused};
use aiofiles::{BinaryFile, ThreadPoolExecutor, TokioExecutor};
use common::{Dir, poll_once};
use futures::executor::block_on;
use outputs::{OUTPUTS, written};
use streams::{read_for_ever, write_slowly};
use tokio::runtime::{Builder, Handle, Runtime};

/// How many files a scenario drops.
const FILES: usize = 100;

/// Less than a buffer, and more than that, with a job under way.
fn content(n: usize) -> Vec<u8> {
    match n % 3 {
        0 => vec![b'a'; 5],
        1 => vec![b'b'; 100_000],
        _ => vec![b'c'; 400_000],
    }
}

/// Writes the files and drops them.
async fn write(dir: &Path, executor: impl Executor + Clone) {
    for n in 0..FILES {
        let open = aiofiles::open(dir.join(n.to_string())).binary().mode("w");
        let open = open.executor(executor.clone());
        fill(open.await.unwrap(), n).await;
    }
}

/// The same with the default executor.
async fn write_by_default(dir: &Path) {
    for n in 0..FILES {
        let open = aiofiles::open(dir.join(n.to_string())).binary().mode("w");
        fill(open.await.unwrap(), n).await;
    }
}

async fn fill(mut file: BinaryFile, n: usize) {
    for part in content(n).chunks(50_000) {
        file.write(part).await.unwrap();
    }
}

/// As [`write`], on files that were opened without a job: for executors that run
/// none.
fn write_opened(dir: &Path, executor: impl Executor + Clone) {
    for n in 0..FILES {
        let file = std::fs::File::create(dir.join(n.to_string())).unwrap();
        let mut made = Box::pin(
            aiofiles::wrap(file)
                .mode("w")
                .buffering(1 << 20)
                .executor(executor.clone())
                .into_future(),
        );
        let mut file = poll_once(made.as_mut()).expect("no job").unwrap();
        let content = content(n);
        // In one poll, whatever else the task has done in its turn.
        let write = tokio::task::unconstrained(file.write(&content));
        poll_once(std::pin::pin!(write)).expect("no job").unwrap();
    }
}

/// The folder of the scenario; `None` in the process that starts them.
fn child_dir() -> Option<PathBuf> {
    std::env::var_os("AIOFILES_CHILD").map(PathBuf::from)
}

fn static_runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap())
}

/// Runs its jobs on a thread for each.
#[derive(Clone)]
struct Threads;

impl Executor for Threads {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        std::thread::spawn(move || job.run());
        Ok(())
    }
}

/// Has each worker of the pool busy until the process ends.
fn occupy(pool: &ThreadPoolExecutor, workers: usize) {
    for _ in 0..workers {
        let (begun, begins) = channel();
        let call = aiofiles::delegate(move || {
            begun.send(()).unwrap();
            loop {
                std::thread::park();
            }
        });
        let mut call = Box::pin(call.executor(pool.clone()));
        assert!(poll_once(call.as_mut()).is_none());
        begins.recv().unwrap();
        std::mem::forget(call);
    }
}

/// Whether the values of the main thread are dropped at its end, by which all that is
/// tested here is done.
fn main_drops_values() -> bool {
    let dir = Dir::new();
    run("main_with_a_value", dir.path(), &Out::Shared) && dir.join("dropped").exists()
}

fn main_with_a_value(dir: &Path) {
    struct Value(PathBuf);
    impl Drop for Value {
        fn drop(&mut self) {
            std::fs::write(&self.0, "").unwrap();
        }
    }
    thread_local! {
        static VALUE: OnceCell<Value> = const { OnceCell::new() };
    }
    VALUE.with(|value| drop(value.set(Value(dir.join("dropped")))));
}

type Scenario = (&'static str, fn(&Path));

const SCENARIOS: &[Scenario] = &[
    ("pool", |dir| {
        let pool = ThreadPoolExecutor::new(4);
        block_on(write(dir, pool));
    }),
    ("pool_in_a_static", |dir| {
        static POOL: LazyLock<ThreadPoolExecutor> = LazyLock::new(|| ThreadPoolExecutor::new(2));
        block_on(write(dir, POOL.clone()));
    }),
    ("pool_as_the_default", |dir| {
        aiofiles::executor::set_default(ThreadPoolExecutor::new(1)).unwrap();
        block_on(write_by_default(dir));
    }),
    ("pool_behind_an_arc_of_an_executor", |dir| {
        let pool: Arc<dyn Executor> = Arc::new(ThreadPoolExecutor::new(2));
        std::mem::forget(pool.clone());
        block_on(write(dir, pool));
    }),
    ("pool_that_is_busy_for_ever", |dir| {
        let pool = ThreadPoolExecutor::new(2).queue_limit(1);
        occupy(&pool, 2);
        write_opened(dir, pool);
    }),
    ("pool_whose_last_handle_goes_in_its_own_worker", |dir| {
        let pool = ThreadPoolExecutor::new(2);
        block_on(write(dir, pool.clone()));
        let other = pool.clone();
        let mut call = Box::pin(aiofiles::delegate(move || drop(other)).executor(pool));
        drop(poll_once(call.as_mut()));
    }),
    ("pool_used_on_a_thread_that_is_joined", |dir| {
        static POOL: LazyLock<ThreadPoolExecutor> = LazyLock::new(|| ThreadPoolExecutor::new(2));
        let dir = dir.to_owned();
        let thread = std::thread::spawn(move || block_on(write(&dir, POOL.clone())));
        thread.join().unwrap();
    }),
    ("pool_used_on_a_thread_that_is_not_joined", |dir| {
        let (pool, dir) = (ThreadPoolExecutor::new(2), dir.to_owned());
        let (done, is_done) = channel();
        std::thread::spawn(move || {
            block_on(write(&dir, pool));
            done.send(()).unwrap();
            loop {
                std::thread::park();
            }
        });
        is_done.recv().unwrap();
    }),
    ("pool_in_tasks_of_a_runtime", |dir| {
        static POOL: LazyLock<ThreadPoolExecutor> = LazyLock::new(|| ThreadPoolExecutor::new(2));
        let dir = dir.to_owned();
        let runtime = Runtime::new().unwrap();
        let task = async move { write(&dir, POOL.clone()).await };
        runtime.block_on(runtime.spawn(task)).unwrap();
    }),
    ("main_of_tokio", |_| {
        #[tokio::main]
        async fn main() {
            write_by_default(&child_dir().unwrap()).await;
        }
        main();
    }),
    ("main_of_tokio_with_tasks", |_| {
        #[tokio::main]
        async fn main() {
            let task = async { write_by_default(&child_dir().unwrap()).await };
            tokio::spawn(task).await.unwrap();
        }
        main();
    }),
    ("runtime_of_one_thread", |dir| {
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(write_by_default(dir));
    }),
    ("runtime_with_one_busy_blocking_thread", |dir| {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            let (begun, begins) = channel();
            let (hold, held) = channel::<()>();
            tokio::task::spawn_blocking(move || {
                begun.send(()).unwrap();
                held.recv().ok();
            });
            begins.recv().unwrap();
            write_opened(dir, Handle::current());
            drop(hold);
        });
    }),
    ("runtime_dropped_in_the_background", |dir| {
        let runtime = Runtime::new().unwrap();
        runtime.block_on(write_by_default(dir));
        runtime.shutdown_background();
    }),
    ("runtime_in_a_static", |dir| {
        static_runtime().block_on(write_by_default(dir));
    }),
    ("handle_of_a_runtime_in_a_static", |dir| {
        let handle = static_runtime().handle().clone();
        block_on(write(dir, TokioExecutor::from_handle(handle)));
    }),
    ("inline", |dir| block_on(write(dir, InlineExecutor))),
    ("manual_that_runs_nothing", |dir| {
        let jobs = ManualExecutor::new();
        write_opened(dir, jobs);
    }),
    ("manual_that_runs_nothing_in_a_static", |dir| {
        static JOBS: LazyLock<ManualExecutor> = LazyLock::new(ManualExecutor::new);
        write_opened(dir, JOBS.clone());
    }),
    ("an_executor_of_ones_own", |dir| {
        block_on(write(dir, Threads))
    }),
    ("an_executor_that_loses_its_jobs", |dir| {
        #[derive(Clone)]
        struct Forgets;
        impl Executor for Forgets {
            fn execute(&self, job: Job) -> Result<(), Refused> {
                std::mem::forget(job);
                Ok(())
            }
        }
        write_opened(dir, Forgets);
    }),
    ("streams_that_are_no_files", |dir| {
        // The main thread has used one itself: what it keeps for that is gone when it
        // makes the last writes.
        let other = aiofiles::raw_io::writer(Vec::new());
        let mut other = block_on(aiofiles::wrap(other).executor(InlineExecutor)).unwrap();
        block_on(other.write(b"here")).unwrap();
        block_on(other.close()).unwrap();
        let jobs = ManualExecutor::new();
        std::mem::forget(jobs.clone());
        for n in 0..FILES {
            let file = std::fs::File::create(dir.join(n.to_string())).unwrap();
            let made = aiofiles::wrap(aiofiles::raw_io::writer(file)).buffering(1 << 20);
            let mut file = block_on(made.executor(jobs.clone())).unwrap();
            block_on(file.write(&content(n))).unwrap();
        }
    }),
    ("main_that_panics", |dir| {
        let jobs = ManualExecutor::new();
        std::mem::forget(jobs.clone());
        write_opened(dir, jobs);
        std::panic::resume_unwind(Box::new("main"));
    }),
];

/// Where other threads still write when `main` returns. On Windows they end before anybody
/// can wait for them: the process has to end well, and that is all.
const WRITTEN_ELSEWHERE: &[&str] = &[
    "pool",
    "pool_in_a_static",
    "pool_as_the_default",
    "pool_behind_an_arc_of_an_executor",
    "pool_whose_last_handle_goes_in_its_own_worker",
    "pool_used_on_a_thread_that_is_joined",
    "pool_used_on_a_thread_that_is_not_joined",
    "pool_in_tasks_of_a_runtime",
    "runtime_dropped_in_the_background",
    "runtime_in_a_static",
    "handle_of_a_runtime_in_a_static",
    "an_executor_of_ones_own",
    "read_that_never_ends",
    "write_that_is_slow",
];

/// What a scenario does with its output.
enum Out {
    Shared,
    Kept(PathBuf, PathBuf),
    /// Nobody reads it.
    Broken,
}

fn run(scenario: &str, dir: &Path, out: &Out) -> bool {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .env("AIOFILES_CHILD", dir)
        .env("AIOFILES_CHILD_SCENARIO", scenario)
        .stdin(Stdio::null());
    match out {
        Out::Shared => {}
        Out::Kept(out, err) => {
            let file = |path: &Path| std::fs::File::create(path).unwrap();
            command.stdout(file(out)).stderr(file(err));
        }
        Out::Broken => {
            command.stdout(Stdio::piped()).stderr(Stdio::null());
        }
    }
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            let panics = scenario.ends_with("main_that_panics");
            return status.code() == Some(if panics { 101 } else { 0 });
        }
        if begun.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            child.wait().unwrap();
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn main() -> ExitCode {
    if let Some(dir) = child_dir() {
        let name = std::env::var("AIOFILES_CHILD_SCENARIO").unwrap();
        let output = OUTPUTS.iter().find(|output| output.0 == name);
        match SCENARIOS.iter().find(|scenario| scenario.0 == name) {
            Some((_, scenario)) => scenario(&dir),
            None => match output {
                Some((_, output)) => output(),
                None if name == "write_that_is_slow" => write_slowly(&dir),
                None if name == "main_with_a_value" => main_with_a_value(&dir),
                None => read_for_ever(&dir),
            },
        }
        return ExitCode::SUCCESS;
    }
    if !main_drops_values() {
        println!("skipped: the values of the main thread are not dropped here (Wine)");
        return ExitCode::SUCCESS;
    }
    let filter = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let others = [("read_that_never_ends", 1), ("write_that_is_slow", 1)];
    let all = SCENARIOS.iter().map(|scenario| (scenario.0, FILES));
    let mut failed = 0;
    for (name, files) in all.chain(others) {
        if filter
            .as_ref()
            .is_some_and(|filter| !name.contains(&**filter))
        {
            continue;
        }
        let dir = Dir::new();
        let ended = run(name, dir.path(), &Out::Shared);
        let lost = (0..files).filter(|&n| {
            let there = std::fs::read(dir.join(n.to_string()));
            !there.is_ok_and(|there| there == content(n))
        });
        let mut lost = lost.count();
        if cfg!(windows) && lost > 0 && WRITTEN_ELSEWHERE.contains(&name) {
            println!("skipped: {name}: threads end before `main` can wait for them on Windows");
            lost = 0;
        }
        let good = ended && lost == 0;
        let verdict = if good { "ok" } else { "FAILED" };
        println!("test {name} ... {verdict}");
        if !good {
            println!("    ended well: {ended}, lost: {lost} of {files}");
            failed += 1;
        }
    }
    for (name, _) in OUTPUTS {
        if filter
            .as_ref()
            .is_some_and(|filter| !name.contains(&**filter))
        {
            continue;
        }
        let dir = Dir::new();
        let [out, err] = ["out", "err"].map(|name| dir.join(name));
        let kept = Out::Kept(out.clone(), err.clone());
        let ended = run(name, dir.path(), &kept);
        let there = std::fs::read_to_string(out).unwrap() == written();
        let err = std::fs::read_to_string(err).unwrap();
        let err_is_there = !name.contains("stderr") || err == "no line end";
        let alone = run(name, dir.path(), &Out::Broken);
        let good = ended && there && err_is_there && alone;
        let verdict = if good { "ok" } else { "FAILED" };
        println!("test {name} ... {verdict}");
        if !good {
            println!("    ended well: {ended}, there: {there}, errors: {err}");
            println!("    ended well without a reader: {alone}");
            failed += 1;
        }
    }
    ExitCode::from(u8::from(failed > 0))
}
