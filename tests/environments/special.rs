//! Files that are no usual ones: in memory, sparse, FIFOs, with very many names.

use std::ffi::CString;
use std::fs::File;
use std::io::{SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::path::PathBuf;

use aiofiles::{BinaryFile, ThreadPoolExecutor, os, ospath, wrap};
use futures::StreamExt;
use futures::executor::block_on;

use super::common::Dir;

const TERA: u64 = 1 << 40;

#[test]
fn files_in_memory_are_files() {
    let name = CString::new("aiofiles").unwrap();
    let flags = rustix::fs::MemfdFlags::CLOEXEC;
    let Ok(fd) = rustix::fs::memfd_create(&name, flags) else {
        eprintln!("skipped: there are no memfds here");
        return;
    };
    let pool = ThreadPoolExecutor::new(1);
    let path = PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd()));
    block_on(async {
        let mut file: BinaryFile = wrap(File::from(fd))
            .mode("r+")
            .executor(pool.clone())
            .await
            .unwrap();
        file.write(b"one\ntwo\n").await.unwrap();
        file.flush().await.unwrap();
        // By its name in /proc, as of a file that was removed.
        let open = aiofiles::open(&path).executor(pool.clone());
        assert_eq!(
            open.await.unwrap().readlines().await.unwrap(),
            ["one\n", "two\n"]
        );
        let open = aiofiles::open(&path).mode("a").executor(pool.clone());
        open.with(async |f| f.write("three\n").await).await.unwrap();
        let size = ospath::getsize(&path).executor(pool.clone()).await;
        assert_eq!(size.unwrap(), 14);
        let read = aiofiles::read_to_string(&path).executor(pool.clone());
        assert_eq!(read.await.unwrap(), "one\ntwo\nthree\n");
        assert_eq!(file.read().await.unwrap(), b"three\n");
        assert_eq!(file.truncate().size(3).await.unwrap(), 3);
        assert_eq!(file.seek(SeekFrom::End(0)).await.unwrap(), 3);
        // Nothing can take the place of what has no name.
        let written = aiofiles::write_atomic(&path, "x").executor(pool.clone());
        assert!(written.await.is_err());
        assert!(file.try_lock().await.unwrap());
        file.sync_all().await.unwrap();
        file.close().await.unwrap();
    });
}

#[test]
fn sparse_terabytes_cost_no_time_and_no_memory() {
    let (dir, pool) = (Dir::new(), ThreadPoolExecutor::new(1));
    let path = dir.join("sparse");
    if File::create(&path).unwrap().set_len(4 * TERA).is_err() {
        eprintln!("skipped: no file is that large here");
        return;
    }
    block_on(async {
        let open = aiofiles::open(&path)
            .binary()
            .mode("r+")
            .executor(pool.clone());
        let mut file = open.await.unwrap();
        assert_eq!(file.seek(SeekFrom::End(-3)).await.unwrap(), 4 * TERA - 3);
        assert_eq!(file.read().await.unwrap(), [0; 3]);
        assert_eq!(file.read().await.unwrap(), b"");
        file.seek(SeekFrom::Start(3 * TERA)).await.unwrap();
        file.write(b"in the middle").await.unwrap();
        assert_eq!(file.write_all_at(4 * TERA, b"end").await.unwrap(), 3);
        assert_eq!(file.read_at(4 * TERA - 1, 10).await.unwrap(), b"\0end");
        assert_eq!(file.read().size(2).await.unwrap(), [0; 2]);
        assert_eq!(file.tell().await.unwrap(), 3 * TERA + 15);
        // All of it is not to be had, and nothing is read to find that out.
        let error = file.read().size(usize::MAX).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::OutOfMemory);
        assert_eq!(file.tell().await.unwrap(), 3 * TERA + 15);
        file.close().await.unwrap();
        let error = aiofiles::read(&path)
            .executor(pool.clone())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::OutOfMemory);
        // Holes stay holes.
        let copy = dir.join("copy");
        os::copyfile(&path, &copy)
            .executor(pool.clone())
            .await
            .unwrap();
        let (old, new) = (
            std::fs::metadata(&path).unwrap(),
            std::fs::metadata(&copy).unwrap(),
        );
        assert_eq!(new.len(), old.len());
        assert!(std::os::unix::fs::MetadataExt::blocks(&new) < 10_000);
        let open = aiofiles::open(&copy).binary().executor(pool.clone());
        let read = open.await.unwrap().read_at(3 * TERA, 13).await;
        assert_eq!(read.unwrap(), b"in the middle");
    });
}

