//! Every public operation that touches the system, once, on what [`Env`] prepares.

use std::io::SeekFrom;
use std::pin::Pin;

use aiofiles::tempfile;
use aiofiles::{BinaryFile, RawFile, TextFile, os, ospath, wrap};
use futures::StreamExt;

use super::env::{CONTENT, Env};

/// Operations that belong together: what one leaves, the next uses.
pub(crate) type Scene = for<'a> fn(&'a Env) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// What a scene needs of its environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// To read content, in order, from files that are there.
    Content,
    /// All else.
    All,
}

macro_rules! scenes {
    ($($name:literal $needs:ident => |$e:ident| $body:block)*) => {
        pub(crate) const SCENES: &[(&str, Needs, Scene)] = &[$((
            $name,
            Needs::$needs,
            |$e| Box::pin(async move { $body }),
        )),*];
    };
}

/// Operations on nothing of the system, on streams that the caller made, or by others.
pub(crate) const APART: &[(&str, &str)] = &[
    ("executor/thread_pool.rs", "shutdown"),
    // They hand on to those of the three kinds.
    (
        "open/any.rs",
        "batch into_raw lock lock_shared metadata seek set_len set_permissions \
         set_times sync_all sync_data tell truncate try_lock try_lock_shared unlock",
    ),
    ("open/any/std_file.rs", "into_std try_clone"),
    ("raw_io/adapt.rs", "reader"),
    ("text.rs", "reader futures_reader writer futures_writer"),
    (
        "text/reader.rs",
        "read readline readlines next_line next_lines lines into_lines reconfigure",
    ),
    ("text/making.rs", "into_lines"),
    ("text/writer.rs", "write writelines flush close reconfigure"),
];

const LINES: usize = 4;

