//! What is opened and answered without a job, and what must never be.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::future::{Future, IntoFuture};
use std::io::{BufRead, BufReader, Error, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use aiofiles::executor::{Executor, Job, ManualExecutor, Refused};
use aiofiles::{open, os, ospath, wrap};
use common::cache_answers;
use common::{Caching, Dir, run};
use rustix::fs::inotify;

/// Taken by every test: one that starts a process gives it, for a moment, all
/// descriptors of the others, the ends of a FIFO too.
static ONE_BY_ONE: Mutex<()> = Mutex::new(());

fn one_by_one() -> MutexGuard<'static, ()> {
    ONE_BY_ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs nothing before it is told, and lets files be touched in place.
#[derive(Clone, Default)]
struct Stepping(ManualExecutor);

impl Executor for Stepping {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        self.0.execute(job)
    }

    fn allows_nowait(&self) -> bool {
        true
    }
}

/// Whether a file at `path` is opened in place once its mount is known; says so
/// if not.
async fn opens_in_place(path: &Path) -> bool {
    let jobs = Caching::default();
    for _ in 0..3 {
        jobs.0.take();
        open(path).executor(jobs.clone()).await.unwrap();
    }
    let in_place = jobs.0.take() == 0;
    if !in_place {
        eprintln!("skipped: no file is opened in place at {}", path.display());
    }
    in_place
}

/// Makes what `mkfifo` and `mknod` make.
fn make(program: &str, path: &Path, kind: &[&str]) -> bool {
    let made = Command::new(program).arg(path).args(kind).status();
    made.is_ok_and(|status| status.success())
}

#[test]
fn what_is_no_regular_file_is_not_touched_before_its_job() {
    let _alone = one_by_one();
    run(async {
        let dir = Dir::new();
        if !opens_in_place(&dir.file("f", "x")).await {
            return;
        }
        let (fifo, device, socket) = (dir.join("fifo"), dir.join("device"), dir.join("socket"));
        assert!(make("mkfifo", &fifo, &[]));
        let _socket = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let mut kinds = vec![fifo, socket, dir.path().to_path_buf()];
        if make("mknod", &device, &["c", "1", "3"]) {
            kinds.push(device);
        } else {
            eprintln!("skipped: devices cannot be made here");
        }
        let link = dir.join("link");
        std::os::unix::fs::symlink(&kinds[0], &link).unwrap();
        kinds.push(link);

        let events = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
        for path in &kinds {
            inotify::add_watch(&events, path, inotify::WatchFlags::OPEN).unwrap();
            let jobs = Stepping::default();
            let mut opening = pin!(open(path).executor(jobs.clone()).into_future());
            let mut reading = pin!(aiofiles::read(path).executor(jobs.clone()));
            let mut text = pin!(aiofiles::read_to_string(path).executor(jobs.clone()));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(opening.as_mut().poll(&mut cx).is_pending());
            assert!(reading.as_mut().poll(&mut cx).is_pending());
            assert!(text.as_mut().poll(&mut cx).is_pending());
            let stat = os::stat(path).executor(jobs.clone()).await;
            stat.unwrap();
            assert_eq!(jobs.0.len(), 3, "{}: stat needs no job", path.display());
            let mut buf = [std::mem::MaybeUninit::uninit(); 512];
            let event = inotify::Reader::new(&events, &mut buf).next().err();
            assert_eq!(event, Some(rustix::io::Errno::AGAIN), "{}", path.display());
        }
    });
}

#[test]
fn a_writer_that_waits_for_a_reader_is_read_from() {
    let _alone = one_by_one();
    run(async {
        let dir = Dir::new();
        opens_in_place(&dir.file("f", "x")).await;
        let fifo = dir.join("fifo");
        assert!(make("mkfifo", &fifo, &[]));
        let jobs = Caching::default();
        for round in 0..200 {
            let path = fifo.clone();
            let writer = std::thread::spawn(move || {
                let mut fifo = File::options().write(true).open(path)?;
                fifo.write_all(b"hello")
            });
            let read = if round % 2 == 0 {
                aiofiles::read(&fifo).executor(jobs.clone()).await.unwrap()
            } else {
                let file = open(&fifo).binary().executor(jobs.clone());
                file.await.unwrap().read().await.unwrap()
            };
            assert_eq!(read, b"hello", "round {round}");
            writer.join().unwrap().expect("nobody went away");
        }
    });
}

