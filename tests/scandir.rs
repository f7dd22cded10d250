//! `os::scandir`: hops, fusion, the folder's descriptor.

mod common;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;

use aiofiles::executor::{Executor, InlineExecutor, Job, ManualExecutor, Refused};
use aiofiles::{Error, os};
use common::{Counting, run};
use futures::{FutureExt, StreamExt, TryStreamExt};

fn fill(dir: &Path, count: usize) {
    for i in 0..count {
        File::create(dir.join(format!("{i:05}"))).expect("a file");
    }
}

/// How many entries a large folder has: some jobs for about a thousand each.
const MANY: usize = 5_000;

#[test]
fn entries_of_a_large_folder_take_a_job_for_about_a_thousand() {
    let dir = tempfile::tempdir().expect("a folder");
    fill(dir.path(), MANY);
    let counting = Counting::new();
    run(async {
        let mut entries = os::scandir(dir.path()).executor(counting.clone()).await?;
        assert_eq!(
            counting.total(),
            1,
            "the first batch comes with the opening"
        );
        let mut names = BTreeSet::new();
        while let Some(entry) = entries.try_next().await? {
            assert!(entry.is_file() && !entry.is_dir() && !entry.is_symlink());
            names.insert(entry.name().to_owned());
        }
        assert_eq!(names.len(), MANY);
        let jobs = counting.total();
        assert!(jobs <= MANY.div_ceil(1000) + 2, "{jobs} jobs");
        // tokio#5555, tokio#5653: fused, and no job after the end.
        for _ in 0..3 {
            assert!(entries.next().await.is_none());
        }
        assert_eq!(counting.total(), jobs);
        Ok::<(), Error>(())
    })
    .expect("all of it works");
}

/// Names of all lengths, in more than one piece, and of all bytes that a name may have.
#[cfg(target_os = "linux")]
#[test]
fn names_types_and_inodes_are_those_of_std() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::DirEntryExt;

    let dir = tempfile::tempdir().expect("a folder");
    let make = |name: &[u8], number: usize| {
        let path = dir.path().join(std::ffi::OsStr::from_bytes(name));
        match number % 3 {
            0 => fs::create_dir(path),
            1 => File::create(path).map(drop),
            _ => std::os::unix::fs::symlink(if number % 2 == 0 { "." } else { "none" }, path),
        }
        .expect("it can be made");
    };
    for number in 0..2_500_usize {
        let mut name = number.to_string().into_bytes();
        let length = name.len().max(1 + number * 7 % 255);
        name.resize(length, b'x');
        make(&name, number);
    }
    for byte in (1..=255).filter(|byte| *byte != b'/') {
        make(&[b'.', b'.', byte], usize::from(byte));
    }
    let std: BTreeSet<(OsString, u64, String, bool)> = fs::read_dir(dir.path())
        .expect("a folder")
        .map(|entry| {
            let entry = entry.expect("an entry");
            let kind = entry.file_type().expect("a type");
            let (name, inode) = (entry.file_name(), entry.ino());
            (name, inode, format!("{kind:?}"), entry.path().is_dir())
        })
        .collect();
    assert_eq!(std.len(), 2_500 + 254);
    for with_stat in [false, true] {
        let ours = run(async {
            let scan = os::scandir(dir.path()).with_stat(with_stat);
            let mut ours = BTreeSet::new();
            let mut entries = scan.await?;
            while let Some(entry) = entries.try_next().await? {
                let kind = entry.file_type().expect("a type");
                let (name, inode) = (entry.file_name(), entry.inode());
                let new = ours.insert((name, inode, format!("{kind:?}"), entry.is_dir()));
                assert!(new, "{entry:?} once");
            }
            Ok::<_, Error>(ours)
        });
        assert!(ours.expect("a folder") == std, "with_stat({with_stat})");
    }
}

#[test]
fn entries_outlive_the_scan_and_each_other() {
    let dir = tempfile::tempdir().expect("a folder");
    fill(dir.path(), 3000);
    run(async {
        let mut entries = os::scandir(dir.path()).await?;
        let mut kept = Vec::new();
        while let Some(entry) = entries.next_entry().await? {
            let number: usize = entry
                .name()
                .to_str()
                .expect("text")
                .parse()
                .expect("digits");
            if number % 7 == 0 {
                kept.push((number, entry));
            }
        }
        drop(entries);
        for (number, entry) in kept {
            let copy = entry.clone();
            drop(entry);
            let name = format!("{number:05}");
            assert_eq!(copy.name(), name.as_str());
            assert_eq!(copy.path(), dir.path().join(name));
            assert!(copy.is_file());
        }
        Ok::<(), Error>(())
    })
    .expect("all of it works");
}