scenes! {
    "bytes" Content => |e| {
        let opened = aiofiles::open(e.join("in")).binary().await;
        e.t("open.rs open binary", opened.as_ref().map(drop), |()| {});
        let Ok(mut f) = opened else { return };
        e.t("file/binary.rs read", f.read().size(4).await, |v| assert_eq!(v, &CONTENT[..4]));
        e.t("file/binary.rs read1", f.read1(3).await, |v| assert!(CONTENT[4..7].starts_with(&v)));
        let mut buf = [0; 5];
        e.t("file/binary.rs readinto", f.readinto(&mut buf).await, |n| assert_eq!(n, 5));
        e.t("file/binary.rs peek", f.peek(3).await.map(<[u8]>::len), |n| assert!(n > 0));
        e.t("file/binary.rs readall", f.readall().await, |v| assert!(CONTENT.ends_with(&v)));
        e.t("file/binary.rs detach", f.detach().await.map(drop), |()| {});
    }
    "lines of bytes" Content => |e| {
        let Some(mut f) = e.opened(aiofiles::open(e.join("in")).binary().await) else { return };
        e.t("file/bytes/methods.rs readline", f.readline().await, |v| assert!(v.ends_with(b"\n")));
        e.t("file/bytes/methods.rs next_line", f.next_line().await.map(|v| v.is_some()), |v| assert!(v));
        e.t("file/bytes/methods.rs next_lines", f.next_lines().await.map(|v| v.is_some()), |v| assert!(v));
        e.t("file/bytes/methods.rs readlines", f.readlines().await, |v| assert!(v.len() < LINES));
        let Some(mut f) = e.opened(aiofiles::open(e.join("in")).binary().await) else { return };
        e.t("file/bytes/methods.rs lines", f.lines().next().await.unwrap(), |v| assert!(!v.is_empty()));
        let (n, buf) = f.read_owned(Vec::with_capacity(10)).await;
        e.t("file/bytes/methods.rs read_owned", n, |n| assert_eq!(n, buf.len()));
        e.t("file/chunks.rs chunks", BinaryFile::chunks(&mut f, 7).next().await.unwrap(), |v| assert!(v.len() <= 7));
        let lines: Vec<_> = f.into_lines().collect().await;
        let last = lines.into_iter().next_back().unwrap();
        e.t("file/bytes/methods.rs into_lines", last, |v| assert!(CONTENT.ends_with(&[&*v, b"\n"].concat())));
        let Some(f) = e.opened(aiofiles::open(e.join("in")).binary().await) else { return };
        let chunks: Vec<_> = f.into_chunks(7).collect().await;
        let chunks: Result<Vec<_>, _> = chunks.into_iter().collect();
        e.t("file/chunks.rs into_chunks", chunks, |v| assert_eq!(v.concat(), CONTENT));
    }
    "raw reads" Content => |e| {
        let opened = aiofiles::open(e.join("in")).raw().await;
        e.t("open.rs raw", opened.as_ref().map(drop), |()| {});
        let Ok(mut f) = opened else { return };
        e.t("file/raw.rs read", f.read().size(4).await, |v| assert!(CONTENT.starts_with(&v)));
        let mut buf = [0; 5];
        e.t("file/raw.rs readinto", f.readinto(&mut buf).await, |n| assert!(n > 0));
        e.t("file/raw.rs readall", f.readall().await, |v| assert!(CONTENT.ends_with(&v)));
    }
    "text" Content => |e| {
        let Some(mut f) = e.opened(aiofiles::open(e.join("in")).await) else { return };
        e.t("file/text.rs read", f.read().size(4).await, |v| assert_eq!(v, "firs"));
        e.t("file/text.rs readline", f.readline().await, |v| assert!(v.ends_with('\n')));
        e.t("file/text.rs next_line", f.next_line().await.map(|v| v.is_some()), |v| assert!(v));
        e.t("file/text.rs next_lines", f.next_lines().await.map(|v| v.is_some()), |v| assert!(v));
        e.t("file/text.rs readlines", f.readlines().await, |v| assert!(v.len() < LINES));
        e.t("file/text.rs detach", f.detach().await.map(drop), |()| {});
        let Some(mut f) = e.opened(aiofiles::open(e.join("in")).await) else { return };
        e.t("file/text.rs lines", f.lines().next().await.unwrap(), |v| assert!(!v.is_empty()));
        let lines: Vec<_> = f.into_lines().collect().await;
        let lines: Result<Vec<_>, _> = lines.into_iter().collect();
        e.t("file/text.rs into_lines", lines, |v| assert_eq!(v.len(), LINES - 1));
    }
    "whole reads" Content => |e| {
        e.t("whole.rs read", aiofiles::read(e.join("in")).await, |v| assert_eq!(v, CONTENT));
        e.t("whole.rs read_to_string", aiofiles::read_to_string(e.join("in")).await, |v| {
            assert_eq!(v.as_bytes(), CONTENT);
        });
        let copied = os::copyfile(e.join("in"), e.join("copy")).await;
        e.t("os/copyfile.rs copyfile", copied, |_| e.has("copy", CONTENT));
    }
    "positions" All => |e| {
        let Some(f) = e.opened(aiofiles::open(e.join("old")).binary().mode("r+").await) else { return };
        e.t("file/positional.rs read_at", f.read_at(4, 3).await, |v| assert_eq!(v, b"con"));
        e.t("file/positional.rs read_exact_at", f.read_exact_at(4, 3).await, |v| assert_eq!(v, b"con"));
        let mut buf = [0; 3];
        e.t("file/positional.rs readinto_at", f.readinto_at(4, &mut buf).await, |n| assert_eq!(n, 3));
        e.t("file/positional.rs write_at", f.write_at(0, b"O").await, |n| assert_eq!(n, 1));
        e.t("file/positional.rs write_all_at", f.write_all_at(1, b"L").await, |_| {});
        e.t("file/positional.rs write_owned_at", f.write_owned_at(2, b"D".to_vec()).await, |_| {
            e.has("old", b"OLD content");
        });
    }
    "writes" All => |e| {
        let Some(mut f) = e.opened(aiofiles::open(e.join("new")).binary().mode("w+").await) else { return };
        e.t("file/binary.rs write", f.write(b"one").await, |n| assert_eq!(n, 3));
        e.t("file/common.rs flush", f.flush().await, |()| e.has("new", b"one"));
        e.t("file/binary.rs writelines", f.writelines([b"two", b"new"]).await, |()| {});
        let (n, _) = f.write_owned(b"four".to_vec()).await;
        e.t("file/bytes/methods.rs write_owned", n, |n| assert_eq!(n, 4));
        e.t("file/bytes/methods.rs tell", f.tell().await, |n| assert_eq!(n, 13));
        e.t("file/bytes/methods.rs seek", f.seek(SeekFrom::Start(2)).await, |n| assert_eq!(n, 2));
        e.t("file/bytes/methods.rs truncate", f.truncate().size(5).await, |n| assert_eq!(n, 5));
        e.t("file/bytes/methods.rs set_len", f.set_len(7).await, |()| {});
        e.t("file/attributes.rs sync_all", f.sync_all().await, |()| {});
        e.t("file/attributes.rs sync_data", f.sync_data().await, |()| {});
        let size = f.metadata().await.map(|metadata| metadata.len());
        e.t("file/attributes.rs metadata", size, |n| assert_eq!(n, 7));
        let batched = f.batch(|file| loop {
            // Its calls are the caller's own, interruptions and all.
            match file.metadata() {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                done => return done.map(drop),
            }
        }).await;
        e.t("file/common.rs batch", batched, |()| {});
        e.t("file/std_file.rs try_clone", f.try_clone().await.map(drop), |()| {});
        e.t("file/common.rs close", f.close().await, |()| e.has("new", b"onetw\0\0"));
    }
    "raw writes" All => |e| {
        let Some(mut f) = e.opened(aiofiles::open(e.join("new")).raw().mode("w").await) else { return };
        e.t("file/raw.rs write", f.write(b"one").await, |n| assert_eq!(n, 3));
        e.t("file/raw.rs writelines", f.writelines([b"two", b"new"]).await, |()| {
            e.has("new", b"onetwonew");
        });
        e.t("file/common.rs close", f.close().await, |()| {});
    }
    "text writes" All => |e| {
        let Some(mut f) = e.opened(aiofiles::open(e.join("new")).mode("w+").await) else { return };
        e.t("file/text/write.rs write", f.write("one\n").await, |n| assert_eq!(n, 4));
        e.t("file/text/write.rs writelines", f.writelines(["two\n"]).await, |()| {});
        e.t("file/text/seeking.rs tell", f.tell().await.map(drop), |()| {});
        e.t("file/text/seeking.rs seek", f.seek(SeekFrom::Start(0)).await.map(drop), |()| {});
        e.t("file/text.rs readline", f.readline().await, |v| assert_eq!(v, "one\n"));
        let again = f.reconfigure().line_buffering(true).await;
        e.t("file/text/reconfigure.rs reconfigure", again, |()| {});
        e.t("file/text/seeking.rs truncate", f.truncate().size(4).await, |n| assert_eq!(n, 4));
        e.t("file/text/seeking.rs set_len", f.set_len(3).await, |()| {});
        e.t("file/common.rs close", f.close().await, |()| e.has("new", b"one"));
    }
    "appends" All => |e| {
        let Some(mut f) = e.opened(aiofiles::open(e.join("old")).mode("a").await) else { return };
        e.t("file/text/write.rs write", f.write(", more").await, |_| {});
        e.t("file/common.rs close", f.close().await, |()| e.has("old", b"old content, more"));
    }
    "whole writes" All => |e| {
        e.t("whole.rs write", aiofiles::write(e.join("new"), "new").await, |()| e.has("new", b"new"));
        let written = aiofiles::write_atomic(e.join("keep"), "new").await;
        // The old or the new, whatever happens.
        let there = e.content("keep");
        assert!(there.is_none_or(|there| there == b"kept" || there == b"new"));
        e.t("whole.rs write_atomic", written, |()| e.has("keep", b"new"));
    }
    "locks" All => |e| {
        let Some(mut f) = e.opened(aiofiles::open(e.join("old")).binary().mode("r+").await) else { return };
        if e.t("file/common.rs try_lock", f.try_lock().await, |got| assert!(got)) {
            e.t("file/common.rs unlock", f.unlock().await, |()| {});
        }
        if e.t("file/common.rs try_lock_shared", f.try_lock_shared().await, |got| assert!(got)) {
            e.t("file/common.rs unlock", f.unlock().await, |()| {});
        }
        if e.t("file/common.rs lock", f.lock().await, |()| {}) {
            e.t("file/common.rs unlock", f.unlock().await, |()| {});
        }
        e.t("file/common.rs lock_shared", f.lock_shared().await, |()| {});
        let now = std::fs::FileTimes::new().set_modified(std::time::SystemTime::now());
        e.t("file/attributes.rs set_times", f.set_times(now).await, |()| {});
        use std::os::unix::fs::PermissionsExt as _;
        let rights = std::fs::Permissions::from_mode(0o640);
        e.t("file/attributes.rs set_permissions", f.set_permissions(rights).await, |()| {});
        e.t("file/hand_over.rs into_std", f.into_std().await.map(drop).map_err(aiofiles::Error::from), |()| {});
    }
    "kinds" All => |e| {
        let any = aiofiles::open(e.join("new")).any().mode("wb").await;
        e.t("open.rs any", any.as_ref().map(drop), |()| {});
        if let Ok(mut any) = any {
            e.t("open/any.rs flush", any.flush().await, |()| {});
            e.t("open/any.rs close", any.close().await, |()| {});
        }
        let with = aiofiles::open(e.join("new")).mode("w").with(async |f| f.write("x").await).await;
        e.t("open.rs with", with, |n| assert_eq!(n, 1));
        let with = aiofiles::open(e.join("new")).mode("w");
        let with = with.try_with(async |f| f.write("x").await).await;
        e.t("open.rs try_with", with, |n| assert_eq!(n, 1));
        let std = || std::fs::File::open(e.join("in"));
        let Ok(file) = std() else { return };
        let wrapped = wrap(file).await;
        e.t("open/wrap.rs wrap", wrapped.as_ref().map(drop), |()| {});
        if let Ok(f) = wrapped {
            let raw = f.into_raw().await.map(drop).map_err(aiofiles::Error::from);
            e.t("file/hand_over.rs into_raw", raw, |()| {});
        }
        let Ok(file) = std() else { return };
        let kind: aiofiles::Result<BinaryFile> = wrap(file).binary().await;
        e.t("open/wrap.rs binary", kind.map(drop), |()| {});
        let Ok(file) = std() else { return };
        let kind: aiofiles::Result<TextFile> = wrap(file).text().await;
        e.t("open/wrap.rs text", kind.map(drop), |()| {});
        let Ok(file) = std() else { return };
        let kind: aiofiles::Result<RawFile> = wrap(file).raw().await;
        e.t("open/wrap.rs raw", kind.map(drop), |()| {});
        let Ok(file) = std() else { return };
        e.t("open/wrap.rs any", wrap(file).any().await.map(drop), |()| {});
    }
    "folders" All => |e| {
        if e.t("os/folders.rs mkdir", os::mkdir(e.join("d")).await, |()| {}) {
            e.t("os/folders.rs rmdir", os::rmdir(e.join("d")).await, |()| {});
        }
        if e.t("os/folders.rs makedirs", os::makedirs(e.join("p/q/r")).await, |()| {}) {
            e.t("os/folders.rs removedirs", os::removedirs(e.join("p/q/r")).await, |()| {
                assert!(!e.join("p").exists());
            });
        }
        e.t("os/folders.rs listdir", os::listdir(&e.dir).await, |names| assert!(names.len() >= 5));
        e.t("os/folders.rs sync_dir", os::sync_dir(&e.dir).await, |()| {});
        e.t("os/folders.rs getcwd", os::getcwd().await, |path| assert!(path.is_absolute()));
        let entries = os::scandir(&e.dir).await;
        e.t("os/scandir.rs scandir", entries.as_ref().map(drop), |()| {});
        if let Ok(mut entries) = entries {
            let entry = entries.next_entry().await;
            e.t("os/scandir.rs next_entry", entry.as_ref().map(drop), |()| {});
            if let Ok(Some(entry)) = entry {
                e.t("os/scandir.rs stat", entry.stat().await.map(drop), |()| {});
            }
        }
        let mut walk = os::walk(&e.dir);
        let mut count = 0;
        while let Some(folder) = walk.next_dir().await {
            count += 1;
            assert!(count < 100, "it has no end");
            e.t("os/walk.rs walk next_dir", folder.map(drop), |()| {});
        }
    }
    "metadata" All => |e| {
        e.t("os/metadata.rs stat", os::stat(e.join("old")).await, |v| assert_eq!(v.len(), 11));
        e.t("os/metadata.rs lstat", os::lstat(e.join("link")).await, |v| assert!(v.is_symlink()));
        e.t("os/metadata.rs statvfs", os::statvfs(&e.dir).await, |v| assert!(v.f_bsize > 0));
        let access = os::access(e.join("old"), os::R_OK).await;
        e.t("os/metadata.rs access", access, |_| {});
        e.t("os/metadata.rs chmod", os::chmod(e.join("old"), 0o600).await, |()| {});
        e.t("os/metadata.rs chown", os::chown(e.join("old"), None, None).await, |()| {});
        e.t("os/metadata.rs utime", os::utime(e.join("old")).await, |()| {});
    }
    "names" All => |e| {
        if e.t("os/names.rs rename", os::rename(e.join("old"), e.join("o2")).await, |()| {}) {
            e.t("os/names.rs replace", os::replace(e.join("o2"), e.join("old")).await, |()| {
                e.has("old", b"old content");
            });
        }
        if e.t("os/names.rs renames", os::renames(e.join("old"), e.join("x/y")).await, |()| {}) {
            e.t("os/names.rs remove", os::remove(e.join("x/y")).await, |()| {});
        }
        if e.t("os/names.rs link", os::link(e.join("in"), e.join("hard")).await, |()| {}) {
            e.t("os/names.rs unlink", os::unlink(e.join("hard")).await, |()| {});
        }
        e.t("os/names.rs symlink", os::symlink("in", e.join("soft")).await, |()| {});
        e.t("os/names.rs readlink", os::readlink(e.join("link")).await, |to| {
            assert_eq!(to.as_os_str(), "in");
        });
    }
    "trees" All => |e| {
        let tree = os::copytree(e.join("sub"), e.join("tree")).await.map(drop);
        if e.t("os/copytree.rs copytree", tree, |()| e.has("tree/deep/b", b"b")) {
            e.t("os/rmtree.rs rmtree", os::rmtree(e.join("tree")).await.map(drop), |()| {
                assert!(!e.join("tree").exists());
            });
        }
        let (Ok(from), Ok(to)) = (
            std::fs::File::open(e.join("in")),
            std::fs::File::options().write(true).open(e.join("old")),
        ) else {
            return;
        };
        e.t("os/sendfile.rs sendfile", os::sendfile(&to, &from, Some(0), 5).await, |n| {
            assert!(n <= 5);
        });
        let same = ospath::sameopenfile(&from, &to).await;
        e.t("ospath.rs sameopenfile", same, |same| assert!(!same));
    }
    "questions" All => |e| {
        let path = e.join("in");
        e.t("ospath.rs exists", ospath::exists(&path).await, |v| assert!(v));
        e.t("ospath.rs lexists", ospath::lexists(&path).await, |v| assert!(v));
        e.t("ospath.rs isfile", ospath::isfile(&path).await, |v| assert!(v));
        e.t("ospath.rs isdir", ospath::isdir(&path).await, |v| assert!(!v));
        e.t("ospath.rs islink", ospath::islink(&path).await, |v| assert!(!v));
        e.t("ospath.rs ismount", ospath::ismount(&path).await, |v| assert!(!v));
        e.t("ospath.rs getsize", ospath::getsize(&path).await, |n| assert_eq!(n, CONTENT.len() as u64));
        e.t("ospath.rs getatime", ospath::getatime(&path).await, |_| {});
        e.t("ospath.rs getmtime", ospath::getmtime(&path).await, |_| {});
        e.t("ospath.rs getctime", ospath::getctime(&path).await, |_| {});
        e.t("ospath.rs samefile", ospath::samefile(&path, &path).await, |v| assert!(v));
        e.t("ospath/names.rs abspath", ospath::abspath(&path).await, |_| {});
        e.t("ospath/names.rs expanduser", ospath::expanduser("~").await, |_| {});
        e.t("ospath/realpath.rs realpath", ospath::realpath(&path).await, |_| {});
    }
    "temporary files" All => |e| {
        let made = tempfile::temporary_file().binary().dir(&e.dir).await;
        e.t("tempfile.rs temporary_file binary", made.as_ref().map(drop), |()| {});
        if let Ok(mut f) = made {
            e.t("file/binary.rs write", f.write(b"x").await, |_| {});
            e.t("file/common.rs close", f.close().await, |()| {});
        }
        e.t("tempfile.rs text", tempfile::temporary_file().text().dir(&e.dir).await.map(drop), |()| {});
        e.t("tempfile.rs raw", tempfile::temporary_file().raw().dir(&e.dir).await.map(drop), |()| {});
        e.t("tempfile.rs any", tempfile::temporary_file().any().dir(&e.dir).await.map(drop), |()| {});
        let with = tempfile::temporary_file().dir(&e.dir).with(async |f| f.write(b"x").await).await;
        e.t("tempfile.rs with", with, |_| {});
        let with = tempfile::temporary_file().dir(&e.dir);
        let with = with.try_with(async |f| f.write(b"x").await).await;
        e.t("tempfile.rs try_with", with, |_| {});
        let made = tempfile::named_temporary_file().dir(&e.dir).await;
        e.t("tempfile.rs named_temporary_file", made.as_ref().map(drop), |()| {});
        if let Ok(mut f) = made {
            e.t("tempfile/traits.rs write", of_std(tokio::io::AsyncWriteExt::write(&mut f, b"x").await), |_| {});
            e.t("tempfile/traits.rs flush", of_std(tokio::io::AsyncWriteExt::flush(&mut f).await), |()| {});
            e.t("tempfile/named.rs persist", f.persist(e.join("new")).await, |_| e.has("new", b"x"));
        }
        if let Ok(mut f) = tempfile::named_temporary_file().dir(&e.dir).await {
            e.t("tempfile/named.rs close", f.close().await, |()| {});
        }
        let made = tempfile::spooled_temporary_file().dir(&e.dir).max_size(4).await;
        e.t("tempfile.rs spooled_temporary_file", made.as_ref().map(drop), |()| {});
        if let Ok(mut f) = made {
            e.t("tempfile/spooled.rs write", f.write(b"12").await, |_| {});
            e.t("tempfile/spooled.rs writelines", f.writelines([b"3"]).await, |()| {});
            e.t("tempfile/spooled.rs rollover", f.rollover().await, |()| {});
            e.t("tempfile/spooled.rs write_owned", f.write_owned(b"45".to_vec()).await.0, |_| {});
            e.t("tempfile/spooled.rs fileno", f.fileno().await.map(drop), |()| {});
            e.t("tempfile/spooled.rs truncate", f.truncate().size(4).await, |n| assert_eq!(n, 4));
            e.t("tempfile/traits.rs seek", f.seek(SeekFrom::Start(0)).await, |n| assert_eq!(n, 0));
            e.t("tempfile/traits.rs read", f.read().await, |v| assert_eq!(v, b"1234"));
        }
    }
    "atomic files" All => |e| {
        let made = tempfile::atomic_file(e.join("keep")).await;
        e.t("tempfile/atomic.rs atomic_file", made.as_ref().map(drop), |()| {});
        if let Ok(mut f) = made {
            e.t("file/binary.rs write", f.write(b"new").await, |_| {});
            let committed = f.commit().await;
            let there = e.content("keep");
            assert!(there.is_none_or(|there| there == b"kept" || there == b"new"));
            e.t("tempfile/atomic.rs commit", committed.map(drop), |()| e.has("keep", b"new"));
        }
        let made = tempfile::atomic_file(e.join("keep")).text().await;
        e.t("tempfile/atomic.rs text", made.as_ref().map(drop), |()| {});
        if let Ok(mut f) = made {
            e.t("tempfile/atomic.rs discard", f.discard().await, |()| {});
        }
        let keep = || tempfile::atomic_file(e.join("keep"));
        e.t("tempfile/atomic.rs binary", keep().binary().await.map(drop), |()| {});
        e.t("tempfile/atomic.rs raw", keep().raw().await.map(drop), |()| {});
        e.t("tempfile/atomic.rs any", keep().any().await.map(drop), |()| {});
        e.t("tempfile/atomic.rs with", keep().with(async |f| f.write(b"new").await).await, |_| {});
        let with = keep().try_with(async |f| f.write(b"new").await).await;
        e.t("tempfile/atomic.rs try_with", with, |_| e.has("keep", b"new"));
    }
    "temporary folders" All => |e| {
        let made = tempfile::temporary_directory().dir(&e.dir).await;
        e.t("tempfile/directory.rs temporary_directory", made.as_ref().map(drop), |()| {});
        if let Ok(mut dir) = made {
            e.t("tempfile/directory.rs cleanup", dir.cleanup().await, |()| {});
            e.t("tempfile/directory.rs close", dir.close().await, |()| {});
        }
        let made = || tempfile::temporary_directory().dir(&e.dir);
        e.t("tempfile/directory.rs with", made().with(async |_| Ok(())).await, |()| {});
        let with = made().try_with(async |_| Ok::<_, aiofiles::Error>(())).await;
        e.t("tempfile/directory.rs try_with", with, |()| {});
    }
    "standard input" Content => |e| {
        let std = || std::fs::File::open(e.join("in"));
        let Ok(file) = std() else { return };
        e.t("stdio.rs set_stdin", aiofiles::stdio::set_stdin(file).await.map(drop), |()| {});
        let (text, mut bytes) = (aiofiles::stdin(), aiofiles::stdin_bytes());
        e.t("stdio/input.rs read", text.read().size(3).await, |v| assert_eq!(v, "fir"));
        e.t("stdio/input.rs readline", text.readline().await, |v| assert_eq!(v, "st line\n"));
        e.t("stdio/input.rs read1", bytes.read1(2).await, |v| assert!(!v.is_empty()));
        let mut buf = [0; 2];
        e.t("stdio/input.rs readinto", bytes.readinto(&mut buf).await, |n| assert_eq!(n, 2));
        let next = bytes.next_line().await.map(|line| line.is_some());
        e.t("stdio/input.rs next_line", next, |v| assert!(v));
        e.t("stdio/input.rs readlines", text.readlines().await, |v| assert!(!v.is_empty()));
        let Ok(file) = std() else { return };
        drop(aiofiles::stdio::set_stdin(file).await);
        let line = text.lines().next().await.unwrap();
        e.t("stdio/input.rs lines", line, |v| assert!(!v.is_empty()));
        let (n, _) = bytes.read_owned(Vec::with_capacity(5)).await;
        e.t("stdio/input.rs read_owned", n, |n| assert!(n > 0));
        e.t("stdio/input.rs readall", bytes.readall().await, |v| assert!(CONTENT.ends_with(&v)));
        e.t("stdio/input.rs reconfigure", text.reconfigure().line_buffering(false).await, |()| {});
        e.t("stdio/input.rs flush", text.flush().await, |()| {});
        e.t("stdio/input.rs close", text.close().await, |()| {});
    }
    "standard output" All => |e| {
        let std = || std::fs::File::options().write(true).truncate(true).open(e.join("old"));
        let Ok(file) = std() else { return };
        e.t("stdio.rs set_stdout", aiofiles::stdio::set_stdout(file).await.map(drop), |()| {});
        let (text, bytes) = (aiofiles::stdout(), aiofiles::stdout_bytes());
        e.t("stdio/output.rs write", text.write("one").await, |n| assert_eq!(n, 3));
        e.t("stdio/output.rs writelines", text.writelines(["two"]).await, |()| {});
        let (n, _) = bytes.write_owned(b"new".to_vec()).await;
        e.t("stdio/output.rs write_owned", n, |n| assert_eq!(n, 3));
        e.t("stdio/output.rs flush", text.flush().await, |()| e.has("old", b"onetwonew"));
        e.t("stdio/output.rs reconfigure", text.reconfigure().line_buffering(false).await, |()| {});
        e.t("stdio/output.rs close", text.close().await, |()| {});
        let Ok(file) = std() else { return };
        e.t("stdio.rs set_stderr", aiofiles::stdio::set_stderr(file).await.map(drop), |()| {});
    }
}

fn of_std<T>(result: std::io::Result<T>) -> aiofiles::Result<T> {
    result.map_err(aiofiles::Error::from)
}