#[test]
fn what_an_opener_gives_is_taken_for_what_it_is() {
    let _alone = one_by_one();
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "x");
        let jobs = Caching::default();
        let file = open(&path).executor(jobs.clone());
        let file = file.opener(|_, options| options.open("/proc/self/status"));
        file.await.unwrap();
        jobs.0.take();
        for _ in 0..3 {
            let open = open("/proc/self/status").executor(jobs.clone());
            open.await.unwrap();
            let stat = os::stat("/proc/self/status").executor(jobs.clone());
            stat.await.unwrap();
        }
        assert_eq!(jobs.0.take(), 6, "procfs is no local file system");
        assert!(opens_in_place(&path).await || !cache_answers(&path));
    });
}

#[test]
fn another_local_mount_is_as_good_as_the_first() {
    let _alone = one_by_one();
    run(async {
        let Ok(shm) = tempfile::tempdir_in("/dev/shm") else {
            eprintln!("skipped: no /dev/shm");
            return;
        };
        let path = shm.path().join("f");
        std::fs::write(&path, "x").unwrap();
        if !opens_in_place(Path::new("/etc/passwd")).await || !opens_in_place(&path).await {
            return;
        }
        let jobs = Caching::default();
        for _ in 0..3 {
            for path in [Path::new("/etc/passwd"), &path] {
                open(path).executor(jobs.clone()).await.unwrap();
                os::stat(path).executor(jobs.clone()).await.unwrap();
            }
        }
        assert_eq!(jobs.0.ops(), [""; 0]);
    });
}

/// Says that the process has a mount namespace of its own.
const ALONE: &str = "AIOFILES_TEST_OWN_MOUNTS";

#[test]
fn a_std_file_is_read_from_the_page_cache_from_the_first_read_on() {
    let _alone = one_by_one();
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "0123456789");
        if !cache_answers(&path) {
            return;
        }
        let jobs = Caching::default();
        let std_file = || File::open(&path).unwrap();
        let mut file = wrap(std_file()).executor(jobs.clone()).await.unwrap();
        assert_eq!(file.read().size(4).await.unwrap(), b"0123");
        assert_eq!(file.read_at(2, 3).await.unwrap(), b"234");
        assert_eq!(file.tell().await.unwrap(), 4);
        file.close().await.unwrap();
        let text = wrap(std_file()).text().executor(jobs.clone());
        assert_eq!(text.await.unwrap().read().size(4).await.unwrap(), "0123");
        let raw = wrap(std_file()).raw().executor(jobs.clone());
        assert_eq!(raw.await.unwrap().read().size(4).await.unwrap(), b"0123");
        assert_eq!(jobs.0.ops(), [""; 0]);
        // Unless it was opened for writing, or forbidden.
        let out = File::options().append(true).open(&path).unwrap();
        let mut out = wrap(out).executor(jobs.clone()).await.unwrap();
        assert!(out.read().await.is_err());
        let file = wrap(std_file()).executor(jobs.clone()).nowait(false);
        file.await.unwrap().read().size(4).await.unwrap();
        assert_eq!(jobs.0.ops(), ["read"]);
    });
}

#[test]
fn a_shared_cursor_is_left_to_jobs() {
    let _alone = one_by_one();
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "0123456789");
        let jobs = Caching::default();
        let mut file = open(&path).binary().executor(jobs.clone()).await.unwrap();
        let mut clone = file.try_clone().await.unwrap();
        jobs.0.take();
        let mut buf = [0; 2];
        assert_eq!(file.readinto(&mut buf).await.unwrap(), 2);
        assert_eq!(jobs.0.ops(), ["read"]);
        clone.seek(SeekFrom::Start(4)).await.unwrap();
        assert_eq!(jobs.0.ops(), ["seek"]);
        assert_eq!(clone.read().size(2).await.unwrap(), b"45");
        assert_eq!(jobs.0.ops(), ["read"]);
        let (read, owned) = clone.read_owned(Vec::with_capacity(1)).await;
        assert_eq!((read.unwrap(), owned.as_slice()), (1, &b"6"[..]));
        jobs.0.take();
        clone.tell().await.unwrap();
        assert_eq!(jobs.0.ops(), ["tell"]);
        // No cursor, no job.
        if cache_answers(&path) {
            assert_eq!(clone.read_at(7, 3).await.unwrap(), b"789");
            assert_eq!(jobs.0.ops(), [""; 0]);
        }
    });
}