#[test]
fn fifos_are_read_and_written_at_their_own_pace() {
    let (dir, pool) = (Dir::new(), ThreadPoolExecutor::new(2));
    let path = dir.join("fifo");
    let name = CString::new(path.to_str().unwrap()).unwrap();
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    let made = rustix::fs::mknodat(rustix::fs::CWD, &name, rustix::fs::FileType::Fifo, mode, 0);
    if made.is_err() {
        eprintln!("skipped: no FIFO can be made here");
        return;
    }
    // A writer that waits for a reader.
    let writes = std::thread::spawn({
        let path = path.clone();
        move || {
            let mut writer = File::options().write(true).open(path).unwrap();
            writer.write_all(b"one\ntwo\nth").unwrap();
            writer.write_all(b"ree\n").unwrap();
        }
    });
    block_on(async {
        let open = aiofiles::open(&path).executor(pool.clone());
        let mut reader = open.await.unwrap();
        assert!(!reader.seekable());
        assert_eq!(reader.readline().await.unwrap(), "one\n");
        assert_eq!(reader.read().await.unwrap(), "two\nthree\n");
        reader.close().await.unwrap();
    });
    writes.join().unwrap();
    // A reader that waits for a writer; more than the pipe holds.
    let reads = std::thread::spawn({
        let path = path.clone();
        move || std::fs::read(path).unwrap()
    });
    let data = vec![b'x'; 300_000];
    block_on(async {
        let open = aiofiles::open(&path)
            .binary()
            .mode("w")
            .executor(pool.clone());
        let mut writer = open.await.unwrap();
        for part in data.chunks(7_000) {
            assert_eq!(writer.write(part).await.unwrap(), part.len());
        }
        writer.close().await.unwrap();
    });
    assert!(reads.join().unwrap() == data);
    block_on(async {
        // What would wait for ever is refused, or is none of a copy's business.
        let error = os::copyfile(&path, dir.join("copy"))
            .executor(pool.clone())
            .await;
        assert_eq!(error.unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
        let metadata = os::stat(&path).executor(pool.clone()).await.unwrap();
        assert!(!metadata.is_file());
        assert!(!ospath::isfile(&path).executor(pool.clone()).await.unwrap());
        os::rename(&path, dir.join("other"))
            .executor(pool.clone())
            .await
            .unwrap();
        os::remove(dir.join("other"))
            .executor(pool.clone())
            .await
            .unwrap();
    });
    block_on(pool.shutdown());
    assert_eq!(pool.stats().running, 0);
}

#[test]
fn ten_thousand_names_of_one_file() {
    const NAMES: usize = 10_000;
    let (dir, pool) = (Dir::new(), ThreadPoolExecutor::new(2));
    let root = dir.join("names");
    std::fs::create_dir(&root).unwrap();
    let first = root.join("0");
    std::fs::write(&first, "one").unwrap();
    for n in 1..NAMES {
        if let Err(error) = std::fs::hard_link(&first, root.join(n.to_string())) {
            eprintln!("skipped: a file has no more than {n} names here ({error})");
            return;
        }
    }
    block_on(async {
        let names = os::listdir(&root).executor(pool.clone()).await.unwrap();
        assert_eq!(names.len(), NAMES);
        let entries = os::scandir(&root).executor(pool.clone()).await.unwrap();
        let inodes = entries
            .map(|entry| entry.unwrap().inode())
            .collect::<Vec<_>>()
            .await;
        assert_eq!(inodes.len(), NAMES);
        assert!(inodes.iter().all(|inode| *inode == inodes[0]));
        let mut walk = os::walk(&root).executor(pool.clone());
        assert_eq!(walk.next_dir().await.unwrap().unwrap().files.len(), NAMES);
        // An atomic replacement is of one name alone.
        let written = aiofiles::write_atomic(root.join("7"), "other");
        written.executor(pool.clone()).await.unwrap();
        assert_eq!(std::fs::read(root.join("8")).unwrap(), b"one");
        let same = ospath::samefile(root.join("7"), root.join("8"));
        assert!(!same.executor(pool.clone()).await.unwrap());
        // A write in place is of all.
        aiofiles::write(root.join("8"), "all")
            .executor(pool.clone())
            .await
            .unwrap();
        assert_eq!(std::fs::read(root.join("9999")).unwrap(), b"all");
        os::rmtree(&root).executor(pool.clone()).await.unwrap();
    });
    assert!(!root.exists());
}

/// A tree whose paths are longer than the system takes. A walk goes by paths and says
/// where it cannot go on, as Python's; a removal goes by descriptors.
#[test]
fn nineteen_thousand_levels_are_told_of_and_removed() {
    use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
    const LEVELS: usize = 19_000;
    let pool = ThreadPoolExecutor::new(1);
    // In memory, where there is such a place: on a busy disk it takes minutes.
    let memory = std::path::Path::new("/dev/shm");
    let dir = match tempfile::tempdir_in(memory) {
        Ok(dir) => dir,
        Err(_) => tempfile::tempdir().unwrap(),
    };
    let root = dir.path().join("deep");
    std::fs::create_dir(&root).unwrap();
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut below = openat(CWD, &root, flags, Mode::empty()).unwrap();
    for level in 0..LEVELS {
        if let Err(error) = mkdirat(&below, c"d", Mode::RWXU) {
            eprintln!("skipped: a tree has no more than {level} levels here ({error})");
            block_on(os::rmtree(&root).executor(pool)).unwrap();
            return;
        }
        below = openat(&below, c"d", flags, Mode::empty()).unwrap();
    }
    drop(below);
    block_on(async {
        let mut walk = os::walk(&root).executor(pool.clone());
        let (mut folders, mut failed) = (0, None);
        while let Some(folder) = walk.next_dir().await {
            match folder {
                Ok(_) => folders += 1,
                Err(error) => assert!(failed.replace(error).is_none(), "it is said once"),
            }
        }
        // First, since what removes the folder of a test recurses.
        os::rmtree(&root).executor(pool.clone()).await.unwrap();
        let kind = failed.expect("paths have an end").kind();
        assert_eq!(kind, std::io::ErrorKind::InvalidFilename);
        assert!((1_000..LEVELS).contains(&folders), "{folders}");
    });
    assert!(!root.exists());
    assert_eq!(super::common::descriptors_below(dir.path()), 0);
}
