//! The programs of `tests/ports`, over `tokio::fs` and over this crate, by turns in one run:
//! median times, and their ratio.
//!
//!     cargo bench --bench ports
//!     TMPDIR=/dev/shm cargo bench --bench ports
//!
//! The second command leaves the disk out. After `--` you may give a part of a row's name,
//! and the number of rounds (7).
#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    dead_code,
    unused_imports,
    clippy::duplicate_mod,
    clippy::useless_conversion,
    clippy::unwrap_used,
    reason = "programs, which stand here twice, once with methods in place of traits and another error"
)]

/// The programs as they were.
#[cfg(unix)]
#[path = "../tests/ports"]
mod original {
    #[path = "original.rs"]
    mod fs;

    pub mod archive;
    pub mod cache;
    pub mod shipper;
    pub mod site;
    pub mod upload;
}

/// The same programs over this crate.
#[cfg(unix)]
#[path = "../tests/ports"]
mod ported {
    #[path = "shim.rs"]
    mod fs;

    pub mod archive;
    pub mod atomic;
    pub mod cache;
    pub mod shipper;
    pub mod site;
    pub mod upload;
}

#[cfg(not(unix))]
fn main() {
    println!("skipped: the programs are for Unix");
}

#[cfg(unix)]
fn main() {
    unix::main();
}

#[cfg(unix)]
mod unix {
    use std::future::Future;
    use std::io::{self, Write};
    use std::path::{Path, PathBuf};
    use std::time::{Duration, Instant};

    use futures::{Stream, StreamExt, stream};
    use tokio::runtime::Runtime;

    use super::{original, ported};

    pub fn main() {
        // Arguments that cargo adds itself begin with a dash.
        let args = std::env::args().skip(1).filter(|arg| !arg.starts_with('-'));
        let (numbers, names): (Vec<_>, Vec<_>) = args.partition(|arg| arg.parse::<usize>().is_ok());
        let rounds = numbers.first().map_or(7, |n| n.parse().unwrap());
        let bench = Bench {
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap(),
            rounds,
            names,
        };
        println!(
            "{:<44} {:>11} {:>11} {:>6}",
            "", "tokio::fs", "aiofiles", "ratio"
        );
        bench.site();
        bench.archive();
        bench.cache();
        bench.shipper();
        bench.upload();
    }

    struct Bench {
        runtime: Runtime,
        rounds: usize,
        /// Parts of the names of the rows that are wanted; none is all.
        names: Vec<String>,
    }

    impl Bench {
        fn wants(&self, row: &str) -> bool {
            self.names.is_empty() || self.names.iter().any(|name| row.contains(name.as_str()))
        }

        /// On a thread of the runtime, as a server runs.
        fn time<F>(&self, task: F) -> Duration
        where
            F: Future<Output = ()> + Send + 'static,
        {
            let timed = async {
                let begun = Instant::now();
                task.await;
                begun.elapsed()
            };
            self.runtime.block_on(self.runtime.spawn(timed)).unwrap()
        }

        /// Runs both by turns, each round in a folder of its own.
        fn row<A, B>(&self, name: &str, theirs: impl Fn(PathBuf) -> A, ours: impl Fn(PathBuf) -> B)
        where
            A: Future<Output = ()> + Send + 'static,
            B: Future<Output = ()> + Send + 'static,
        {
            if !self.wants(name) {
                return;
            }
            let (mut a, mut b) = (Vec::new(), Vec::new());
            // The first round warms up: caches, threads, what is known of the file system.
            for round in 0..=self.rounds {
                let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
                let theirs = || self.time(theirs(first.path().to_owned()));
                let ours = || self.time(ours(second.path().to_owned()));
                // Neither is always the first.
                let (their_time, our_time) = if round % 2 == 0 {
                    let their_time = theirs();
                    (their_time, ours())
                } else {
                    let our_time = ours();
                    (theirs(), our_time)
                };
                if round > 0 {
                    a.push(their_time);
                    b.push(our_time);
                }
            }
            let median = |times: &mut Vec<Duration>| {
                times.sort();
                times[times.len() / 2]
            };
            let (a, b) = (median(&mut a), median(&mut b));
            let ratio = b.as_secs_f64() / a.as_secs_f64();
            println!("{name:<44} {a:>11.2?} {b:>11.2?} {ratio:>6.2}");
        }

        fn site(&self) {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join("small"), vec![1; 1000]).unwrap();
            std::fs::write(dir.path().join("medium"), vec![1; 100_000]).unwrap();
            std::fs::write(dir.path().join("large"), vec![1; 16 << 20]).unwrap();
            macro_rules! service {
                ($program:ident, $root:expr, $path:expr, $range:expr, $count:expr) => {{
                    let root: PathBuf = $root.to_owned();
                    move |_| {
                        let root = root.clone();
                        async move {
                            for _ in 0..$count {
                                let request = $program::site::Request {
                                    path: $path,
                                    range: $range,
                                    modified_since: None,
                                };
                                let response = $program::site::get(&root, request).await;
                                assert!(response.status < 300);
                                let mut body = response.body.unwrap();
                                while let Some(bytes) = body.next().await {
                                    std::hint::black_box(bytes.unwrap());
                                }
                            }
                        }
                    }
                }};
            }
            macro_rules! rows {
                ($($name:literal, $path:literal, $range:expr, $count:literal;)*) => {$(
                    let theirs = service!(original, dir.path(), $path, $range, $count);
                    let ours = service!(ported, dir.path(), $path, $range, $count);
                    self.row($name, theirs, ours);
                )*};
            }
            rows! {
                "site: 500 files of 1 kB", "small", None, 500;
                "site: 200 files of 100 kB", "medium", None, 200;
                "site: 4 files of 16 MiB", "large", None, 4;
                "site: 500 ranges of 1 kB", "large", Some("bytes=5000000-5000999"), 500;
            }
        }