/// Refuses every open of one file, until it is killed (fanotify(7)).
const WATCHMAN: &str = r#"
import ctypes, os, struct, sys
libc = ctypes.CDLL(None)
FAN_CLASS_CONTENT, FAN_MARK_ADD, FAN_OPEN_PERM, FAN_DENY = 4, 1, 0x10000, 2
watch = libc.fanotify_init(FAN_CLASS_CONTENT, os.O_RDONLY)
path = os.fsencode(sys.argv[1])
mark = libc.fanotify_mark
if watch < 0 or mark(watch, FAN_MARK_ADD, ctypes.c_uint64(FAN_OPEN_PERM), -100, path) < 0:
    sys.exit("cannot watch")
print("watching", flush=True)
while True:
    events = os.read(watch, 4096)
    while events:
        length, _, _, _, _, fd, _ = struct.unpack_from("=IBBHQii", events)
        os.write(watch, struct.pack("=iI", fd, FAN_DENY))
        os.close(fd)
        events = events[length:]
"#;

#[test]
fn a_refused_open_is_that_of_one_file() {
    let _alone = one_by_one();
    run(async {
        let dir = Dir::new();
        let (free, watched) = (dir.file("free", "x"), dir.file("watched", "x"));
        if !opens_in_place(&free).await {
            return;
        }
        let watchman = Command::new("python3")
            .args(["-c", WATCHMAN])
            .arg(&watched)
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut watchman) = watchman else {
            eprintln!("skipped: no python3");
            return;
        };
        let mut told = String::new();
        let mut out = BufReader::new(watchman.stdout.take().unwrap());
        out.read_line(&mut told).unwrap();
        let mut asked = Vec::new();
        let jobs = Caching::default();
        if told.trim() == "watching" {
            asked.push(File::open(&watched).map(drop));
            for _ in 0..2 {
                let opened = open(&watched).executor(jobs.clone()).await;
                asked.push(opened.map(drop).map_err(Error::from));
                let read = aiofiles::read(&watched).executor(jobs.clone()).await;
                asked.push(read.map(drop).map_err(Error::from));
            }
            jobs.0.take();
            open(&free).executor(jobs.clone()).await.unwrap();
        } else {
            eprintln!("skipped: nobody may watch files here");
        }
        watchman.kill().unwrap();
        watchman.wait().unwrap();
        let errors = asked.into_iter().map(|result| result.unwrap_err());
        for error in errors.map(|error| error.to_string()) {
            assert!(error.ends_with("(os error 1)"), "{error}");
        }
        assert_eq!(jobs.0.ops(), [""; 0], "the other is opened as before");
    });
}

