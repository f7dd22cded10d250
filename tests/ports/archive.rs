//! Packing and unpacking of tar archives, as the programs around `tokio-tar` do it.

use std::collections::HashSet;
use std::fs::Permissions;
use std::io::{self, Cursor};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path};

use futures::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio_tar::{Archive, Builder, EntryType, Header};

use super::fs::{self, *};

/// Packs all that is in a folder, in the order of the names.
pub async fn pack(folder: &Path) -> io::Result<Vec<u8>> {
    let mut archive = Builder::new(Vec::new());
    let mut folders = vec![folder.to_owned()];
    while let Some(dir) = folders.pop() {
        let mut entries = fs::read_dir(&dir).await?;
        let mut paths = Vec::new();
        while let Some(entry) = entries.next_entry().await? {
            paths.push(entry.path());
        }
        paths.sort();
        for path in paths {
            let name = path.strip_prefix(folder).map_err(io::Error::other)?;
            let metadata = fs::symlink_metadata(&path).await?;
            let mut header = Header::new_gnu();
            header.set_metadata(&metadata);
            if metadata.is_symlink() {
                header.set_entry_type(EntryType::Symlink);
                header.set_size(0);
                header.set_link_name(fs::read_link(&path).await?)?;
                archive
                    .append_data(&mut header, name, tokio::io::empty())
                    .await?;
            } else if metadata.is_dir() {
                header.set_size(0);
                archive
                    .append_data(&mut header, name, tokio::io::empty())
                    .await?;
                folders.push(path);
            } else {
                let file = File::open(&path).await?;
                archive.append_data(&mut header, name, file).await?;
            }
        }
    }
    archive.into_inner().await
}

/// Unpacks into a folder, and refuses what leads out of it.
pub async fn unpack(archive: Vec<u8>, folder: &Path) -> io::Result<u64> {
    let mut archive = Archive::new(Cursor::new(archive));
    let mut entries = archive.entries()?;
    let (mut made, mut count) = (HashSet::new(), 0);
    while let Some(entry) = entries.next().await {
        let mut entry = entry?;
        let name = entry.path()?.into_owned();
        let is_normal = |part| matches!(part, Component::Normal(_));
        if !name.components().all(is_normal) {
            return Err(io::Error::other(format!("{} leads away", name.display())));
        }
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        if made.insert(parent.to_owned()) {
            fs::create_dir_all(parent).await?;
        }
        match entry.header().entry_type() {
            EntryType::Directory => fs::create_dir_all(&path).await?,
            EntryType::Symlink => {
                let target = entry.link_name()?.ok_or(io::ErrorKind::InvalidData)?;
                fs::symlink(target, &path).await?;
            }
            _ => {
                let mut file = File::create(&path).await?;
                tokio::io::copy(&mut entry, &mut file).await?;
                let mode = entry.header().mode()? & 0o777;
                file.set_permissions(Permissions::from_mode(mode)).await?;
                // What is not flushed is not there yet.
                file.flush().await?;
            }
        }
        count += 1;
    }
    Ok(count)
}