        fn archive(&self) {
            let from = tempfile::tempdir().unwrap();
            for n in 0..1000 {
                let folder = from.path().join(format!("{}", n % 10));
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(folder.join(format!("{n}")), vec![n as u8; 2000]).unwrap();
            }
            let packed = self
                .runtime
                .block_on(original::archive::pack(from.path()))
                .unwrap();
            macro_rules! pack {
                ($program:ident) => {{
                    let from = from.path().to_owned();
                    move |_| {
                        let from = from.clone();
                        async move {
                            let packed = $program::archive::pack(&from).await.unwrap();
                            std::hint::black_box(packed);
                        }
                    }
                }};
            }
            macro_rules! unpack {
                ($program:ident) => {{
                    let packed = packed.clone();
                    move |to: PathBuf| {
                        let packed = packed.clone();
                        async move {
                            $program::archive::unpack(packed, &to).await.unwrap();
                        }
                    }
                }};
            }
            self.row(
                "archive: pack 1,000 files of 2 kB",
                pack!(original),
                pack!(ported),
            );
            let name = "archive: unpack 1,000 files of 2 kB";
            self.row(name, unpack!(original), unpack!(ported));
        }

        fn cache(&self) {
            macro_rules! put {
                ($program:ident, $size:literal, $count:literal) => {
                    |root: PathBuf| async move {
                        let cache = $program::cache::Cache::open(&root).await.unwrap();
                        let mut data = vec![0; $size];
                        for n in 0..$count {
                            data[0] = n as u8;
                            cache.put(&format!("{n}"), &data).await.unwrap();
                        }
                    }
                };
            }
            self.row(
                "cache: put 200 of 1 kB",
                put!(original, 1000, 200_usize),
                put!(ported, 1000, 200_usize),
            );
            self.row(
                "cache: put 20 of 1 MB",
                put!(original, 1_000_000, 20_usize),
                put!(ported, 1_000_000, 20_usize),
            );
            let kept = tempfile::tempdir().unwrap();
            self.runtime
                .block_on(put!(original, 1000, 200_usize)(kept.path().to_owned()));
            macro_rules! get {
                ($program:ident) => {{
                    let root = kept.path().to_owned();
                    move |_| {
                        let root = root.clone();
                        async move {
                            let cache = $program::cache::Cache::open(&root).await.unwrap();
                            for n in 0..200 {
                                let data = cache.get(&format!("{n}")).await.unwrap();
                                assert_eq!(data.unwrap().len(), 1000);
                            }
                        }
                    }
                }};
            }
            self.row("cache: get 200 of 1 kB", get!(original), get!(ported));
        }

        fn shipper(&self) {
            macro_rules! ship {
                ($program:ident) => {
                    |root: PathBuf| async move {
                        let path = root.join("log");
                        let log = std::fs::File::options()
                            .append(true)
                            .create(true)
                            .open(&path);
                        let mut log = log.unwrap();
                        let mut shipper = $program::shipper::Shipper::new(&path, "");
                        let mut lines = Vec::new();
                        for n in 0..200 {
                            writeln!(log, "line {n} of a log, as long as lines of logs are")
                                .unwrap();
                            shipper.ship(&mut lines).await.unwrap();
                        }
                        assert_eq!(lines.len(), 200);
                    }
                };
            }
            macro_rules! catch_up {
                ($program:ident) => {
                    |root: PathBuf| async move {
                        let path = root.join("log");
                        let line = "a line of a log, as long as lines of logs are mostly\n";
                        std::fs::write(&path, line.repeat(200_000)).unwrap();
                        let mut shipper = $program::shipper::Shipper::new(&path, "");
                        let mut lines = Vec::new();
                        shipper.ship(&mut lines).await.unwrap();
                        assert_eq!(lines.len(), 200_000);
                    }
                };
            }
            self.row(
                "shipper: 200 lines, one by one",
                ship!(original),
                ship!(ported),
            );
            self.row(
                "shipper: 200,000 lines",
                catch_up!(original),
                catch_up!(ported),
            );
        }

        fn upload(&self) {
            fn body() -> impl Stream<Item = io::Result<Vec<u8>>> + Unpin + Send {
                stream::iter((0..64).map(|n| Ok(vec![n as u8; 16 * 1024])))
            }
            macro_rules! upload {
                ($receive:path) => {
                    |root: PathBuf| async move {
                        for n in 0..20 {
                            let path = root.join(format!("{n}"));
                            $receive(&path, body()).await.unwrap();
                        }
                    }
                };
            }
            self.row(
                "upload: 20 of 1 MiB",
                upload!(original::upload::receive),
                upload!(ported::upload::receive),
            );
            self.row(
                "upload: 20 of 1 MiB, by an atomic file",
                upload!(original::upload::receive),
                upload!(ported::atomic::receive),
            );
        }
    }
}
