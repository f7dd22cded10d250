//! What is about the whole process, and so runs in one of its own.

use std::fs;

use aiofiles::ThreadPoolExecutor;
use aiofiles::tempfile::{named_temporary_file, spooled_temporary_file, temporary_file};

use super::{dir, names};

#[test]
fn failed_close_removes_the_file_all_the_same() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    // A limit on the size of files is the process's: this runs in one of its own.
    const CHILD: &str = "AIOFILES_TEST_LIMITED";
    if std::env::var_os(CHILD).is_none() {
        let name = "alone::failed_close_removes_the_file_all_the_same";
        let mut child = std::process::Command::new("sh");
        // The signal that comes with it would end the process.
        let script = r#"trap '' XFSZ; exec "$0" --exact "$1""#;
        let child = child
            .args(["-c", script])
            .arg(std::env::current_exe().unwrap());
        let output = child.arg(name).env(CHILD, "1").output().unwrap();
        super::passed(&output);
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut file = named_temporary_file().await.unwrap();
        file.write(b"too long").await.unwrap();
        let limit = Rlimit {
            current: Some(4),
            maximum: None,
        };
        setrlimit(Resource::Fsize, limit).unwrap();
        let error = file.close().await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::FileTooLarge);
        assert!(file.closed() && !file.name().exists());
    });
}

#[test]
fn thousands_dropped_at_once_leave_neither_file_nor_descriptor() {
    // Descriptors are the process's: this runs in one of its own.
    const CHILD: &str = "AIOFILES_TEST_ALONE";
    if std::env::var_os(CHILD).is_none() {
        let name = "alone::thousands_dropped_at_once_leave_neither_file_nor_descriptor";
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        let output = child
            .args(["--exact", name])
            .env(CHILD, "1")
            .output()
            .unwrap();
        super::passed(&output);
        return;
    }
    let descriptors = || fs::read_dir("/proc/self/fd").unwrap().count();
    let dir = dir();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let before = descriptors();
    runtime.block_on(async {
        let pool = ThreadPoolExecutor::new(4);
        let tasks: Vec<_> = (0..64)
            .map(|task| {
                let (pool, dir) = (pool.clone(), dir.path().to_owned());
                tokio::spawn(async move {
                    for n in 0..157 {
                        match (task + n) % 3 {
                            0 => {
                                let file = temporary_file().dir(&dir).executor(pool.clone());
                                file.await.unwrap().write(b"anonymous").await.unwrap();
                            }
                            1 => {
                                let file = named_temporary_file().dir(&dir).executor(pool.clone());
                                file.await.unwrap().write(b"named").await.unwrap();
                            }
                            _ => {
                                let file = spooled_temporary_file().dir(&dir).max_size(3);
                                let mut file = file.executor(pool.clone()).await.unwrap();
                                file.write(b"spooled").await.unwrap();
                                assert!(file.rolled());
                            }
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        pool.shutdown().await;
    });
    assert_eq!(names(dir.path()), [""; 0]);
    assert_eq!(descriptors(), before);
}
