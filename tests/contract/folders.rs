//! `os`, `ospath` and `tempfile`.

use std::ffi::{OsStr, OsString};
use std::fs::{File, FileType, Metadata};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use aiofiles::os::{self, F_OK, R_OK, W_OK};
use aiofiles::tempfile::{
    AtomicFile, NamedTemporaryFile, SpooledTemporaryFile, TemporaryDirectory, atomic_file,
    named_temporary_file, spooled_temporary_file, temporary_directory, temporary_file,
};
use aiofiles::{BinaryFile, Result, TextFile, ospath};
use futures::{Stream, StreamExt};

use crate::common::{Dir, run};

/// What a call gives: that of no other type compiles.
async fn get<T>(call: impl Future<Output = Result<T>>) -> T {
    call.await.unwrap()
}

#[test]
fn names_and_folders_are_those_of_python() {
    run(async {
        let dir = Dir::new();
        let [a, b, c] = ["a", "b", "c"].map(|name| dir.join(name));
        let path = dir.file("f", "text");
        get::<()>(os::mkdir(&a).mode(0o700)).await;
        get::<()>(os::makedirs(a.join("x/y")).mode(0o755).exist_ok(false)).await;
        assert!(os::makedirs(&a).await.is_err(), "`exist_ok` is false");
        get::<()>(os::rename(&a, &b)).await;
        get::<()>(os::replace(&b, &a)).await;
        get::<()>(os::renames(&a, b.join("z"))).await;
        get::<()>(os::removedirs(b.join("z/x/y"))).await;
        assert!(!b.exists());
        get::<()>(os::mkdir(&a)).await;
        get::<()>(os::rmdir(&a)).await;
        get::<()>(os::link(&path, &b).follow_symlinks(false)).await;
        get::<()>(os::remove(&b)).await;
        #[cfg(unix)]
        {
            get::<()>(os::symlink(&path, &c).target_is_directory(false)).await;
            assert_eq!(get::<PathBuf>(os::readlink(&c)).await, path);
            get::<()>(os::unlink(&c)).await;
            let below = File::open(dir.path()).unwrap();
            get(os::mkdir("d").dir_fd(&below)).await;
            get(os::rename("d", "e").src_dir_fd(&below).dst_dir_fd(&below)).await;
            get(os::replace("e", "d").src_dir_fd(&below).dst_dir_fd(&below)).await;
            get(os::rmdir("d").dir_fd(&below)).await;
            get(os::symlink("f", "s").dir_fd(&below)).await;
            get(os::readlink("s").dir_fd(&below)).await;
            get(os::remove("s").dir_fd(&below)).await;
            get(os::link("f", "l").src_dir_fd(&below).dst_dir_fd(&below)).await;
            get(os::stat("l").dir_fd(&below)).await;
            get(os::lstat("l").dir_fd(&below)).await;
            get(os::access("l", R_OK).dir_fd(&below)).await;
            get(os::chmod("l", 0o600).dir_fd(&below)).await;
            get(os::chown("l", None, None).dir_fd(&below)).await;
            get(os::utime("l").dir_fd(&below)).await;
            get(os::unlink("l").dir_fd(&below)).await;
        }
        assert_eq!(get::<Vec<OsString>>(os::listdir(dir.path())).await, ["f"]);
        get::<PathBuf>(os::getcwd()).await;
        let _ = c;
    });
}

#[test]
fn metadata_is_that_of_std_and_of_python() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "text");
        assert_eq!(get::<Metadata>(os::stat(&path)).await.len(), 4);
        get::<Metadata>(os::stat(&path).follow_symlinks(false)).await;
        get::<Metadata>(os::lstat(&path)).await;
        let asked = os::access(&path, F_OK | R_OK | W_OK);
        assert!(get::<bool>(asked.effective_ids(false).follow_symlinks(true)).await);
        #[cfg(unix)]
        {
            assert!(!get(os::access(&path, os::X_OK)).await);
            let fs = get::<os::StatVfs>(os::statvfs(&path)).await;
            let _: [u64; 6] = [
                fs.f_bsize,
                fs.f_frsize,
                fs.f_blocks,
                fs.f_bfree,
                fs.f_bavail,
                fs.f_files,
            ];
            let _: [u64; 5] = [fs.f_ffree, fs.f_favail, fs.f_flag, fs.f_namemax, fs.f_fsid];
            get::<()>(os::chown(&path, None, None).follow_symlinks(false)).await;
        }
        get::<()>(os::chmod(&path, 0o600).follow_symlinks(true)).await;
        let (accessed, modified) = (SystemTime::UNIX_EPOCH, SystemTime::now());
        let times = os::utime(&path)
            .times(accessed, modified)
            .follow_symlinks(true);
        get::<()>(times).await;
        assert_eq!(get::<SystemTime>(ospath::getatime(&path)).await, accessed);
        get::<SystemTime>(ospath::getmtime(&path)).await;
        get::<SystemTime>(ospath::getctime(&path)).await;
        assert_eq!(get::<u64>(ospath::getsize(&path)).await, 4);
    });
}

