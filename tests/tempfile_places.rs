//! Where temporary files are made, what they are called, and with which rights.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use aiofiles::executor::InlineExecutor;
use aiofiles::tempfile::{
    named_temporary_file, spooled_temporary_file, temporary_directory, temporary_file,
};
use futures::executor::block_on;

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn count(dir: &Path) -> usize {
    fs::read_dir(dir).unwrap().count()
}

/// Where a file is made by a process that has these variables.
const CHILD: &str = "AIOFILES_TEST_PLACE";

/// The child of the tests below: tells in which folder it makes a file.
#[test]
fn child_tells_its_folder() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    block_on(async {
        let made = || named_temporary_file().executor(InlineExecutor);
        let file = made().await.unwrap();
        let folder = file.name().parent().unwrap().to_owned();
        let other = temporary_directory().executor(InlineExecutor).await;
        assert_eq!(other.unwrap().path().parent(), Some(&*folder));
        let anonymous = temporary_file().executor(InlineExecutor).await;
        anonymous.unwrap().write(b"x").await.unwrap();
        println!("\nfolder: {}", folder.display());
        if let Some(full) = std::env::var_os("AIOFILES_TEST_REMOVE") {
            // It could be used once, and cannot be any more.
            assert_eq!(folder, Path::new(&full));
            drop(file);
            fs::remove_dir(&full).unwrap();
            let next = made().await.unwrap();
            assert_ne!(next.name().parent(), Some(&*folder));
        }
    });
}

fn child(variables: &[(&str, &OsStr)], current: &Path) -> Command {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "child_tells_its_folder", "--nocapture"]);
    for name in ["TMPDIR", "TEMP", "TMP"] {
        child.env_remove(name);
    }
    child.envs(variables.iter().copied());
    child.env(CHILD, "1").current_dir(current);
    child
}

fn told(mut child: Command) -> PathBuf {
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{output:?}"
    );
    let line = said.lines().find_map(|line| line.strip_prefix("folder: "));
    PathBuf::from(line.unwrap())
}

fn folder_with(variables: &[(&str, &OsStr)], current: &Path) -> PathBuf {
    told(child(variables, current))
}

#[cfg(unix)]
#[test]
fn folder_that_cannot_be_used_is_passed_over() {
    let dir = dir();
    let here = fs::canonicalize(dir.path()).unwrap();
    let good = here.join("good");
    fs::create_dir(&good).unwrap();
    let looped = here.join("loop");
    std::os::unix::fs::symlink("loop", &looped).unwrap();
    let file = here.join("file");
    fs::write(&file, "").unwrap();
    let long = here.join("x".repeat(300));
    let longer = PathBuf::from(format!("/{}", "long/".repeat(2000)));
    let missing = here.join("missing");
    for bad in [&looped, &file, &long, &longer, &missing, Path::new("")] {
        let variables = [("TMPDIR", bad.as_os_str()), ("TEMP", good.as_os_str())];
        assert_eq!(folder_with(&variables, &here), good, "{}", bad.display());
        let alone = [("TMPDIR", bad.as_os_str())];
        assert_eq!(
            folder_with(&alone, &here),
            Path::new("/tmp"),
            "{}",
            bad.display()
        );
    }
    // In the order of Python, and absolute.
    let order = [
        ("TMP", here.as_os_str()),
        ("TEMP", OsStr::new("good/../good/.")),
    ];
    assert_eq!(folder_with(&order, &here), good);
    assert_eq!(folder_with(&[("TMP", here.as_os_str())], &good), here);
    assert_eq!(count(&good), 0);
    assert_eq!(count(&here), 3, "nothing is left of the looking");
}