/// Runs `test` of this binary again, alone, as a process in a mount namespace of
/// its own; says if that cannot be.
fn in_a_mount_namespace(test: &str) -> bool {
    let program = std::env::current_exe().unwrap();
    let possible = Command::new("unshare").args(["-m", "true"]).status();
    if !possible.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no mount namespaces here");
        return false;
    }
    let output = Command::new("unshare")
        .args(["-m", "--propagation", "private"])
        .env(ALONE, "1")
        .arg(program)
        .args(["--exact", test, "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    eprint!("{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("1 passed"));
    true
}

fn mount(kind: &str, options: &str, at: &Path) -> bool {
    if std::env::var_os(ALONE).is_none() {
        eprintln!("skipped: not in a mount namespace of its own");
        return false;
    }
    let mut mount = Command::new("mount");
    mount.args(["-t", kind, "-o", options, kind]).arg(at);
    let done = mount.status().is_ok_and(|status| status.success());
    if !done {
        eprintln!("skipped: {kind} cannot be mounted here");
    }
    done
}

fn unmount(at: &Path) {
    let done = Command::new("umount").arg(at).status().unwrap();
    assert!(done.success(), "umount {}", at.display());
}

#[test]
fn what_is_mounted_in_the_place_of_a_local_file_system_is_not_trusted() {
    let _alone = one_by_one();
    in_a_mount_namespace("the_place_of_a_local_file_system_is_taken");
}

/// For [`in_a_mount_namespace`].
#[test]
#[ignore = "mounts: run by another test, in a namespace of its own"]
fn the_place_of_a_local_file_system_is_taken() {
    let _alone = one_by_one();
    run(async {
        let dir = Dir::new();
        let [at, lower, lowest] = ["at", "lower", "lowest"].map(|name| dir.join(name));
        for dir in [&at, &lower, &lowest] {
            std::fs::create_dir(dir).unwrap();
        }
        std::fs::write(lower.join("f"), "x").unwrap();
        // The file system that is mounted next gets the number of the one before.
        for _ in 0..3 {
            if !mount("tmpfs", "size=1m", &at) {
                return;
            }
            let path = at.join("f");
            std::fs::write(&path, "x").unwrap();
            let device = |path: &Path| {
                use std::os::unix::fs::MetadataExt;
                std::fs::metadata(path).unwrap().dev()
            };
            let before = device(&at);
            let in_place = opens_in_place(&path).await;
            unmount(&at);
            let layers = format!("lowerdir={}:{}", lower.display(), lowest.display());
            if !in_place || !mount("overlay", &layers, &at) {
                return;
            }
            let same = device(&at) == before;
            println!("the same device: {same}");
            let jobs = Caching::default();
            for _ in 0..3 {
                open(&path).executor(jobs.clone()).await.unwrap();
                os::stat(&path).executor(jobs.clone()).await.unwrap();
                aiofiles::read(&path).executor(jobs.clone()).await.unwrap();
            }
            assert_eq!(jobs.0.take(), 9, "an overlay; same device: {same}");
            unmount(&at);
        }
        // A local one in its place is learned anew, and so is another mount of it.
        assert!(mount("tmpfs", "size=1m", &at));
        let path = at.join("f");
        std::fs::write(&path, "x").unwrap();
        let known = opens_in_place(&path).await;
        let mut bind = Command::new("mount");
        let bind = bind.arg("--bind").args([&at, &lower]).status();
        assert!(bind.unwrap().success());
        let bound = opens_in_place(&lower.join("f")).await;
        unmount(&lower);
        unmount(&at);
        assert!(known && bound);
    });
}

/// The calls that ask about a path, each once.
async fn ask(which: &str, path: PathBuf, jobs: &Caching) {
    let jobs = jobs.clone();
    let is_link = |metadata: std::fs::Metadata| metadata.is_symlink();
    match which {
        "stat" => assert!(!is_link(os::stat(path).executor(jobs).await.unwrap())),
        "lstat" => assert!(is_link(os::lstat(path).executor(jobs).await.unwrap())),
        "not following" => {
            let stat = os::stat(path).follow_symlinks(false).executor(jobs);
            assert!(is_link(stat.await.unwrap()));
        }
        "lexists" => assert!(ospath::lexists(path).executor(jobs).await.unwrap()),
        "islink" => assert!(ospath::islink(path).executor(jobs).await.unwrap()),
        "exists" => assert!(ospath::exists(path).executor(jobs).await.unwrap()),
        other => unreachable!("{other}"),
    }
}

#[test]
fn every_question_about_a_path_learns() {
    let _alone = one_by_one();
    for which in [
        "stat",
        "lstat",
        "not following",
        "lexists",
        "islink",
        "exists",
    ] {
        in_a_mount_namespace(&format!("learns::{}", which.replace(' ', "_")));
    }
}

/// For [`in_a_mount_namespace`], so that nobody else has learned of the mount.
mod learns {
    macro_rules! learns {
        ($($name:ident),*) => {$(
            #[test]
            #[ignore = "mounts: run by another test, in a namespace of its own"]
            fn $name() {
                super::learns_by(&stringify!($name).replace('_', " "));
            }
        )*};
    }
    learns!(stat, lstat, not_following, lexists, islink, exists);
}

fn learns_by(which: &str) {
    let _alone = one_by_one();
    run(async {
        let dir = Dir::new();
        if !mount("tmpfs", "size=1m", dir.path()) {
            return;
        }
        let link = dir.join("link");
        let target = dir.file("target", "x");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let jobs = Caching::default();
        for _ in 0..100 {
            ask(which, link.clone(), &jobs).await;
        }
        let taken = jobs.0.take();
        unmount(dir.path());
        assert!((1..=2).contains(&taken), "{which}: {taken} jobs");
    });
}
