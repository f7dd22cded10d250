//! What systems do differently and this crate does alike: cursors beside positional
//! calls, locks, folders as files, long paths, upper and lower case. And that the
//! differences stand in one place of the sources. (There are tests/folder_links.rs and
//! tests/open_names.rs beside it.)

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/system.rs"]
mod system;

use std::io::{ErrorKind, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aiofiles::{ThreadPoolExecutor, open, os, ospath};
use common::{Dir, run};
use futures::TryStreamExt;

/// Each four bytes say where they are.
fn numbered(len: u32) -> Vec<u8> {
    (0..len / 4).flat_map(u32::to_be_bytes).collect()
}

#[test]
fn cursors_and_positional_calls_keep_out_of_each_others_way() {
    const LEN: u32 = 1 << 20;
    const BLOCK: usize = 4096;
    let pool = ThreadPoolExecutor::new(4);
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", numbered(LEN));
        let open = open(&path).raw().mode("r+").executor(pool.clone());
        let mut file = open.nowait(false).await.unwrap();
        let clone = Arc::new(file.try_clone().await.unwrap());
        let others: Vec<_> = (0..3_u64)
            .map(|n| {
                let file = clone.clone();
                tokio::spawn(async move {
                    for round in 0..300_u64 {
                        let at = (n * 7919 + round * 104_729) % u64::from(LEN / 8) * 4;
                        let data = file.read_exact_at(at, 64).await.unwrap();
                        let first = u32::from_be_bytes(data[..4].try_into().unwrap());
                        assert_eq!(u64::from(first) * 4, at);
                        // What is there already: nobody sees a difference.
                        file.write_all_at(at, &data).await.unwrap();
                    }
                })
            })
            .collect();
        let mut here = 0;
        for _ in 0..200 {
            let data = file.read().size(BLOCK).await.unwrap();
            let first = u32::from_be_bytes(data[..4].try_into().unwrap());
            assert_eq!(u64::from(first) * 4, here, "read where the cursor is");
            here = file.seek(SeekFrom::Current(-1024)).await.unwrap();
            file.write(&data[BLOCK - 1024..]).await.unwrap();
            here += 1024;
            if here + BLOCK as u64 > u64::from(LEN) {
                here = file.seek(SeekFrom::Start(0)).await.unwrap();
            }
        }
        for other in others {
            other.await.unwrap();
        }
        assert!(std::fs::read(&path).unwrap() == numbered(LEN));
    });
}

#[test]
fn lock_that_is_held_can_be_asked_for_again_and_changed() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "");
        let open = || open(&path).mode("r+").into_future();
        let (mut file, mut other) = (open().await.unwrap(), open().await.unwrap());
        file.lock().await.unwrap();
        file.lock().await.unwrap();
        assert!(file.try_lock().await.unwrap());
        assert!(!other.try_lock().await.unwrap() && !other.try_lock_shared().await.unwrap());
        let mut clone = file.try_clone().await.unwrap();
        assert!(clone.try_lock().await.unwrap(), "the same open file");
        assert!(file.try_lock_shared().await.unwrap());
        assert!(other.try_lock_shared().await.unwrap());
        other.unlock().await.unwrap();
        file.lock().await.unwrap();
        assert!(!other.try_lock_shared().await.unwrap());
        // Once is enough, however often it was taken.
        file.unlock().await.unwrap();
        file.unlock().await.unwrap();
        assert!(other.try_lock().await.unwrap());
        other.close().await.unwrap();
        assert!(file.try_lock().await.unwrap(), "a close gives it up");
    });
}

#[test]
fn shared_lock_stays_where_an_exclusive_one_is_not_to_be_had() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "");
        let open = || open(&path).mode("r+").into_future();
        let (mut file, mut other) = (open().await.unwrap(), open().await.unwrap());
        assert!(file.try_lock_shared().await.unwrap());
        assert!(other.try_lock_shared().await.unwrap());
        assert!(!file.try_lock().await.unwrap());
        other.unlock().await.unwrap();
        assert!(!other.try_lock().await.unwrap(), "it is shared still");
        assert!(file.try_lock().await.unwrap());
    });
}

#[test]
fn folders_have_times_and_are_no_files() {
    run(async {
        let dir = Dir::new();
        let folder = dir.join("src/inner");
        os::makedirs(&folder).await.unwrap();
        let when = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        os::utime(&folder).times(when, when).await.unwrap();
        let times = |path: PathBuf| std::fs::metadata(path).unwrap().modified().unwrap();
        assert_eq!(times(folder.clone()), when);
        os::copytree(dir.join("src"), dir.join("dst"))
            .await
            .unwrap();
        assert_eq!(times(dir.join("dst/inner")), when);
        let errors = [
            open(&folder).await.map(drop),
            open(&folder).binary().mode("r+").await.map(drop),
            open(&folder).raw().mode("w").await.map(drop),
            aiofiles::read(&folder).await.map(drop),
            aiofiles::write(&folder, "x").await,
            aiofiles::write_atomic(&folder, "x").await,
            os::copyfile(&folder, dir.join("f")).await.map(drop),
        ];
        for (number, error) in errors.into_iter().enumerate() {
            assert_eq!(
                error.unwrap_err().kind(),
                ErrorKind::IsADirectory,
                "{number}"
            );
        }
    });
}