#[cfg(target_os = "linux")]
#[test]
fn full_file_system_is_passed_over() {
    let dir = dir();
    let full = dir.path().join("full");
    fs::create_dir(&full).unwrap();
    let inside = child(&[("TMPDIR", full.as_os_str())], dir.path());
    // Whoever mounts it in a namespace of its own leaves nothing mounted.
    let script = r#"mount -t tmpfs -o size=4k none "$TMPDIR" || exit 99
        head -c 8192 /dev/zero >"$TMPDIR/fill" 2>/dev/null
        exec "$0" "$@""#;
    let mut outside = Command::new("unshare");
    outside.args(["--mount", "sh", "-c", script]);
    outside.arg(inside.get_program()).args(inside.get_args());
    for (name, value) in inside.get_envs() {
        match value {
            Some(value) => outside.env(name, value),
            None => outside.env_remove(name),
        };
    }
    let tried = Command::new("unshare").args(["--mount", "true"]).status();
    if !tried.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no mounts here");
        return;
    }
    assert_eq!(told(outside), Path::new("/tmp"));
}

#[test]
fn folder_that_goes_away_is_looked_for_again() {
    let dir = dir();
    let gone = fs::canonicalize(dir.path()).unwrap().join("gone");
    fs::create_dir(&gone).unwrap();
    let variables = [
        ("TMPDIR", gone.as_os_str()),
        ("AIOFILES_TEST_REMOVE", gone.as_os_str()),
    ];
    assert_eq!(folder_with(&variables, dir.path()), gone);
}

/// The child of the next test: the current folder is the process's.
#[test]
fn child_tells_its_names() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    block_on(async {
        for dir in [
            "", ".", "./", "sub/..", "a/../sub", "sub/./", "sub//", "../",
        ] {
            let made = named_temporary_file().dir(dir).executor(InlineExecutor);
            let file = made.await.unwrap();
            println!("\nname: {dir}|{}", file.name().display());
            let made = temporary_directory().dir(dir).executor(InlineExecutor);
            let folder = made.await.unwrap();
            assert_eq!(folder.path().parent(), file.name().parent());
        }
    });
}

// `a` is missing: the names are resolved, not the folders. As CPython's `abspath`.
#[cfg(unix)]
#[test]
fn relative_folders_give_absolute_and_clean_names() {
    let dir = dir();
    let here = fs::canonicalize(dir.path()).unwrap();
    fs::create_dir(here.join("sub")).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "child_tells_its_names", "--nocapture"]);
    let output = child.env(CHILD, "1").current_dir(&here).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    let mut seen = 0;
    for line in said.lines().filter_map(|line| line.strip_prefix("name: ")) {
        let (dir, name) = line.split_once('|').unwrap();
        let folder = match dir {
            "" | "." | "./" | "sub/.." => here.clone(),
            "../" => here.parent().unwrap().to_owned(),
            _ => here.join("sub"),
        };
        let (parent, file) = name.rsplit_once('/').unwrap();
        assert_eq!((Path::new(parent), file.len()), (&*folder, 11), "{line}");
        seen += 1;
    }
    assert_eq!(seen, 8, "{said}");
}

