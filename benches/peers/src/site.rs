//! The files that all peers work on.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::Advice;
use tempfile::TempDir;

use crate::peer::Tally;
use crate::workload::Workload;

pub const BLOCK: usize = 4 * 1024;
pub const CHUNK: usize = 64 * 1024;
pub const LARGE: usize = 256 * 1024;
pub const RECORD: usize = 50;
pub const TASKS: usize = 64;
const LINE: usize = 80;

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub lines: usize,
    pub blocks: usize,
    pub random: usize,
    pub cold: usize,
    pub chunks: usize,
    pub records: usize,
    pub large: usize,
    pub files: usize,
    pub stats: usize,
    pub listed: usize,
    pub opens: usize,
    pub idle: usize,
    pub ticks: usize,
}

impl Sizes {
    /// The full sizes times `scale`; never less than a few tasks' worth.
    pub fn scaled(scale: f64) -> Self {
        let of = |full: usize| ((full as f64 * scale) as usize).max(2 * TASKS);
        Self {
            lines: of((64 << 20) / LINE),
            blocks: of((256 << 20) / BLOCK),
            random: of(50_000),
            cold: of(4_096),
            chunks: of((1 << 30) / CHUNK),
            records: of(2_000_000),
            large: of(1_024),
            files: of(10_000),
            stats: of(50_000),
            listed: of(50_000),
            opens: of(20_000),
            idle: of(10_000),
            ticks: of(2_000),
        }
    }
}

/// A temporary folder with what the workloads need, made when first needed.
pub struct Site {
    dir: TempDir,
    pub sizes: Sizes,
}

impl Site {
    pub fn new(sizes: Sizes) -> io::Result<Arc<Self>> {
        let parent = std::env::var_os("TMPDIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
        fs::create_dir_all(&parent)?;
        let dir = tempfile::Builder::new()
            .prefix("peers-")
            .tempdir_in(parent)?;
        Ok(Arc::new(Self { dir, sizes }))
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn lines(&self) -> PathBuf {
        self.at("lines.txt")
    }

    pub fn data(&self) -> PathBuf {
        self.at("data")
    }

    pub fn big(&self) -> PathBuf {
        self.at("big")
    }

    /// Where the write workloads write.
    pub fn out(&self) -> PathBuf {
        self.at("out")
    }

    pub fn small(&self, index: usize) -> PathBuf {
        self.at("small").join(index.to_string())
    }

    pub fn listed(&self) -> PathBuf {
        self.at("listed")
    }

    pub fn created(&self, index: usize) -> PathBuf {
        self.at("created").join(index.to_string())
    }

    /// The offsets that a task reads at: the same for all peers.
    pub fn offsets(&self, seed: usize) -> impl Iterator<Item = u64> + use<> {
        let blocks = self.sizes.blocks as u64;
        let mut state = 0x9e37_79b9_7f4a_7c15 ^ (seed as u64 + 1) << 32;
        std::iter::repeat_with(move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % blocks * BLOCK as u64
        })
    }

    /// Puts in place what `workload` works on, and out of the way what an earlier
    /// run of it left.
    pub fn prepare(&self, workload: Workload) -> io::Result<()> {
        match workload {
            Workload::NextLine | Workload::OwnedLines => self.make(&self.lines(), write_lines),
            Workload::RandomSerial | Workload::RandomTasks => self.make_data(),
            Workload::Sequential => self.make(&self.big(), |out, sizes| {
                write_blocks(out, sizes.chunks * (CHUNK / BLOCK))
            }),
            Workload::SmallWrites | Workload::LargeWrites => match fs::remove_file(self.out()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
            Workload::WholeSerial
            | Workload::WholeTasks
            | Workload::StatSerial
            | Workload::StatTasks => self.make_folder("small", self.sizes.files, |index| {
                vec![index as u8; 1024 + index * 7 % 7169]
            }),
            Workload::CreateTasks => {
                let dir = self.at("created");
                if dir.exists() {
                    fs::remove_dir_all(&dir)?;
                }
                fs::create_dir(dir)
            }
            Workload::List => self.make_folder("listed", self.sizes.listed, |_| Vec::new()),
            Workload::OpenClose => self.make(&self.at("empty"), |_, _| Ok(())),
            Workload::ColdTasks => {
                self.make_data()?;
                let file = File::open(self.data())?;
                file.sync_all()?;
                Ok(rustix::fs::fadvise(&file, 0, None, Advice::DontNeed)?)
            }
        }
    }

    fn make_data(&self) -> io::Result<()> {
        self.make(&self.data(), |out, sizes| write_blocks(out, sizes.blocks))
    }

    /// A file that is opened only.
    pub fn empty(&self) -> io::Result<PathBuf> {
        let path = self.at("empty");
        self.make(&path, |_, _| Ok(()))?;
        Ok(path)
    }

    fn make(
        &self,
        path: &Path,
        fill: impl FnOnce(&mut dyn Write, &Sizes) -> io::Result<()>,
    ) -> io::Result<()> {
        if path.exists() {
            return Ok(());
        }
        let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
        fill(&mut out, &self.sizes)?;
        out.into_inner()?.sync_all()
    }

    fn make_folder(
        &self,
        name: &str,
        count: usize,
        content: impl Fn(usize) -> Vec<u8>,
    ) -> io::Result<()> {
        let dir = self.at(name);
        if dir.exists() {
            return Ok(());
        }
        fs::create_dir(&dir)?;
        (0..count).try_for_each(|index| fs::write(dir.join(index.to_string()), content(index)))
    }

    /// What a run has left behind, for the workloads that write.
    pub fn written(&self, workload: Workload) -> io::Result<Tally> {
        let mut tally = Tally::default();
        match workload {
            Workload::SmallWrites | Workload::LargeWrites => {
                let mut file = File::open(self.out())?;
                let mut buf = vec![0; 1 << 20];
                loop {
                    let n = file.read(&mut buf)?;
                    if n == 0 {
                        return Ok(tally);
                    }
                    tally.count += n as u64;
                    for (at, byte) in buf[..n].iter().enumerate() {
                        tally.sum = tally
                            .sum
                            .wrapping_add(u64::from(*byte) * (at as u64 % 63 + 1));
                    }
                }
            }
            Workload::CreateTasks => {
                for entry in fs::read_dir(self.at("created"))? {
                    tally.piece(&fs::read(entry?.path())?);
                }
                Ok(tally)
            }
            _ => Ok(tally),
        }
    }
}

fn write_lines(out: &mut dyn Write, sizes: &Sizes) -> io::Result<()> {
    (0..sizes.lines).try_for_each(|index| writeln!(out, "{index:>width$}", width = LINE - 1))
}

fn write_blocks(out: &mut dyn Write, blocks: usize) -> io::Result<()> {
    let mut block = [0x5a; BLOCK];
    for index in 0..blocks as u64 {
        block[..8].copy_from_slice(&index.to_le_bytes());
        out.write_all(&block)?;
    }
    Ok(())
}

/// The number that a block begins with.
pub fn block_number(block: &[u8]) -> u64 {
    block
        .first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The part of `total` pieces that one of the tasks does.
pub fn share(total: usize, task: usize) -> Range<usize> {
    total * task / TASKS..total * (task + 1) / TASKS
}

/// What is written, in turn.
pub fn records() -> [[u8; RECORD]; 64] {
    std::array::from_fn(|index| [b' ' + index as u8; RECORD])
}