#[test]
fn hard_link_is_the_same_file() {
    run(async {
        let dir = Dir::new();
        let (path, link) = (dir.file("f", "content"), dir.join("link"));
        os::link(&path, &link).await.unwrap();
        assert!(ospath::samefile(&path, &link).await.unwrap());
        let handle = |path: &PathBuf| std::fs::File::open(path).unwrap();
        let same = ospath::sameopenfile(handle(&path), handle(&link));
        assert!(same.await.unwrap());
        let other = dir.file("other", "content");
        let same = ospath::sameopenfile(handle(&path), handle(&other));
        assert!(!same.await.unwrap());
        assert!(!ospath::samefile(&path, &other).await.unwrap());
        for (src, dst) in [(&path, &link), (&link, &path)] {
            let error = os::copyfile(src, dst).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
        assert_eq!(std::fs::read(&link).unwrap(), b"content");
        assert!(ospath::samefile(dir.path(), dir.join(".")).await.unwrap());
    });
}

#[test]
fn a_rename_changes_the_case_of_a_name_and_keeps_what_is_there() {
    run(async {
        let dir = Dir::new();
        let (lower, upper) = (dir.file("naïve", "content"), dir.join("NAÏVE"));
        os::rename(&lower, &upper).await.unwrap();
        let names = os::listdir(dir.path()).await.unwrap();
        if cfg!(windows) && names == ["naïve"] {
            println!("skipped: the system (Wine) leaves names in the case that they have");
        } else {
            assert_eq!(names, ["NAÏVE"]);
        }
        os::rename(&upper, &upper).await.unwrap();
        assert_eq!(std::fs::read(&upper).unwrap(), b"content");

        let (folder, other) = (dir.join("folder"), dir.join("Folder"));
        os::makedirs(folder.join("inner")).await.unwrap();
        os::rename(&folder, &other).await.unwrap();
        assert!(ospath::isdir(other.join("inner")).await.unwrap());

        let taken = dir.file("taken", "old");
        let missing = os::rename(dir.join("missing"), &taken).await;
        assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
        // As Python's, which replaces on Unix.
        let renamed = os::rename(&upper, &taken).await;
        if cfg!(windows) {
            assert_eq!(renamed.unwrap_err().kind(), ErrorKind::AlreadyExists);
            assert_eq!(std::fs::read(&taken).unwrap(), b"old");
        } else {
            renamed.unwrap();
            assert_eq!(std::fs::read(&taken).unwrap(), b"content");
        }
    });
}

#[test]
fn paths_may_be_longer_than_260_characters() {
    run(async {
        let dir = Dir::new();
        let root = dir.join("root");
        let mut deep = root.clone();
        for _ in 0..12 {
            deep.push("a name of about thirty letters");
        }
        os::makedirs(&deep).await.unwrap();
        let file = deep.join("f");
        assert!(file.as_os_str().len() > 360);
        aiofiles::write(&file, "here").await.unwrap();
        aiofiles::write_atomic(&file, "there").await.unwrap();
        assert_eq!(open(&file).await.unwrap().read().await.unwrap(), "there");
        let when = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        os::utime(&file).times(when, when).await.unwrap();
        assert_eq!(os::stat(&file).await.unwrap().modified().unwrap(), when);
        let other = deep.join("other");
        os::rename(&file, &other).await.unwrap();
        os::replace(&other, &file).await.unwrap();
        os::link(&file, &other).await.unwrap();
        assert!(ospath::samefile(&file, &other).await.unwrap());
        os::copyfile(&file, deep.join("copy")).await.unwrap();
        let mut names = os::listdir(&deep).await.unwrap();
        names.sort();
        assert_eq!(names, ["copy", "f", "other"]);
        for name in ["copy", "other"] {
            os::remove(deep.join(name)).await.unwrap();
        }
        let real = ospath::realpath(&file).strict(true).await.unwrap();
        assert!(ospath::samefile(real, &file).await.unwrap());
        let temporary = aiofiles::tempfile::named_temporary_file().dir(&deep);
        let mut temporary = temporary.await.unwrap();
        temporary.write(b"kept").await.unwrap();
        let kept = deep.join("kept");
        temporary.persist(&kept).await.unwrap();
        assert_eq!(std::fs::read(&kept).unwrap(), b"kept");
        temporary.close().await.unwrap();
        os::remove(&kept).await.unwrap();
        let folder = aiofiles::tempfile::temporary_directory().dir(&deep);
        folder.await.unwrap().close().await.unwrap();
        let walked: Vec<_> = os::walk(&root).try_collect().await.unwrap();
        assert_eq!(walked.len(), 13);
        os::copytree(&root, dir.join("copy")).await.unwrap();
        assert_eq!(os::rmtree(dir.join("copy")).await.unwrap(), 14);
        assert_eq!(os::rmtree(&root).await.unwrap(), 14);
    });
}

/// Where a `cfg` of a system stands above `src/sys`, how often, and why.
const ASKED_ABOVE: &[(&str, usize, &str)] = &[
    (
        "codec/newline.rs",
        1,
        "a test, which has to know without what it tests",
    ),
    (
        "file/std_file.rs",
        6,
        "`AsFd` and the like are traits of Unix, `AsHandle` of Windows",
    ),
    ("open/any/std_file.rs", 4, "the same of a file of any kind"),
    (
        "open/asked.rs",
        2,
        "the flags of open(2) are there for those who call it: on Unix",
    ),
    ("os.rs", 1, "`sendfile` takes descriptors"),
    ("os/keywords.rs", 3, "`dir_fd` takes a descriptor"),
    ("os/scandir.rs", 2, "Windows lists no inodes"),
    ("os/sendfile.rs", 1, "`sendfile` takes descriptors"),
    ("tempfile/spooled.rs", 1, "`fileno` gives a descriptor"),
];

/// The sources below `src`, by their paths there, without comments.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            let code = code.map(|line| format!("{line}\n")).collect();
            sources.push((name.replace('\\', "/"), code));
        }
    }
    assert!(sources.len() > 100);
    sources
}