#[test]
fn bad_names_are_refused_before_anything_is_made() {
    let dir = dir();
    block_on(async {
        for (prefix, suffix) in [("a\0", ""), ("", "\0"), ("\0", "\0")] {
            let named = named_temporary_file().dir(dir.path());
            let named = named.prefix(prefix).suffix(suffix).executor(InlineExecutor);
            assert_eq!(named.await.unwrap_err().kind(), ErrorKind::InvalidInput);
            let anonymous = temporary_file().dir(dir.path());
            let anonymous = anonymous.prefix(prefix).suffix(suffix);
            let error = anonymous.executor(InlineExecutor).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let spooled = spooled_temporary_file().prefix(prefix).suffix(suffix);
            let error = spooled.executor(InlineExecutor).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let folder = temporary_directory().dir(dir.path());
            let folder = folder.prefix(prefix).suffix(suffix);
            let error = folder.executor(InlineExecutor).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
        let named = named_temporary_file().dir("a\0b").executor(InlineExecutor);
        assert_eq!(named.await.unwrap_err().kind(), ErrorKind::InvalidInput);

        // As in Python a separator is one: of a folder that has to be there.
        for (prefix, suffix) in [("sub/x", ""), ("x", "/y"), ("", "/")] {
            let named = named_temporary_file().dir(dir.path());
            let named = named.prefix(prefix).suffix(suffix).executor(InlineExecutor);
            assert!(named.await.is_err(), "{prefix} {suffix}");
        }
        assert_eq!(count(dir.path()), 0);
        fs::create_dir(dir.path().join("sub")).unwrap();
        let named = named_temporary_file().dir(dir.path()).prefix("sub/x");
        let named = named.executor(InlineExecutor).await.unwrap();
        assert_eq!(named.name().parent(), Some(&*dir.path().join("sub")));
        let long = OsString::from("x".repeat(300));
        let named = named_temporary_file().dir(dir.path()).suffix(long);
        assert!(named.executor(InlineExecutor).await.is_err());
    });
}

#[cfg(unix)]
#[test]
fn permissions_are_those_asked_for() {
    use std::os::unix::fs::PermissionsExt;
    let dir = dir();
    let mode = |metadata: fs::Metadata| metadata.permissions().mode() & 0o7777;
    let with_umask = |bits: u32| {
        use std::os::unix::fs::OpenOptionsExt;
        let path = dir.path().join(format!("{bits:o}"));
        let mut options = fs::OpenOptions::new();
        let options = options.write(true).create_new(true).mode(bits);
        mode(options.open(path).unwrap().metadata().unwrap())
    };
    block_on(async {
        for bits in [0o644, 0o666, 0o640, 0o400] {
            let expected = with_umask(bits);
            let named = named_temporary_file().dir(dir.path()).permissions(bits);
            let named = named.executor(InlineExecutor).await.unwrap();
            assert_eq!(mode(fs::metadata(named.name()).unwrap()), expected);
            let anonymous = temporary_file().dir(dir.path()).permissions(bits);
            let mut anonymous = anonymous.executor(InlineExecutor).await.unwrap();
            assert_eq!(mode(anonymous.metadata().await.unwrap()), expected);
            let spooled = spooled_temporary_file().dir(dir.path()).permissions(bits);
            let mut spooled = spooled.executor(InlineExecutor).await.unwrap();
            assert_eq!(mode(spooled.metadata().await.unwrap()), expected);
        }
        let spooled = spooled_temporary_file().executor(InlineExecutor);
        let mut spooled = spooled.await.unwrap();
        assert_eq!(mode(spooled.metadata().await.unwrap()), 0o600);
    });
}

#[cfg(unix)]
#[test]
fn persisted_file_has_the_rights_it_was_made_with_or_is_given() {
    use std::os::unix::fs::PermissionsExt;
    let dir = dir();
    let path = dir.path().join("kept");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    block_on(async {
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        let made = || {
            named_temporary_file()
                .dir(dir.path())
                .executor(InlineExecutor)
        };
        let mut file = made().await.unwrap();
        file.persist(&path).await.unwrap();
        assert_eq!(mode(&path), 0o600);

        let mut file = made().await.unwrap();
        let nowhere = dir.path().join("no/where");
        let failed = file.persist(&nowhere).permissions(0o666).await;
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(mode(file.name()), 0o600, "as it was");
        // Whatever the umask says.
        file.persist(&path).permissions(0o666).await.unwrap();
        assert_eq!(mode(&path), 0o666);
        drop(file);

        let file = made().delete_on_close(false);
        let mut file = file.into_future().await.unwrap();
        file.close().await.unwrap();
        file.persist(&path).permissions(0o444).await.unwrap();
        assert_eq!(mode(&path), 0o444);
        drop(file);
        assert_eq!(count(dir.path()), 1);
    });
}