#[test]
fn questions_about_paths_are_answered_with_bool() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "text");
        let gone = dir.join("gone");
        assert!(get::<bool>(ospath::exists(&path)).await && !get(ospath::exists(&gone)).await);
        assert!(get::<bool>(ospath::lexists(&path)).await);
        assert!(get::<bool>(ospath::isfile(&path)).await && !get(ospath::isfile(&gone)).await);
        assert!(get::<bool>(ospath::isdir(dir.path())).await && !get(ospath::isdir(&gone)).await);
        assert!(!get::<bool>(ospath::islink(&path)).await && !get(ospath::islink(&gone)).await);
        assert!(!get::<bool>(ospath::ismount(&path)).await);
        assert!(!get(ospath::exists("a\0b")).await);
        assert!(get::<bool>(ospath::samefile(&path, &path)).await);
        let (one, two) = (File::open(&path).unwrap(), File::open(&path).unwrap());
        assert!(get::<bool>(ospath::sameopenfile(&one, &two)).await);
        assert!(get::<PathBuf>(ospath::abspath("x")).await.is_absolute());
        assert!(
            get::<PathBuf>(ospath::expanduser("~/x"))
                .await
                .is_absolute()
        );
        assert!(
            get::<PathBuf>(ospath::realpath(&gone))
                .await
                .ends_with("gone")
        );
        assert!(ospath::realpath(&gone).strict(true).await.is_err());
        assert!(get(os::path::exists(&path)).await);
    });
}

#[test]
fn trees_and_contents_have_their_keywords() {
    fn stream<S: Stream<Item = Result<T>> + Send, T>(stream: S) -> S {
        stream
    }
    run(async {
        let dir = Dir::new();
        let tree = dir.join("tree");
        std::fs::create_dir_all(tree.join("d")).unwrap();
        std::fs::write(tree.join("f"), "text").unwrap();

        let mut entries = stream(get(os::scandir(&tree)).await);
        let mut names = Vec::new();
        while let Some(entry) = entries.next().await {
            let entry: os::DirEntry = entry.unwrap();
            let name: &OsStr = entry.name();
            let path: PathBuf = entry.path();
            assert_eq!(path, tree.join(name));
            let _: u64 = entry.inode();
            let _: Option<FileType> = entry.file_type();
            assert_eq!(
                (entry.is_dir(), entry.is_file()),
                (name == "d", name == "f")
            );
            assert!(!entry.is_symlink());
            let metadata: Metadata = entry.stat().await.unwrap();
            assert_eq!(metadata.is_dir(), entry.is_dir());
            names.push(name.to_owned());
        }
        assert_eq!(names.len(), 2);

        let walk = os::walk(&tree).topdown(false).followlinks(false);
        let walk = walk.onerror(|error: aiofiles::Error| panic!("{error}"));
        let folders: Vec<os::WalkEntry> = stream(walk).map(|entry| entry.unwrap()).collect().await;
        let walked: Vec<&Path> = folders.iter().map(|folder| &*folder.dirpath).collect();
        assert_eq!(walked, [&*tree.join("d"), &*tree]);
        let mut pruned = os::walk(&tree);
        let mut count = 0;
        while let Some(folder) = pruned.next_dir().await {
            folder.unwrap().dirs.clear();
            count += 1;
        }
        assert_eq!(count, 1);

        let (src, dst) = (tree.join("f"), dir.join("g"));
        let copy = os::copyfile(&src, &dst).on_progress(|done: u64, total: u64| {
            assert!(done <= total);
        });
        assert_eq!(get::<u64>(copy).await, 4);
        get::<u64>(os::copytree(&tree, dir.join("twin"))).await;
        get::<u64>(os::rmtree(dir.join("twin"))).await;
        let two = os::batch(|| {
            std::fs::write("/dev/null", "")?;
            Ok(7)
        });
        if cfg!(unix) {
            assert_eq!(get::<i32>(two).await, 7);
        }
        #[cfg(target_os = "linux")]
        {
            let (out, input) = (File::create(&dst).unwrap(), File::open(&src).unwrap());
            assert_eq!(
                get::<usize>(os::sendfile(&out, &input, Some(1), 2)).await,
                2
            );
            assert_eq!(get::<usize>(os::sendfile(&out, &input, None, 9)).await, 4);
        }
    });
}