fn is_ground_floor(name: &str) -> bool {
    name == "sys.rs" || name.starts_with("sys/")
}

/// How often a source asks what system it is for.
fn asks(code: &str) -> usize {
    let conditions = ["cfg(", "cfg!(", "cfg_attr("]
        .into_iter()
        .flat_map(|start| {
            code.match_indices(start).map(|(at, start)| {
                let rest = &code[at + start.len()..];
                let mut open = 1;
                let end = rest.find(|c| {
                    open += i32::from(c == '(') - i32::from(c == ')');
                    open == 0 || (open == 1 && c == ',')
                });
                &rest[..end.unwrap()]
            })
        });
    let words = [
        "unix",
        "windows",
        "target_os",
        "target_family",
        "target_env",
        "target_vendor",
    ];
    let of_a_system = conditions.filter(|condition| {
        let mut parts = condition.split(|c: char| !c.is_alphanumeric() && c != '_');
        parts.any(|part| words.contains(&part))
    });
    of_a_system.count()
}

#[test]
fn what_system_it_is_stands_on_the_ground_floor_only() {
    assert_eq!(
        asks("#[cfg(all(unix, a))] if cfg!(not(target_os = \"x\")) {}"),
        2
    );
    assert_eq!(
        asks("#[cfg(feature = \"unix_\")] #[cfg_attr(test, cfg(windows))]"),
        1
    );
    assert_eq!(asks("#[cfg_attr(\n    not(windows),\n    a(unix)\n)]"), 1);
    let mut asked: Vec<_> = sources()
        .into_iter()
        .filter(|(name, _)| !is_ground_floor(name))
        .map(|(name, code)| (name, asks(&code)))
        .filter(|(_, count)| *count > 0)
        .collect();
    asked.sort();
    let listed: Vec<_> = ASKED_ABOVE
        .iter()
        .map(|&(name, count, _)| (name.to_owned(), count))
        .collect();
    assert_eq!(
        asked, listed,
        "what differs between systems belongs into `src/sys`"
    );
}

#[test]
fn calls_of_a_system_are_made_on_the_ground_floor_only() {
    let crates = ["rustix::", "nix::", "winapi_util::", "fs4::", "dunce::"];
    for (name, code) in sources() {
        let found = crates.iter().find(|found| code.contains(*found));
        assert!(
            found.is_none() || is_ground_floor(&name),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn the_ground_floor_knows_nothing_of_what_stands_above() {
    for (name, code) in sources() {
        if !is_ground_floor(&name) {
            continue;
        }
        // How many `super` lead no higher than to `sys` itself.
        let depth = name.matches('/').count();
        let mut inline = 0;
        for line in code.lines() {
            match line {
                "}" => inline = 0,
                _ if line.ends_with(" {") && line.contains("mod ") && !line.starts_with(' ') => {
                    inline = 1;
                }
                _ => {}
            }
            for (at, root) in line.match_indices("crate::") {
                let above = &line[at + root.len()..];
                assert!(above.starts_with("error::"), "{name}: {line}");
            }
            let chains = line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
            let highest = chains.map(|chain| chain.matches("super::").count()).max();
            assert!(highest <= Some(depth + inline), "{name}: {line}");
        }
    }
}
