//! Listings that are interrupted wherever they come to: each entry is there, once.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aiofiles::{ThreadPoolExecutor, os};
use futures::StreamExt;
use futures::executor::block_on;

use super::alone::{MOUNTS, alone};
use super::disks::with_liar;
use super::liar::Lie;

/// A listing of so many takes some thirty requests, and a scan three jobs.
const NAMES: usize = 3000;

fn name(n: usize) -> String {
    format!("name-{n:04}")
}

fn assert_all<T: AsRef<Path>>(names: Vec<T>) {
    let mut found: Vec<_> = names.iter().map(|name| name.as_ref().to_owned()).collect();
    found.sort();
    assert_eq!(found.len(), NAMES);
    assert!((0..NAMES).all(|n| found[n] == Path::new(&name(n))));
}

/// That so much of the folder was interrupted.
fn assert_interrupted(lie: &Mutex<Lie>, least: u64) {
    let told = *lie.lock().unwrap();
    assert!(
        matches!(told, Lie::InterruptsAListing(to) if to > least),
        "{told:?}"
    );
}

#[test]
fn interrupted_listing_has_all_entries() {
    if !alone("listings::interrupted_listing_has_all_entries", MOUNTS) {
        return;
    }
    with_liar(|dir, lie| {
        let pool = ThreadPoolExecutor::new(1);
        let (many, copy) = (dir.join("many"), tempfile::tempdir().unwrap());
        let copy = copy.path().join("copy");
        std::fs::create_dir(&many).unwrap();
        for n in 0..NAMES {
            std::fs::write(many.join(name(n)), "").unwrap();
        }
        let interrupt = |from| *lie.lock().unwrap() = Lie::InterruptsAListing(from);
        let last = NAMES as u64 - 200;
        block_on(async {
            // A plain listing is over with it.
            interrupt(0);
            let error = std::fs::read_dir(&many).unwrap().next().unwrap();
            assert_eq!(error.unwrap_err().kind(), ErrorKind::Interrupted);

            interrupt(0);
            assert_all(os::listdir(&many).executor(pool.clone()).await.unwrap());
            assert_interrupted(lie, last);

            for with_stat in [false, true] {
                interrupt(0);
                let scan = os::scandir(&many).with_stat(with_stat);
                let entries = scan.executor(pool.clone()).await.unwrap();
                let entries: Vec<_> = entries.map(Result::unwrap).collect().await;
                assert!(entries.iter().all(os::DirEntry::is_file));
                assert!(entries.iter().all(|e| e.metadata().is_some() == with_stat));
                assert_all(entries.iter().map(os::DirEntry::name).collect());
                assert_interrupted(lie, last);
            }

            interrupt(0);
            let mut walk = os::walk(&many).executor(pool.clone());
            let folder = walk.next_dir().await.unwrap().unwrap();
            assert_all(folder.files.iter().map(os::DirEntry::name).collect());
            assert!(walk.next_dir().await.is_none());
            assert_interrupted(lie, last);

            interrupt(0);
            let asked = Arc::new(AtomicUsize::new(0));
            let copying = os::copytree(&many, &copy).ignore({
                let asked = asked.clone();
                move |_| asked.fetch_add(1, Ordering::SeqCst) == usize::MAX
            });
            copying.executor(pool.clone()).await.unwrap();
            assert_eq!(asked.load(Ordering::SeqCst), NAMES);
            assert_all(os::listdir(&copy).executor(pool.clone()).await.unwrap());
            assert_interrupted(lie, last);
        });
    });
}

/// Where nobody can tell what was given, the scan ends with the interruption: no entry is
/// given twice, and none is missed in silence.
#[test]
fn interrupted_listing_of_a_changed_folder_is_an_error() {
    if !alone(
        "listings::interrupted_listing_of_a_changed_folder_is_an_error",
        MOUNTS,
    ) {
        return;
    }
    with_liar(|dir, lie| {
        let pool = ThreadPoolExecutor::new(1);
        for change in ["nothing", "a name before", "a name behind", "one less"] {
            let many = dir.join(change);
            std::fs::create_dir(&many).unwrap();
            for n in 0..NAMES {
                std::fs::write(many.join(name(n)), "").unwrap();
            }
            block_on(async {
                let scan = os::scandir(&many).executor(pool.clone());
                let mut entries = scan.await.unwrap();
                match change {
                    "a name before" => std::fs::write(many.join("a"), "").unwrap(),
                    "a name behind" => std::fs::write(many.join("z"), "").unwrap(),
                    "one less" => std::fs::remove_file(many.join(name(1))).unwrap(),
                    _ => {}
                }
                *lie.lock().unwrap() = Lie::InterruptsAListing(1100);
                let mut names = Vec::new();
                let mut error = None;
                while let Some(entry) = entries.next().await {
                    match entry {
                        Ok(entry) => names.push(entry.name().to_owned()),
                        Err(told) => assert!(error.replace(told).is_none()),
                    }
                }
                assert_interrupted(lie, 1100);
                *lie.lock().unwrap() = Lie::None;
                let count = names.len();
                names.sort();
                names.dedup();
                assert_eq!(names.len(), count, "{change}");
                if matches!(change, "a name before" | "one less") {
                    assert_eq!(error.unwrap().kind(), ErrorKind::Interrupted);
                    assert!((1024..NAMES).contains(&count), "{change}: {count}");
                } else {
                    assert!(error.is_none(), "{change}: {error:?}");
                    names.retain(|name| name != "z");
                    assert_all(names);
                }
            });
        }
    });
}
