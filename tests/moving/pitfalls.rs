//! What is otherwise here than in `tokio::fs`, and bites whoever moves.

use std::io::{ErrorKind, SeekFrom};
use std::path::Path;

use aiofiles::{BinaryFile, open, os, ospath};
use futures::TryStreamExt;
use tokio::fs;
use tokio::io::AsyncBufReadExt;

use crate::common::{Dir, run};

#[test]
fn read_without_an_argument_reads_to_the_end() {
    run(async {
        let dir = Dir::new();
        let mut file = open(dir.file("f", "0123456789")).binary().await.unwrap();
        // The method wins over the trait in scope; `.size(n)` and `read1(n)` read a part.
        assert_eq!(file.read().await.unwrap(), b"0123456789");
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.read().size(4).await.unwrap(), b"0123");
        // And `lines` is the file's, also with `AsyncBufReadExt` in scope.
        let lines: Vec<Vec<u8>> = BinaryFile::lines(&mut file).try_collect().await.unwrap();
        assert_eq!(lines, [b"456789"]);
    });
}

#[test]
fn a_lone_cr_ends_a_line_and_no_newline_keyword_is_theirs() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "a\rb\r\nc\n");
        let theirs = tokio::io::BufReader::new(fs::File::open(&path).await.unwrap());
        let mut theirs = theirs.lines();
        assert_eq!(theirs.next_line().await.unwrap().unwrap(), "a\rb");
        let all = async |newline: Option<&'static str>| {
            let lines = open(&path).newline(newline).await.unwrap().into_lines();
            lines.try_collect::<Vec<_>>().await.unwrap()
        };
        assert_eq!(all(None).await, ["a", "b", "c"]);
        assert_eq!(all(Some("\n")).await, ["a\rb\r", "c"]);
    });
}

#[test]
fn exists_and_realpath_hide_what_cannot_be_seen() {
    run(async {
        let dir = Dir::new();
        let through = dir.file("f", "").join("x");
        // Of a path through a file, `try_exists` says so too; a NUL it calls an error.
        let odd = Path::new("a\0b");
        assert!(fs::try_exists(odd).await.is_err());
        assert!(!ospath::exists(odd).await.unwrap());
        assert_eq!(
            os::stat(odd).await.unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
        assert_eq!(
            os::stat(&through).await.unwrap_err().kind(),
            if cfg!(windows) {
                ErrorKind::NotFound
            } else {
                ErrorKind::NotADirectory
            }
        );
        // Without `strict` a missing path is a path.
        let missing = dir.join("missing");
        assert!(fs::canonicalize(&missing).await.is_err());
        assert!(ospath::realpath(&missing).await.is_ok());
    });
}

#[cfg(unix)]
#[test]
fn trees_and_folders_at_their_edges() {
    run(async {
        let dir = Dir::new();
        std::fs::create_dir(dir.join("d")).unwrap();
        std::os::unix::fs::symlink("d", dir.join("link")).unwrap();
        // `create_dir_all` of nothing is nothing; here it is an error.
        fs::create_dir_all("").await.unwrap();
        let error = os::makedirs("").exist_ok(true).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        // `remove_dir_all` removes a link to a folder; here it is refused.
        let error = os::rmtree(dir.join("link")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotADirectory);
        fs::remove_dir_all(dir.join("link")).await.unwrap();
        assert!(!dir.join("link").is_symlink() && dir.join("d").is_dir());
        // A folder is no file here, and is brought to the device by its path.
        let folder = fs::File::open(dir.path()).await.unwrap();
        folder.sync_all().await.unwrap();
        os::sync_dir(dir.path()).await.unwrap();
    });
}

#[cfg(unix)]
#[test]
fn errno_is_asked_before_an_error_becomes_std_s() {
    run(async {
        let dir = Dir::new();
        let error = open(dir.file("f", "").join("x")).await.unwrap_err();
        let errno = rustix::io::Errno::NOTDIR.raw_os_error();
        assert_eq!(error.raw_os_error(), Some(errno));
        assert_eq!(error.io_error().unwrap().raw_os_error(), Some(errno));
        let std = std::io::Error::from(error);
        assert_eq!(
            (std.kind(), std.raw_os_error()),
            (ErrorKind::NotADirectory, None)
        );
        let back = aiofiles::Error::from(std);
        assert_eq!(back.raw_os_error(), Some(errno));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_failed_flush_kept_is_not_written_again() {
    use tokio::io::AsyncWriteExt;

    run(async {
        let full = open("/dev/full").binary().mode("w");
        let mut file = full.await.unwrap();
        file.write_all(b"once").await.unwrap();
        for _ in 0..3 {
            let error = file.flush().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull);
        }
        // It is kept, and the close tells that it is lost.
        assert_eq!(
            file.close().await.unwrap_err().kind(),
            ErrorKind::StorageFull
        );
    });
}
