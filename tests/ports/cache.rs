//! A cache of contents by their hashes, with the calls that cacache makes: written in pieces
//! under a name of its own while it is hashed, renamed to its hash, and noted in an index.

use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::AsyncWriteExt;

use super::fs::{self, *};

pub struct Cache {
    root: PathBuf,
    next: AtomicU64,
}

fn hash(data: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(data);
    format!("{:016x}", hasher.finish())
}

impl Cache {
    pub async fn open(root: &Path) -> io::Result<Self> {
        for folder in ["tmp", "index", "content"] {
            fs::create_dir_all(root.join(folder)).await?;
        }
        Ok(Self {
            root: root.to_owned(),
            next: AtomicU64::new(0),
        })
    }

    fn content(&self, hash: &str) -> PathBuf {
        self.root.join("content").join(&hash[..2]).join(&hash[2..])
    }

    /// Keeps `data` under `key` and returns its hash.
    pub async fn put(&self, key: &str, data: &[u8]) -> io::Result<String> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let temporary = self.root.join("tmp").join(number.to_string());
        let mut file = File::create(&temporary).await?;
        for piece in data.chunks(16 * 1024) {
            file.write_all(piece).await?;
        }
        file.flush().await?;
        drop(file);
        let hash = hash(data);
        let content = self.content(&hash);
        fs::create_dir_all(content.parent().unwrap_or(&self.root)).await?;
        fs::rename(&temporary, &content).await?;
        fs::write(self.root.join("index").join(key), hash.clone()).await?;
        Ok(hash)
    }

    /// What was kept under `key`, if it is as it was; `None` for a key that is not known.
    pub async fn get(&self, key: &str) -> io::Result<Option<Vec<u8>>> {
        let kept = match fs::read_to_string(self.root.join("index").join(key)).await {
            Ok(kept) => kept,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let data = fs::read(self.content(&kept)).await?;
        if hash(&data) != kept {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(Some(data))
    }
}
