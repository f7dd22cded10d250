//! A log shipper: takes the whole lines that were added, keeps between its runs how far it
//! came, and goes on with the new file where the log was rotated or cut off.

use std::io::{self, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncBufReadExt, AsyncSeekExt, BufReader};

use super::fs::{self, *};

pub struct Shipper {
    path: PathBuf,
    file: Option<BufReader<File>>,
    /// Which file it is in; 0 before the first.
    inode: u64,
    /// Behind the last whole line.
    offset: u64,
    /// What is of the next one so far.
    line: Vec<u8>,
}

impl Shipper {
    /// Goes on where `kept` says, which is empty at the first run.
    pub fn new(path: &Path, kept: &str) -> Self {
        let (inode, offset) = kept.split_once(':').unwrap_or_default();
        Self {
            path: path.to_owned(),
            file: None,
            inode: inode.parse().unwrap_or(0),
            offset: offset.parse().unwrap_or(0),
            line: Vec::new(),
        }
    }

    /// How far it came, to be kept.
    pub fn kept(&self) -> String {
        format!("{}:{}", self.inode, self.offset)
    }

    /// Takes all whole lines that are there.
    pub async fn ship(&mut self, lines: &mut Vec<String>) -> io::Result<()> {
        loop {
            if self.file.is_none() && !self.open().await? {
                return Ok(());
            }
            self.drain(lines).await?;
            let metadata = match fs::metadata(&self.path).await {
                Ok(metadata) => metadata,
                // Between a rename and the new file.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            if metadata.ino() != self.inode {
                // What was written up to the rename, and since the last look.
                self.drain(lines).await?;
                self.file = None;
            } else if metadata.len() < self.offset {
                self.file = None;
                self.inode = 0;
            } else {
                return Ok(());
            }
        }
    }

    async fn open(&mut self) -> io::Result<bool> {
        let mut file = match File::open(&self.path).await {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let metadata = file.metadata().await?;
        if metadata.ino() != self.inode || metadata.len() < self.offset {
            (self.inode, self.offset) = (metadata.ino(), 0);
        }
        self.line.clear();
        file.seek(SeekFrom::Start(self.offset)).await?;
        self.file = Some(BufReader::new(file));
        Ok(true)
    }

    async fn drain(&mut self, lines: &mut Vec<String>) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        loop {
            file.read_until(b'\n', &mut self.line).await?;
            if self.line.last() != Some(&b'\n') {
                return Ok(());
            }
            self.offset += self.line.len() as u64;
            self.line.pop();
            lines.push(String::from_utf8_lossy(&self.line).into_owned());
            self.line.clear();
        }
    }
}
