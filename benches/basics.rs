//! Lines, small writes, cached random reads and bare hops: std, tokio and this
//! crate, in one run. `benches/peers` has the whole comparison.

use std::fs;
use std::hint::black_box;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::runtime::Runtime;

const LINES: usize = 100_000;
const LINE: usize = 80;
const WRITES: usize = 100_000;
const RECORD: [u8; 50] = [b'x'; 50];
const READS: usize = 1_000;
const BLOCK: usize = 4 * 1024;

/// The folder with the files, beside the build, which is not in memory.
static DIR: LazyLock<PathBuf> = LazyLock::new(|| {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("basics");
    fs::create_dir_all(&dir).expect("the target directory takes files");
    let mut lines = Vec::new();
    for index in 0..LINES {
        writeln!(lines, "{index:>width$}", width = LINE - 1).expect("a Vec takes anything");
    }
    fs::write(dir.join("lines"), lines).expect("the target directory takes files");
    dir
});

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new().expect("a runtime starts where benchmarks run"));

fn main() {
    divan::main();
    // Nothing is there if no benchmark was run.
    drop(fs::remove_dir_all(&*DIR));
}

/// Runs `body` again and again, as a task of the runtime.
fn run<F>(bencher: Bencher<'_, '_>, body: impl Fn() -> F + Sync)
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    bencher.bench(|| {
        let done = RUNTIME.block_on(RUNTIME.spawn(body()));
        done.expect("no benchmark panics")
            .expect("no benchmark fails");
    });
}

/// Offsets that look random, the same in every run.
fn offsets() -> impl Iterator<Item = u64> {
    let blocks = (LINES * LINE / BLOCK) as u64;
    (0..READS as u64).map(move |index| index * 7919 % blocks * BLOCK as u64)
}

/// Lines that are not kept.
#[divan::bench_group(sample_count = 20)]
mod lines {
    use super::*;

    #[divan::bench]
    fn std(bencher: Bencher<'_, '_>) {
        let bencher = bencher.counter(BytesCount::new(LINES * LINE));
        bencher.bench(|| -> io::Result<()> {
            let mut file = BufReader::new(fs::File::open(DIR.join("lines"))?);
            let mut line = String::new();
            while file.read_line(&mut line)? > 0 {
                black_box(&line);
                line.clear();
            }
            Ok(())
        });
    }

    #[divan::bench]
    fn tokio(bencher: Bencher<'_, '_>) {
        run(bencher.counter(BytesCount::new(LINES * LINE)), || async {
            let file = ::tokio::fs::File::open(DIR.join("lines")).await?;
            let mut file = ::tokio::io::BufReader::new(file);
            let mut line = String::new();
            while file.read_line(&mut line).await? > 0 {
                black_box(&line);
                line.clear();
            }
            Ok(())
        });
    }

    #[divan::bench]
    fn aiofiles(bencher: Bencher<'_, '_>) {
        run(bencher.counter(BytesCount::new(LINES * LINE)), || async {
            let mut file = ::aiofiles::open(DIR.join("lines")).await?;
            while let Some(line) = file.next_line().await? {
                black_box(line);
            }
            Ok(())
        });
    }
}

/// Writes of 50 bytes.
#[divan::bench_group(sample_count = 20)]
mod small_writes {
    use super::*;

    #[divan::bench]
    fn std(bencher: Bencher<'_, '_>) {
        let bencher = bencher.counter(ItemsCount::new(WRITES));
        bencher.bench(|| -> io::Result<()> {
            let mut file = BufWriter::new(fs::File::create(DIR.join("out"))?);
            for _ in 0..WRITES {
                file.write_all(black_box(&RECORD))?;
            }
            file.flush()
        });
    }

    #[divan::bench]
    fn tokio(bencher: Bencher<'_, '_>) {
        run(bencher.counter(ItemsCount::new(WRITES)), || async {
            let file = ::tokio::fs::File::create(DIR.join("out")).await?;
            let mut file = ::tokio::io::BufWriter::new(file);
            for _ in 0..WRITES {
                file.write_all(black_box(&RECORD)).await?;
            }
            file.flush().await
        });
    }

    #[divan::bench]
    fn aiofiles(bencher: Bencher<'_, '_>) {
        run(bencher.counter(ItemsCount::new(WRITES)), || async {
            let mut file = ::aiofiles::open(DIR.join("out")).binary().mode("w").await?;
            for _ in 0..WRITES {
                file.write(black_box(&RECORD)).await?;
            }
            Ok(file.close().await?)
        });
    }
}

/// Reads of 4 KiB at random, in the page cache.
#[divan::bench_group(sample_count = 20)]
mod random_reads {
    use super::*;

    #[cfg(unix)]
    #[divan::bench]
    fn std(bencher: Bencher<'_, '_>) {
        use ::std::os::unix::fs::FileExt;
        let bencher = bencher.counter(ItemsCount::new(READS));
        bencher.bench(|| -> io::Result<()> {
            let file = fs::File::open(DIR.join("lines"))?;
            let mut block = [0; BLOCK];
            for offset in offsets() {
                file.read_exact_at(&mut block, offset)?;
                black_box(&block);
            }
            Ok(())
        });
    }

    #[divan::bench]
    fn tokio(bencher: Bencher<'_, '_>) {
        run(bencher.counter(ItemsCount::new(READS)), || async {
            let mut file = ::tokio::fs::File::open(DIR.join("lines")).await?;
            let mut block = [0; BLOCK];
            for offset in offsets() {
                file.seek(io::SeekFrom::Start(offset)).await?;
                file.read_exact(&mut block).await?;
                black_box(&block);
            }
            Ok(())
        });
    }

    #[divan::bench]
    fn aiofiles(bencher: Bencher<'_, '_>) {
        run(bencher.counter(ItemsCount::new(READS)), || async {
            let file = ::aiofiles::open(DIR.join("lines")).binary().await?;
            let mut block = [0; BLOCK];
            for offset in offsets() {
                file.readinto_at(offset, &mut block).await?;
                black_box(&block);
            }
            Ok(())
        });
    }
}

/// Calls that do nothing, one after another: the cost of a hop to a thread and back.
#[divan::bench_group(sample_count = 20)]
mod hops {
    use super::*;

    const HOPS: usize = 1_000;

    #[divan::bench]
    fn tokio(bencher: Bencher<'_, '_>) {
        run(bencher.counter(ItemsCount::new(HOPS)), || async {
            for index in 0..HOPS {
                black_box(::tokio::task::spawn_blocking(move || index).await?);
            }
            Ok(())
        });
    }

    #[divan::bench]
    fn aiofiles(bencher: Bencher<'_, '_>) {
        run(bencher.counter(ItemsCount::new(HOPS)), || async {
            for index in 0..HOPS {
                black_box(::aiofiles::delegate(move || index).await?);
            }
            Ok(())
        });
    }

    #[divan::bench]
    fn aiofiles_thread_pool(bencher: Bencher<'_, '_>) {
        run(bencher.counter(ItemsCount::new(HOPS)), || async {
            let pool = ::aiofiles::ThreadPoolExecutor::new(1);
            for index in 0..HOPS {
                let call = ::aiofiles::delegate(move || index);
                black_box(call.executor(pool.clone()).await?);
            }
            Ok(())
        });
    }
}
