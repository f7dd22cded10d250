//! Calls that belong to no file: paths, whole files, temporary files, standard streams.

use std::io::{Cursor, SeekFrom};
use std::path::Path;

use aiofiles::tempfile::{
    atomic_file, named_temporary_file, spooled_temporary_file, temporary_directory, temporary_file,
};
use aiofiles::{Error, ThreadPoolExecutor, os, ospath, stdio};
use futures::{AsyncWriteExt, StreamExt};

use super::common::Dir;
use super::{looped, rows};

const START: SeekFrom = SeekFrom::Start(0);

rows! {
    "executor/thread_pool.rs: shutdown" => |at| {
        let pool = ThreadPoolExecutor::new(1);
        looped(at, async || pool.shutdown().await).await;
    }
    "whole.rs: read read_to_string write write_atomic" => |at| {
        let dir = Dir::new();
        let path = dir.file("f", "x");
        looped(at, async || aiofiles::read(&path).await.unwrap()).await;
        looped(at, async || aiofiles::read_to_string(&path).await.unwrap()).await;
        looped(at, async || aiofiles::write(&path, "y").await.unwrap()).await;
        looped(at, async || aiofiles::write_atomic(&path, "y").await.unwrap()).await;
    }
    "os/folders.rs: mkdir rmdir makedirs removedirs" => |at| {
        let dir = Dir::new();
        let path = dir.join("d");
        looped(at, async || {
            os::mkdir(&path).await.unwrap();
            os::rmdir(&path).await.unwrap();
        }).await;
        drop(dir.file("keep", ""));
        let deep = dir.join("p/q");
        looped(at, async || {
            os::makedirs(&deep).await.unwrap();
            os::removedirs(&deep).await.unwrap();
        }).await;
    }
    "os/folders.rs: listdir sync_dir getcwd" => |at| {
        let dir = Dir::new();
        looped(at, async || os::listdir(dir.path()).await.unwrap()).await;
        looped(at, async || os::sync_dir(dir.path()).await.unwrap()).await;
        looped(at, async || os::getcwd().await.unwrap()).await;
    }
    "os/metadata.rs: stat lstat statvfs access chmod chown utime" => |at| {
        let dir = Dir::new();
        let path = dir.file("f", "x");
        looped(at, async || os::stat(&path).await.unwrap()).await;
        looped(at, async || os::lstat(&path).await.unwrap()).await;
        looped(at, async || os::access(&path, os::R_OK).await.unwrap()).await;
        looped(at, async || os::chmod(&path, 0o600).await.unwrap()).await;
        // Where the system does not have these two they fail at once.
        looped(at, async || os::statvfs(&path).await.is_ok()).await;
        looped(at, async || os::chown(&path, None, None).await.is_ok()).await;
        looped(at, async || os::utime(&path).await.unwrap()).await;
        looped("nothing there", async || os::stat("/no/such").await.unwrap_err()).await;
    }
    "os/names.rs: rename replace renames" => |at| {
        let dir = Dir::new();
        let (a, b) = (dir.file("a", "x"), dir.join("b"));
        looped(at, async || {
            os::rename(&a, &b).await.unwrap();
            os::replace(&b, &a).await.unwrap();
        }).await;
        looped(at, async || {
            os::renames(&a, &b).await.unwrap();
            os::renames(&b, &a).await.unwrap();
        }).await;
    }
    "os/names.rs: remove unlink link symlink readlink" => |at| {
        let dir = Dir::new();
        let (a, b) = (dir.file("a", "x"), dir.join("b"));
        looped(at, async || {
            os::link(&a, &b).await.unwrap();
            os::remove(&b).await.unwrap();
        }).await;
        looped(at, async || {
            let linked = os::symlink(&a, &b).await.is_ok();
            let read = os::readlink(&b).await.is_ok();
            let removed = os::unlink(&b).await.is_ok();
            // Windows may make no links, and Wine says that it does.
            assert!(cfg!(windows) || (linked && read && removed));
        }).await;
    }
    "os/scandir.rs: scandir stat next_entry" => |at| {
        let dir = Dir::new();
        for n in 0..300 {
            dir.file(&n.to_string(), "");
        }
        let mut entries = os::scandir(dir.path()).await.unwrap();
        let entry = entries.next_entry().await.unwrap().unwrap();
        looped(at, async || entry.stat().await.unwrap()).await;
        looped(at, async || {
            if entries.next_entry().await.unwrap().is_none() {
                entries = os::scandir(dir.path()).await.unwrap();
            }
        }).await;
        looped("the stream", async || {
            if entries.next().await.is_none() {
                entries = os::scandir(dir.path()).await.unwrap();
            }
        }).await;
        while entries.next_entry().await.unwrap().is_some() {}
        looped("over", async || assert!(entries.next_entry().await.unwrap().is_none())).await;
        looped("the stream, over", async || assert!(entries.next().await.is_none())).await;
    }
    "os/walk.rs: walk next_dir" => |at| {
        let dir = Dir::new();
        for n in 0..100 {
            std::fs::create_dir(dir.join(n.to_string())).unwrap();
        }
        let mut walk = os::walk(dir.path());
        looped(at, async || {
            if walk.next_dir().await.is_none() { walk = os::walk(dir.path()); }
        }).await;
        while walk.next_dir().await.is_some() {}
        looped("over", async || assert!(walk.next_dir().await.is_none())).await;
        looped("the stream, over", async || assert!(walk.next().await.is_none())).await;
    }
    "os/copyfile.rs: copyfile" => |at| {
        let dir = Dir::new();
        let path = dir.file("f", "x");
        looped(at, async || os::copyfile(&path, dir.join("g")).await.unwrap()).await;
    }
    "os/copytree.rs: copytree" => |at| {
        let dir = Dir::new();
        let (from, to) = (dir.join("from"), dir.join("to"));
        std::fs::create_dir(&from).unwrap();
        looped(at, async || {
            os::copytree(&from, &to).await.unwrap();
            os::rmdir(&to).await.unwrap();
        }).await;
    }
    "os/rmtree.rs: rmtree" => |at| {
        let dir = Dir::new();
        let path = dir.join("tree");
        looped(at, async || {
            std::fs::create_dir(&path).unwrap();
            os::rmtree(&path).await.unwrap();
        }).await;
    }
    "os/sendfile.rs: sendfile" => |at| {
        // Windows has no such call, as Python has none there.
        #[cfg(unix)]
        {
            let dir = Dir::new();
            let from = std::fs::File::open(dir.file("from", "x")).unwrap();
            let to = std::fs::File::create(dir.join("to")).unwrap();
            looped(at, async || os::sendfile(&to, &from, Some(0), 1).await.unwrap()).await;
        }
        #[cfg(not(unix))]
        let _ = at;
    }
    "ospath.rs: exists lexists isfile isdir islink ismount samefile sameopenfile" => |at| {
        let dir = Dir::new();
        let path = dir.file("f", "x");
        looped(at, async || assert!(ospath::exists(&path).await.unwrap())).await;
        looped(at, async || assert!(ospath::lexists(&path).await.unwrap())).await;
        looped(at, async || assert!(ospath::isfile(&path).await.unwrap())).await;
        looped(at, async || assert!(!ospath::isdir(&path).await.unwrap())).await;
        looped(at, async || assert!(!ospath::islink(&path).await.unwrap())).await;
        looped(at, async || assert!(!ospath::ismount(&path).await.unwrap())).await;
        looped(at, async || assert!(ospath::samefile(&path, &path).await.unwrap())).await;
        let file = std::fs::File::open(&path).unwrap();
        looped(at, async || assert!(ospath::sameopenfile(&file, &file).await.unwrap())).await;
    }
    "ospath.rs: getsize getatime getmtime getctime" => |at| {
        let dir = Dir::new();
        let path = dir.file("f", "x");
        looped(at, async || assert_eq!(ospath::getsize(&path).await.unwrap(), 1)).await;
        looped(at, async || ospath::getatime(&path).await.unwrap()).await;
        looped(at, async || ospath::getmtime(&path).await.unwrap()).await;
        looped(at, async || ospath::getctime(&path).await.unwrap()).await;
    }
    "ospath/names.rs: abspath expanduser" => |at| {
        looped(at, async || ospath::abspath("a/../b").await.unwrap()).await;
        looped("absolute", async || ospath::abspath("/a").await.unwrap()).await;
        looped(at, async || ospath::expanduser("~").await.unwrap()).await;
        looped("no tilde", async || ospath::expanduser("a").await.unwrap()).await;
    }
    "ospath/realpath.rs: realpath" => |at| {
        looped(at, async || ospath::realpath("/").await.unwrap()).await;
    }
    "tempfile.rs: temporary_file text binary raw any with try_with" => |at| {
        let dir = Dir::new();
        let made = || temporary_file().dir(dir.path());
        looped(at, async || made().await.unwrap()).await;
        looped(at, async || made().text().await.unwrap()).await;
        looped(at, async || made().binary().await.unwrap()).await;
        looped(at, async || made().raw().await.unwrap()).await;
        looped(at, async || made().any().await.unwrap()).await;
        looped(at, async || made().with(async |_| Ok(())).await.unwrap()).await;
        looped(at, async || {
            made().try_with(async |_| Ok::<_, Error>(())).await.unwrap();
        }).await;
    }
    "tempfile.rs: named_temporary_file spooled_temporary_file" => |at| {
        let dir = Dir::new();
        looped(at, async || named_temporary_file().dir(dir.path()).await.unwrap()).await;
        looped(at, async || spooled_temporary_file().dir(dir.path()).await.unwrap()).await;
        looped("text", async || spooled_temporary_file().text().await.unwrap()).await;
    }
    "tempfile/atomic.rs: atomic_file text binary raw any commit discard" => |at| {
        let dir = Dir::new();
        let made = || atomic_file(dir.join("f"));
        looped(at, async || made().text().await.unwrap()).await;
        looped(at, async || made().binary().await.unwrap()).await;
        looped(at, async || made().raw().await.unwrap()).await;
        looped(at, async || made().any().await.unwrap()).await;
        looped(at, async || made().await.unwrap().commit().await.unwrap()).await;
        looped(at, async || made().await.unwrap().discard().await.unwrap()).await;
        let mut done = made().await.unwrap();
        done.discard().await.unwrap();
        looped("discarded", async || done.discard().await).await;
        looped("commits a discarded one", async || done.commit().await).await;
    }
    "tempfile/atomic.rs: with try_with" => |at| {
        let dir = Dir::new();
        let made = || atomic_file(dir.join("f"));
        looped(at, async || made().with(async |_| Ok(())).await.unwrap()).await;
        looped(at, async || {
            made().try_with(async |_| Ok::<_, Error>(())).await.unwrap();
        }).await;
    }
    "tempfile/directory.rs: temporary_directory with try_with cleanup close" => |at| {
        let dir = Dir::new();
        let made = || temporary_directory().dir(dir.path());
        looped(at, async || made().await.unwrap()).await;
        looped(at, async || made().with(async |_| Ok(())).await.unwrap()).await;
        looped(at, async || {
            made().try_with(async |_| Ok::<_, Error>(())).await.unwrap();
        }).await;
        let mut folder = made().await.unwrap();
        looped(at, async || folder.cleanup().await.unwrap()).await;
        looped(at, async || folder.close().await.unwrap()).await;
    }
    "tempfile/named.rs: close persist" => |at| {
        let dir = Dir::new();
        let made = || named_temporary_file().dir(dir.path());
        looped(at, async || made().await.unwrap().close().await.unwrap()).await;
        let to = dir.join("to");
        looped(at, async || made().await.unwrap().persist(&to).await.unwrap()).await;
        let mut f = made().await.unwrap();
        looped("again", async || f.close().await.unwrap()).await;
        looped("a closed one", async || f.persist(Path::new("x")).await).await;
    }
    "tempfile/spooled.rs: rollover fileno" => |at| {
        let dir = Dir::new();
        let made = || spooled_temporary_file().dir(dir.path());
        looped(at, async || made().await.unwrap().rollover().await.unwrap()).await;
        let mut f = made().await.unwrap();
        looped("again", async || f.rollover().await.unwrap()).await;
        #[cfg(unix)]
        looped(at, async || f.fileno().await.unwrap()).await;
    }
    "tempfile/spooled.rs: write write_owned writelines truncate" => |at| {
        let mut f = spooled_temporary_file().max_size(1 << 30).await.unwrap();
        looped(at, async || f.write(b"x").await.unwrap()).await;
        looped("of nothing", async || f.write(b"").await.unwrap()).await;
        looped(at, async || f.write_owned(vec![7]).await.0.unwrap()).await;
        looped(at, async || f.writelines([b"x"]).await.unwrap()).await;
        looped("of nothing", async || f.writelines([b""; 0]).await.unwrap()).await;
        looped(at, async || f.truncate().await.unwrap()).await;
        let mut f = spooled_temporary_file().text().await.unwrap();
        looped("text", async || f.write("x").await.unwrap()).await;
        looped("lines of text", async || f.writelines(["x"]).await.unwrap()).await;
    }
    "tempfile/traits.rs: read write flush seek" => |at| {
        let mut f = spooled_temporary_file().await.unwrap();
        f.write(&[7; 1000]).await.unwrap();
        looped(at, async || {
            if f.read().size(1).await.unwrap().is_empty() { f.seek(START).await.unwrap(); }
        }).await;
        looped(at, async || f.flush().await.unwrap()).await;
        looped(at, async || f.seek(START).await.unwrap()).await;
        looped("the trait", async || AsyncWriteExt::flush(&mut f).await.unwrap()).await;
    }
    // A thread of their own does what the standard streams need: what waits for it lets
    // others run, and what needs nothing does not wait.
    "stdio.rs: set_stdin set_stdout set_stderr" => |at| {
        let memory = || Cursor::new(vec![7; 100]);
        looped(at, async || stdio::set_stdin(memory()).await.unwrap()).await;
        looped(at, async || stdio::set_stderr(memory()).await.unwrap()).await;
        looped(at, async || stdio::set_stdout(memory()).await.unwrap()).await;
    }
    "stdio/input.rs: read readline readlines next_line lines readall" => |at| {
        let refill = async || {
            let lines = b"a line\n".repeat(150_000);
            drop(stdio::set_stdin(Cursor::new(lines)).await.unwrap());
        };
        refill().await;
        let (text, mut bytes) = (aiofiles::stdin(), aiofiles::stdin_bytes());
        looped(at, async || bytes.read().size(1).await.unwrap()).await;
        looped(at, async || text.read().size(1).await.unwrap()).await;
        looped(at, async || bytes.readline().await.unwrap()).await;
        looped(at, async || bytes.readlines().hint(1).await.unwrap()).await;
        refill().await;
        looped(at, async || bytes.next_line().await.unwrap().is_some()).await;
        looped(at, async || bytes.lines().next().await).await;
        looped("the stream", async || bytes.next().await).await;
        drop(bytes.readall().await.unwrap());
        looped("at the end", async || bytes.readall().await.unwrap()).await;
        looped("of nothing", async || bytes.read().size(0).await.unwrap()).await;
    }
    "stdio/input.rs: read1 readinto read_owned reconfigure flush close" => |at| {
        drop(stdio::set_stdin(Cursor::new(vec![7; 100_000])).await.unwrap());
        let (text, bytes) = (aiofiles::stdin(), aiofiles::stdin_bytes());
        looped(at, async || bytes.read1(1).await.unwrap()).await;
        looped(at, async || bytes.readinto(&mut [0]).await.unwrap()).await;
        looped(at, async || bytes.read_owned(Vec::with_capacity(1)).await).await;
        looped(at, async || text.reconfigure().line_buffering(true).await.unwrap()).await;
        looped(at, async || text.flush().await.unwrap()).await;
        looped(at, async || text.close().await.unwrap()).await;
        looped("a closed one", async || assert!(text.read().await.is_err())).await;
        looped("a line of it", async || assert!(text.lines().next().await.is_some())).await;
    }
    "stdio/output.rs: write writelines write_owned flush reconfigure close" => |at| {
        drop(stdio::set_stdout(Cursor::new(Vec::new())).await.unwrap());
        let (text, mut bytes) = (aiofiles::stdout(), aiofiles::stdout_bytes());
        looped(at, async || text.write("x").await.unwrap()).await;
        looped("of nothing", async || text.write("").await.unwrap()).await;
        looped(at, async || text.writelines(["x"]).await.unwrap()).await;
        looped(at, async || bytes.write(b"x").await.unwrap()).await;
        looped(at, async || bytes.writelines(["x"]).await.unwrap()).await;
        looped("the trait", async || AsyncWriteExt::write(&mut bytes, b"x").await).await;
        looped(at, async || bytes.write_owned(vec![7]).await).await;
        looped(at, async || text.flush().await.unwrap()).await;
        looped("the trait", async || AsyncWriteExt::flush(&mut bytes).await.unwrap()).await;
        looped(at, async || text.reconfigure().line_buffering(true).await.unwrap()).await;
        looped(at, async || text.close().await.unwrap()).await;
        looped("a closed one", async || assert!(text.write("x").await.is_err())).await;
        drop(stdio::set_stdout(Cursor::new(Vec::new())).await.unwrap());
    }
}
