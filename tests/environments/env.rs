//! A folder in some environment, and what came of the operations that were tried there.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aiofiles::Error;

use super::operations::{Needs, SCENES, Scene};

pub(crate) const CONTENT: &[u8] =
    "first line\nsecond, with \u{e9}\nthird\nand the last, which is a bit longer\n".as_bytes();

pub(crate) struct Env {
    pub(crate) dir: PathBuf,
    /// The errors that may come here.
    allowed: Vec<i32>,
    /// What is told of what is there need not be so, as with what cannot be seen.
    blind: bool,
    /// The operations that were tried, as (file, name).
    pub(crate) tried: RefCell<BTreeSet<(String, String)>>,
    /// Failures in all, and in this scene.
    pub(crate) failed: Cell<usize>,
    in_scene: Cell<usize>,
    scene: Cell<&'static str>,
    broken: Cell<bool>,
}

impl Env {
    pub(crate) fn new(dir: &Path, allowed: &[i32]) -> Self {
        Self {
            dir: dir.to_owned(),
            allowed: allowed.to_owned(),
            blind: false,
            tried: RefCell::default(),
            failed: Cell::new(0),
            in_scene: Cell::new(0),
            scene: Cell::new(""),
            broken: Cell::new(false),
        }
    }

    pub(crate) fn blind(mut self) -> Self {
        self.blind = true;
        self
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Makes what the scenes use, and nothing else.
    pub(crate) fn prepare(&self) {
        for entry in std::fs::read_dir(&self.dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                std::fs::remove_dir_all(path).unwrap();
            } else {
                std::fs::remove_file(path).unwrap();
            }
        }
        std::fs::write(self.join("in"), CONTENT).unwrap();
        std::fs::write(self.join("old"), "old content").unwrap();
        std::fs::write(self.join("keep"), "kept").unwrap();
        std::fs::create_dir_all(self.join("sub/deep")).unwrap();
        std::fs::write(self.join("sub/a"), "a").unwrap();
        std::fs::write(self.join("sub/deep/b"), "b").unwrap();
        std::os::unix::fs::symlink("in", self.join("link")).unwrap();
    }

    pub(crate) fn content(&self, name: &str) -> Option<Vec<u8>> {
        std::fs::read(self.join(name)).ok()
    }

    #[track_caller]
    pub(crate) fn has(&self, name: &str, content: &[u8]) {
        if let Some(there) = self.content(name) {
            assert_eq!(
                String::from_utf8_lossy(&there),
                String::from_utf8_lossy(content),
                "{name}"
            );
        }
    }

    /// Notes what came of the operations `key` (a file of the sources, and names): it is
    /// right, unless something failed before; or it failed as it may here. Whether it
    /// succeeded.
    #[track_caller]
    pub(crate) fn t<T, E: std::borrow::Borrow<Error>>(
        &self,
        key: &str,
        result: Result<T, E>,
        check: impl FnOnce(T),
    ) -> bool {
        let (file, names) = key.split_once(' ').unwrap();
        let names = names.split(' ');
        let keys = names.map(|name| (file.to_owned(), name.to_owned()));
        self.tried.borrow_mut().extend(keys);
        match result {
            Ok(value) => {
                if self.in_scene.get() == 0 && !(self.blind && self.broken.get()) {
                    check(value);
                }
                true
            }
            Err(error) => {
                let error = error.borrow();
                let errno = errno(error);
                assert!(
                    errno.is_some_and(|errno| self.allowed.contains(&errno)),
                    "{key}, in {:?}: {error} ({error:?})",
                    self.scene.get(),
                );
                self.failed.set(self.failed.get() + 1);
                self.in_scene.set(self.in_scene.get() + 1);
                false
            }
        }
    }

    /// The file, if it could be opened.
    #[track_caller]
    pub(crate) fn opened<F>(&self, opened: Result<F, Error>) -> Option<F> {
        self.t("open.rs open", opened.as_ref().map(drop), |()| {});
        opened.ok()
    }

    /// Plays the scenes that do with what is here: each is prepared, `broken` is called,
    /// and after it `healed`; then it is played once more, and nothing fails.
    pub(crate) fn play(&self, needs: &[Needs], broken: impl Fn(), healed: impl Fn()) {
        for &(name, need, scene) in SCENES {
            if !needs.contains(&need) {
                continue;
            }
            self.scene.set(name);
            self.prepare();
            broken();
            self.broken.set(true);
            self.one(scene);
            self.broken.set(false);
            healed();
            self.assert_closed();
            let before = self.failed.get();
            self.prepare();
            self.one(scene);
            self.assert_closed();
            assert_eq!(self.failed.get(), before, "{name} goes on failing");
        }
    }

    /// Plays one scene, which ends.
    fn one(&self, scene: Scene) {
        self.in_scene.set(0);
        // One that needs no descriptor.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        runtime.unwrap().block_on(async {
            let played = tokio::time::timeout(Duration::from_secs(120), scene(self));
            let name = self.scene.get();
            assert!(played.await.is_ok(), "{name} does not end");
        });
    }
}

impl Env {
    /// All descriptors are closed: the runtime has waited for its jobs.
    fn assert_closed(&self) {
        if self.scene.get().starts_with("standard") {
            futures::executor::block_on(async {
                let null = || {
                    std::fs::File::options()
                        .read(true)
                        .write(true)
                        .open("/dev/null")
                };
                drop(aiofiles::stdio::set_stdin(null().unwrap()).await);
                drop(aiofiles::stdio::set_stdout(null().unwrap()).await);
                drop(aiofiles::stdio::set_stderr(null().unwrap()).await);
            });
        }
        let open = super::common::descriptors_below(&self.dir);
        assert_eq!(open, 0, "descriptors after {}", self.scene.get());
    }
}

fn errno(error: &Error) -> Option<i32> {
    error.raw_os_error()
}