#[test]
fn empty_folder_is_one_job() {
    let dir = tempfile::tempdir().expect("a folder");
    let counting = Counting::new();
    run(async {
        let mut entries = os::scandir(dir.path()).executor(counting.clone()).await?;
        assert!(entries.next_entry().await?.is_none());
        assert!(entries.next_entry().await?.is_none());
        assert_eq!(counting.total(), 1);
        Ok::<(), Error>(())
    })
    .expect("all of it works");
}

/// Runs the first job, and refuses the others.
#[derive(Default)]
struct Once(std::sync::atomic::AtomicBool);

impl Executor for Once {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        if self.0.swap(true, std::sync::atomic::Ordering::SeqCst) {
            return Err(Refused(job));
        }
        InlineExecutor.execute(job)
    }
}

#[test]
fn error_in_the_middle_comes_once_and_ends_the_stream() {
    let dir = tempfile::tempdir().expect("a folder");
    fill(dir.path(), 3000);
    run(async {
        let entries = os::scandir(dir.path()).executor(Once::default()).await?;
        let items: Vec<_> = entries.collect().await;
        let errors = items.iter().filter(|item| item.is_err()).count();
        assert_eq!(errors, 1);
        assert!(items.last().expect("the error").is_err());
        assert!(items.len() > 500, "what came before the error is given");
        Ok::<(), Error>(())
    })
    .expect("all of it works");
}

#[cfg(target_os = "linux")]
fn open_descriptors_of(dir: &Path) -> usize {
    let links = fs::read_dir("/proc/self/fd").expect("a folder");
    let targets = links.filter_map(|link| fs::read_link(link.ok()?.path()).ok());
    targets.filter(|target| target == dir).count()
}

#[cfg(target_os = "linux")]
#[test]
fn dropping_or_closing_it_midway_closes_the_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().canonicalize().expect("it is there");
    fill(&path, 3000);
    run(async {
        let mut entries = os::scandir(&path).await?;
        let kept = entries.try_next().await?.expect("an entry");
        assert_eq!(open_descriptors_of(&path), 1);
        drop(entries);
        assert_eq!(
            open_descriptors_of(&path),
            0,
            "an entry does not hold it open"
        );
        assert_eq!(kept.stat().await?.len(), 0);

        let mut entries = os::scandir(&path).await?;
        entries.close();
        assert_eq!(open_descriptors_of(&path), 0);
        assert!(entries.next().await.is_none());

        // While a batch is with the executor.
        let jobs = ManualExecutor::new();
        let mut opening = os::scandir(&path).executor(jobs.clone());
        assert!((&mut opening).now_or_never().is_none());
        jobs.run_all();
        let mut entries = opening.await?;
        while entries.next().now_or_never().is_some() {}
        assert_eq!(jobs.len(), 1);
        drop(entries);
        jobs.run_all();
        assert_eq!(open_descriptors_of(&path), 0);
        Ok::<(), Error>(())
    })
    .expect("all of it works");
}

#[test]
fn abandoned_wait_loses_no_entry() {
    let dir = tempfile::tempdir().expect("a folder");
    fill(dir.path(), 3000);
    let jobs = ManualExecutor::new();
    let mut opening = os::scandir(dir.path()).executor(jobs.clone());
    assert!((&mut opening).now_or_never().is_none());
    jobs.run_all();
    let mut entries = opening
        .now_or_never()
        .expect("it has run")
        .expect("a folder");
    let mut count = 0;
    loop {
        match entries.next_entry().now_or_never() {
            // The future of this wait is gone; the job runs.
            None => assert!(jobs.run_one()),
            Some(entry) => match entry.expect("no error") {
                Some(_) => count += 1,
                None => break,
            },
        }
    }
    assert_eq!(count, 3000);
}

#[test]
fn types_and_metadata_are_known_without_a_hop() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("f"), "12345").expect("a file");
    let counting = Counting::new();
    run(async {
        let scan = os::scandir(dir.path())
            .with_stat(true)
            .executor(counting.clone());
        let entries: Vec<_> = scan.await?.try_collect().await?;
        let entry = &entries[0];
        fs::remove_file(entry.path()).expect("it is there");
        assert!(entry.is_file(), "as it was when the folder was read");
        assert_eq!(entry.metadata().map(fs::Metadata::len), Some(5));
        assert_eq!(counting.total(), 1);
        assert!(entry.stat().await.is_err());
        assert_eq!(counting.total(), 2, "stat hops on the executor of the scan");
        Ok::<(), Error>(())
    })
    .expect("all of it works");
}
