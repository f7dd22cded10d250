//! Disks that are full, that nothing may be written to, that fail and that lie; no
//! rights, and no descriptors.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::io::Errno;

use super::alone::{MOUNTS, alone, mount};
use super::env::Env;
use super::liar::{Call, Liar, Lie};
use super::operations::Needs;
use super::{ALL, CONTENT_ALONE};

fn codes(codes: &[Errno]) -> Vec<i32> {
    codes.iter().map(|code| code.raw_os_error()).collect()
}

/// A folder that `f` may mount something on.
fn on_mount(options: &[&str], f: impl FnOnce(&Path)) {
    let dir = tempfile::tempdir().unwrap();
    if mount(options, dir.path()) {
        f(dir.path());
    }
}

#[test]
fn full_disk() {
    if !alone("disks::full_disk", MOUNTS) {
        return;
    }
    on_mount(&["-t", "tmpfs", "-o", "size=1m", "tmpfs"], |dir| {
        let env = Env::new(dir, &codes(&[Errno::NOSPC]));
        let ballast = dir.join("ballast");
        let fill = || {
            let mut file = std::fs::File::create(&ballast).unwrap();
            while std::io::Write::write_all(&mut file, &[1; 4096]).is_ok() {}
        };
        env.play(ALL, fill, || std::fs::remove_file(&ballast).unwrap());
        assert!(env.failed.get() > 10, "{} failures", env.failed.get());
    });
}

#[test]
fn read_only_disk() {
    if !alone("disks::read_only_disk", MOUNTS) {
        return;
    }
    on_mount(&["-t", "tmpfs", "-o", "size=1m", "tmpfs"], |dir| {
        let env = Env::new(dir, &codes(&[Errno::ROFS]));
        let remount = |options: &str| {
            let mut mount = Command::new("mount");
            let done = mount.args(["-o", options]).arg(dir).status().unwrap();
            assert!(done.success(), "mount -o {options}");
        };
        env.play(ALL, || remount("remount,ro"), || remount("remount,rw"));
        assert!(env.failed.get() > 30, "{} failures", env.failed.get());
    });
}

#[test]
fn no_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    if !alone("disks::no_descriptors", &[]) {
        return;
    }
    let maximum = getrlimit(Resource::Nofile).maximum;
    let current = Some(64);
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let env = Env::new(dir.path(), &codes(&[Errno::MFILE])).blind();
    let taken = Mutex::new(Vec::new());
    let take = || {
        let null = std::iter::repeat_with(|| std::fs::File::open("/dev/null"));
        taken.lock().unwrap().extend(null.map_while(Result::ok));
    };
    env.play(ALL, take, || taken.lock().unwrap().clear());
    assert!(env.failed.get() > 20, "{} failures", env.failed.get());
}

/// A user who owns the folder, and has taken the rights from itself.
#[test]
fn no_rights() {
    let dir = tempfile::tempdir().unwrap();
    if !rustix::process::geteuid().is_root() && std::env::var_os("AIOFILES_TEST_DIR").is_none() {
        eprintln!("skipped: only root can be somebody else");
        return;
    }
    if std::env::var_os("AIOFILES_TEST_DIR").is_none() {
        // Where it is built, nobody else may look.
        let exe = dir.path().join("test");
        std::fs::copy(std::env::current_exe().unwrap(), &exe).unwrap();
        let of_nobody = dir.path().join("dir");
        std::fs::create_dir(&of_nobody).unwrap();
        for path in [dir.path(), &of_nobody] {
            std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
            std::os::unix::fs::chown(path, Some(65534), Some(65534)).unwrap();
        }
        let mut command = Command::new("setpriv");
        let ids = ["--reuid=65534", "--regid=65534", "--clear-groups"];
        let output = command
            .args(ids)
            .arg(&exe)
            .args(["--exact", "disks::no_rights", "--nocapture"])
            .env("AIOFILES_TEST_DIR", &of_nobody)
            .env("TMPDIR", &of_nobody)
            .current_dir(&of_nobody)
            .output();
        match output {
            Err(error) => eprintln!("skipped: no setpriv(1) here: {error}"),
            Ok(output) => {
                let told = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{told}");
            }
        }
        return;
    }
    drop(dir);
    let dir = std::path::PathBuf::from(std::env::var_os("AIOFILES_TEST_DIR").unwrap());
    let set = |name: &str, mode: u32| {
        std::fs::set_permissions(dir.join(name), PermissionsExt::from_mode(mode)).unwrap();
    };
    for mode in [0o500, 0o000, 0o300] {
        let env = Env::new(&dir, &codes(&[Errno::ACCESS, Errno::PERM])).blind();
        let take = || {
            for name in ["in", "old", "keep", "sub/a"] {
                set(name, 0o444);
            }
            set("sub", mode);
            set("", mode);
        };
        let give = || {
            set("", 0o700);
            if dir.join("sub").exists() {
                set("sub", 0o700);
            }
        };
        env.play(ALL, take, give);
        assert!(
            env.failed.get() > 10,
            "{mode:o}: {} failures",
            env.failed.get()
        );
    }
}