#[test]
fn temporaries_have_their_keywords() {
    fn traits<T>(_: &mut T)
    where
        T: tokio::io::AsyncRead + tokio::io::AsyncWrite + tokio::io::AsyncSeek + Unpin + Send,
        T: futures::io::AsyncRead + futures::io::AsyncWrite + futures::io::AsyncSeek,
    {
    }
    run(async {
        let dir = Dir::new();
        let mut anonymous: BinaryFile = get(temporary_file().dir(dir.path())).await;
        assert_eq!(anonymous.mode(), "rb+");
        traits(&mut anonymous);
        let text = temporary_file()
            .text()
            .mode("w+")
            .encoding("latin-1")
            .errors("replace");
        let mut text: TextFile = get(text.newline("").buffering(64)).await;
        text.write("text").await.unwrap();

        let named = named_temporary_file()
            .dir(dir.path())
            .prefix("p")
            .suffix(".s");
        let named = named.delete(true).delete_on_close(true).permissions(0o640);
        let mut named: NamedTemporaryFile = get(named).await;
        traits(&mut named);
        let name: PathBuf = named.name().to_owned();
        assert!(name.exists() && name.to_str().unwrap().ends_with(".s"));
        named.write(b"x").await.unwrap();
        let kept = dir.join("kept");
        get(named.persist(&kept)).await;
        named.close().await.unwrap();
        assert_eq!(std::fs::read(&kept).unwrap(), b"x");
        let mut other = get(named_temporary_file().dir(dir.path())).await;
        let name: PathBuf = other.keep().to_owned();
        other.close().await.unwrap();
        assert!(name.exists());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let rights = std::fs::metadata(&name).unwrap().permissions();
            assert_eq!(rights.mode() & 0o777, 0o600);
        }

        let spooled = spooled_temporary_file().max_size(3).dir(dir.path());
        let mut spooled: SpooledTemporaryFile = get(spooled).await;
        traits(&mut spooled);
        spooled.write(b"abc").await.unwrap();
        assert!(!spooled.rolled());
        spooled.write(b"d").await.unwrap();
        spooled.flush().await.unwrap();
        assert!(spooled.rolled());
        let mut spooled = get(spooled_temporary_file().text()).await;
        spooled.rollover().await.unwrap();
        assert!(spooled.rolled());

        let folder = temporary_directory()
            .dir(dir.path())
            .prefix("p")
            .suffix(".d");
        let mut folder: TemporaryDirectory = get(folder.ignore_cleanup_errors(true)).await;
        let path: PathBuf = folder.path().to_owned();
        assert!(path.is_dir());
        folder.cleanup().await.unwrap();
        assert!(!path.exists());
        get(temporary_directory()).await.close().await.unwrap();
    });
}

#[test]
fn atomic_files_have_their_keywords() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "old");
        let mut file: AtomicFile = get(atomic_file(&path)).await;
        file.write(b"new").await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        get::<()>(file.commit()).await;
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        let text = atomic_file(&path).text().encoding("utf-16").newline("\r\n");
        let mut text = get(text.errors("strict").permissions(0o600).buffering(9)).await;
        text.write("\n").await.unwrap();
        drop(text);
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        let body = atomic_file(&path).with(async |f| f.write(b"x").await);
        assert_eq!(get(body).await, 1);
    });
}
