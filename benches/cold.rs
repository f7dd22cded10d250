//! Files that are not in the page cache, beside a bare `spawn_blocking` and `tokio::fs`.
//!
//! ```text
//! cargo bench --bench cold
//! ```
//!
//! `TMPDIR` says where the files go (the target directory, else): a RAM disk has nothing
//! to be cold. What is read is dropped from the page cache before each run.

#[path = "support/rounds.rs"]
mod rounds;

use std::fs::File;
use std::future::Future;
use std::io::{Read, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aiofiles::BinaryFile;
use rounds::{case, compare};
use rustix::fs::{Advice, fadvise};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::runtime::Runtime;
use tokio::task::spawn_blocking;

const ROUNDS: usize = 9;
const TASKS: usize = 64;
const PAGE: usize = 4096;
const READS: usize = 64;
const PIECE: usize = 64 * 1024;
const LARGE: usize = 256 << 20;
const SMALL: usize = 10_000;

struct Site {
    runtime: Runtime,
    large: PathBuf,
    small: Arc<Vec<PathBuf>>,
    _dir: tempfile::TempDir,
}

/// Writes a file so that nothing is left to be written: the system drops only that.
fn write(path: &Path, data: &[u8]) {
    std::fs::write(path, data).expect("room for a file");
    let file = File::open(path).expect("a file");
    file.sync_all().expect("a disk");
}

fn drop_from_cache(path: &Path) {
    let file = File::open(path).expect("a file");
    fadvise(&file, 0, None, Advice::DontNeed).expect("advice");
}

impl Site {
    fn new() -> Self {
        let target = concat!(env!("CARGO_MANIFEST_DIR"), "/target");
        let place = std::env::var_os("TMPDIR").unwrap_or_else(|| target.into());
        std::fs::create_dir_all(&place).expect("a place for files");
        let dir = tempfile::tempdir_in(place).expect("a folder");
        let large = dir.path().join("large");
        let data: Vec<u8> = (0..LARGE).map(|i| (i / PAGE) as u8).collect();
        write(&large, &data);
        let small = (0..SMALL).map(|i| {
            let path = dir.path().join(format!("{i:05}"));
            std::fs::write(&path, &data[..1024 + i % 7000]).expect("room for a file");
            path
        });
        let small = Arc::new(small.collect::<Vec<_>>());
        rustix::fs::sync();
        Self {
            runtime: Runtime::new().expect("a runtime"),
            large,
            small,
            _dir: dir,
        }
    }

    /// Runs `body` in all tasks; the sum of what they give.
    fn tasks<F>(&self, body: impl Fn(usize) -> F) -> u64
    where
        F: Future<Output = u64> + Send + 'static,
    {
        self.runtime.block_on(async {
            let tasks: Vec<_> = (0..TASKS).map(|n| tokio::spawn(body(n))).collect();
            let mut sum = 0;
            for task in tasks {
                sum += task.await.expect("a task that ends");
            }
            sum
        })
    }

    fn cold(&self, _: &str) {
        drop_from_cache(&self.large);
    }

    /// Every second page is in the page cache, in a row that no reading ahead fills up.
    fn half_cold(&self, name: &str) {
        self.cold(name);
        let file = File::open(&self.large).expect("a file");
        fadvise(&file, 0, None, Advice::Random).expect("advice");
        let mut page = [0; PAGE];
        for (n, offset) in (0..TASKS).flat_map(|task| offsets(task).enumerate()) {
            if n % 2 == 0 {
                file.read_exact_at(&mut page, offset).expect("a page");
            }
        }
    }

    fn cold_small(&self, _: &str) {
        self.small.iter().for_each(|path| drop_from_cache(path));
    }
}

/// Where a task reads: pages in no order, each once.
fn offsets(task: usize) -> impl Iterator<Item = u64> {
    let pages = (LARGE / PAGE) as u64;
    (0..READS as u64).map(move |n| {
        let number = task as u64 * READS as u64 + n;
        (number * 40_503 % pages) * PAGE as u64
    })
}

async fn open(path: PathBuf) -> BinaryFile {
    aiofiles::open(path).binary().await.expect("a file")
}

fn random(site: &Site, title: &str, prepare: impl FnMut(&str)) {
    let std = Arc::new(File::open(&site.large).expect("a file"));
    let ours = Arc::new(site.runtime.block_on(open(site.large.clone())));
    let bare = || {
        site.tasks(|task| {
            let file = std.clone();
            async move {
                let mut sum = 0;
                for offset in offsets(task) {
                    let file = file.clone();
                    let data = spawn_blocking(move || {
                        let mut data = vec![0; PAGE];
                        file.read_exact_at(&mut data, offset).map(|()| data)
                    });
                    sum += u64::from(data.await.expect("a job").expect("a page")[0]);
                }
                sum
            }
        })
    };
    let read_at = || {
        site.tasks(|task| {
            let file = ours.clone();
            async move {
                let mut sum = 0;
                for offset in offsets(task) {
                    sum += u64::from(file.read_at(offset, PAGE).await.expect("a page")[0]);
                }
                sum
            }
        })
    };
    let readinto_at = || {
        site.tasks(|task| {
            let file = ours.clone();
            async move {
                let (mut sum, mut page) = (0, [0; PAGE]);
                for offset in offsets(task) {
                    file.readinto_at(offset, &mut page).await.expect("a page");
                    sum += u64::from(page[0]);
                }
                sum
            }
        })
    };
    let tokio = || {
        site.tasks(|task| {
            let path = site.large.clone();
            async move {
                let mut file = tokio::fs::File::open(path).await.expect("a file");
                let (mut sum, mut page) = (0, [0; PAGE]);
                for offset in offsets(task) {
                    file.seek(SeekFrom::Start(offset)).await.expect("a place");
                    file.read_exact(&mut page).await.expect("a page");
                    sum += u64::from(page[0]);
                }
                sum
            }
        })
    };
    let cases = vec![
        case("bare pread", bare),
        case("aiofiles read_at", read_at),
        case("aiofiles readinto_at", readinto_at),
        case("tokio::fs seek, read", tokio),
    ];
    compare(title, ROUNDS, prepare, cases);
}

fn sequential(site: &Site) {
    let bare = || {
        site.runtime.block_on(async {
            let mut file = File::open(&site.large).expect("a file");
            let (mut piece, mut sum, mut n) = (vec![0; PIECE], 0, 1);
            while n > 0 {
                (file, piece, n) = spawn_blocking(move || {
                    let n = file.read(&mut piece).expect("a piece");
                    (file, piece, n)
                })
                .await
                .expect("a job");
                sum += n as u64;
            }
            sum
        })
    };
    let ours = || {
        site.runtime.block_on(async {
            let mut file = open(site.large.clone()).await;
            let (mut piece, mut sum, mut n) = (vec![0; PIECE], 0, 1);
            while n > 0 {
                n = file.readinto(&mut piece).await.expect("a piece");
                sum += n as u64;
            }
            sum
        })
    };
    let tokio = || {
        site.runtime.block_on(async {
            let mut file = tokio::fs::File::open(&site.large).await.expect("a file");
            let (mut piece, mut sum, mut n) = (vec![0; PIECE], 0, 1);
            while n > 0 {
                n = file.read(&mut piece).await.expect("a piece");
                sum += n as u64;
            }
            sum
        })
    };
    let cases = vec![
        case("bare read", bare),
        case("aiofiles readinto", ours),
        case("tokio::fs read", tokio),
    ];
    let prepare = |name: &str| site.cold(name);
    compare("256 MiB in pieces of 64 KiB", ROUNDS, prepare, cases);
}

fn small_files(site: &Site) {
    let shares = |task: usize| {
        let small = site.small.clone();
        (0..SMALL)
            .skip(task)
            .step_by(TASKS)
            .map(move |i| small[i].clone())
    };
    let bare = || {
        site.tasks(|task| {
            let paths = shares(task);
            async move {
                let mut sum = 0;
                for path in paths {
                    let data = spawn_blocking(move || std::fs::read(path));
                    sum += data.await.expect("a job").expect("a file").len() as u64;
                }
                sum
            }
        })
    };
    let ours = || {
        site.tasks(|task| {
            let paths = shares(task);
            async move {
                let mut sum = 0;
                for path in paths {
                    sum += aiofiles::read(path).await.expect("a file").len() as u64;
                }
                sum
            }
        })
    };
    let tokio = || {
        site.tasks(|task| {
            let paths = shares(task);
            async move {
                let mut sum = 0;
                for path in paths {
                    sum += tokio::fs::read(path).await.expect("a file").len() as u64;
                }
                sum
            }
        })
    };
    let cases = vec![
        case("bare std::fs::read", bare),
        case("aiofiles::read", ours),
        case("tokio::fs::read", tokio),
    ];
    let prepare = |name: &str| site.cold_small(name);
    compare("10,000 small files, 64 tasks", ROUNDS, prepare, cases);
}

fn main() {
    let wanted: Vec<_> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|want| name.contains(want));
    let site = Site::new();
    if wants("random") {
        let prepare = |name: &str| site.cold(name);
        random(&site, "4,096 reads of 4 KiB at random, 64 tasks", prepare);
    }
    if wants("half") {
        let prepare = |name: &str| site.half_cold(name);
        random(&site, "the same, every second one cached", prepare);
    }
    if wants("sequential") {
        sequential(&site);
    }
    if wants("small") {
        small_files(&site);
    }
}