/// Mounts a folder by a file system that lies as it is told.
pub(super) fn with_liar(f: impl FnOnce(&Path, &Mutex<Lie>)) {
    let (root, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lie = Arc::new(Mutex::new(Lie::None));
    let liar = Liar::new(root.path(), lie.clone());
    let mounted = fuser::spawn_mount(liar, dir.path(), &fuser::Config::default());
    let _session = match mounted {
        Ok(session) => session,
        Err(error) => {
            eprintln!("skipped: nothing can be mounted by FUSE here: {error}");
            return;
        }
    };
    f(dir.path(), &lie);
}

/// Plays the scenes on a file system that does so.
fn on_liar(lies: &[(Lie, &[Errno])], needs: &[Needs], least: usize) {
    with_liar(|dir, lie| {
        for (told, allowed) in lies {
            eprintln!("{told:?}");
            let env = Env::new(dir, &codes(allowed));
            let env = match told {
                Lie::Fails(Call::Lookup | Call::Attributes, _) => env.blind(),
                _ => env,
            };
            let set = |to: Lie| *lie.lock().unwrap() = to;
            env.play(needs, || set(*told), || set(Lie::None));
            let failed = env.failed.get();
            assert!(
                failed >= if allowed.is_empty() { 0 } else { least },
                "{told:?}: {failed} failures"
            );
        }
    });
}

#[test]
fn failing_disk() {
    if !alone("disks::failing_disk", MOUNTS) {
        return;
    }
    let lies: Vec<_> = Call::ALL
        .into_iter()
        .map(|call| (Lie::Fails(call, Errno::IO), &[Errno::IO][..]))
        .collect();
    on_liar(&lies, ALL, 1);
    let lies = [
        (Lie::Fails(Call::Write, Errno::DQUOT), &[Errno::DQUOT][..]),
        (Lie::Fails(Call::Close, Errno::NOSPC), &[Errno::NOSPC]),
        (Lie::Fails(Call::Names, Errno::ROFS), &[Errno::ROFS]),
        (Lie::FullFor(0), &[Errno::NOSPC]),
        (Lie::FullFor(3), &[Errno::NOSPC]),
    ];
    on_liar(&lies, ALL, 1);
}

#[test]
fn lying_disk() {
    if !alone("disks::lying_disk", MOUNTS) {
        return;
    }
    on_liar(
        &[
            (Lie::Short(3), &[]),
            (Lie::Slow(Duration::from_millis(3)), &[]),
        ],
        ALL,
        0,
    );
    on_liar(
        &[(Lie::Size(0), &[]), (Lie::Size(1 << 40), &[])],
        CONTENT_ALONE,
        0,
    );
}

#[test]
fn interrupting_disk() {
    if !alone("disks::interrupting_disk", MOUNTS) {
        return;
    }
    // Each time in other places.
    on_liar(&[(Lie::Interrupts, &[][..]); 12], ALL, 0);
}
