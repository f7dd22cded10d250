//! Links to folders, on each system: symbolic links, and the junctions of Windows. What
//! they lead to is never harmed, and they themselves are taken for links.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/system.rs"]
mod system;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use aiofiles::tempfile::temporary_directory;
use aiofiles::{os, ospath};
use common::{Dir, run};
use futures::TryStreamExt;

/// Makes a link to a folder; `None` where that cannot be done.
type Make = fn(&Path, &Path) -> Option<()>;

/// All kinds of links to folders that the system has.
fn kinds() -> Vec<Make> {
    let symbolic: Make = |target, link| system::link_to_folder(target, link);
    vec![
        symbolic,
        #[cfg(windows)]
        system::junction,
    ]
}

/// A folder that is not to be harmed, and another with a link to it.
fn tree(dir: &Dir, make: Make) -> Option<(PathBuf, PathBuf, PathBuf)> {
    let (out, root) = (dir.join("out"), dir.join("root"));
    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("precious"), "old").unwrap();
    std::fs::create_dir(&root).unwrap();
    let link = root.join("link");
    make(&out, &link)?;
    Some((out, root, link))
}

fn is_whole(out: &Path) {
    assert_eq!(std::fs::read(out.join("precious")).unwrap(), b"old");
}

#[test]
fn a_removal_takes_the_link_alone() {
    for make in kinds() {
        run(async {
            let dir = Dir::new();
            let Some((out, root, link)) = tree(&dir, make) else {
                return;
            };
            let kind = os::rmtree(&link).await.unwrap_err().kind();
            assert_eq!(kind, ErrorKind::NotADirectory, "a link is no tree");
            let slash = link.join("");
            assert!(os::rmtree(slash).await.is_err());
            is_whole(&out);
            assert_eq!(os::rmtree(&root).await.unwrap(), 2);
            is_whole(&out);

            // By its name, as Python's `os.unlink`: both of its names.
            std::fs::create_dir(&root).unwrap();
            make(&out, &link).unwrap();
            os::unlink(&link).await.unwrap();
            make(&out, &link).unwrap();
            os::remove(&link).await.unwrap();
            assert!(std::fs::symlink_metadata(&link).is_err());
            is_whole(&out);
        });
    }
}

#[test]
fn a_temporary_folder_goes_without_what_its_links_lead_to() {
    for make in kinds() {
        run(async {
            let dir = Dir::new();
            let out = dir.join("out");
            std::fs::create_dir(&out).unwrap();
            std::fs::write(out.join("precious"), "old").unwrap();
            let mut folder = temporary_directory().dir(dir.path()).await.unwrap();
            let path = folder.path().to_owned();
            if make(&out, &path.join("link")).is_none() {
                return;
            }
            folder.close().await.unwrap();
            assert!(!path.exists());
            is_whole(&out);
        });
    }
}

#[test]
fn a_walk_enters_links_only_where_it_is_told_to_and_never_for_ever() {
    for make in kinds() {
        run(async {
            let dir = Dir::new();
            let Some((out, root, link)) = tree(&dir, make) else {
                return;
            };
            assert!(ospath::islink(&link).await.unwrap() && ospath::isdir(&link).await.unwrap());
            let walked: Vec<_> = os::walk(&root).try_collect().await.unwrap();
            assert_eq!(walked.len(), 1, "it is not entered");
            assert_eq!(walked[0].dirs.len(), 1, "but it is a folder");

            make(&root, &out.join("back")).unwrap();
            let walk = os::walk(&root).followlinks(true);
            let walked: Vec<_> = walk.try_collect().await.unwrap();
            assert_eq!(walked.len(), 2, "the way back is not gone again");
        });
    }
}

#[test]
fn a_copy_has_what_links_lead_to_or_the_links() {
    for make in kinds() {
        run(async {
            let dir = Dir::new();
            let Some((out, root, _)) = tree(&dir, make) else {
                return;
            };
            let copy = dir.join("copy");
            os::copytree(&root, &copy).await.unwrap();
            let copied = copy.join("link");
            assert!(!ospath::islink(&copied).await.unwrap());
            assert_eq!(std::fs::read(copied.join("precious")).unwrap(), b"old");

            let linked = dir.join("linked");
            let links = |exist_ok| {
                let copy = os::copytree(&root, &linked).symlinks(true);
                copy.dirs_exist_ok(exist_ok)
            };
            match links(false).await {
                // A junction becomes a symbolic link, which not everybody may make.
                Err(error) if cfg!(windows) && error.kind() != ErrorKind::NotFound => {
                    println!("skipped: {error}");
                }
                done => {
                    done.unwrap();
                    // Again, over the link that is there.
                    links(true).await.unwrap();
                    assert!(ospath::islink(linked.join("link")).await.unwrap());
                    let there = std::fs::read(linked.join("link/precious")).unwrap();
                    assert_eq!(there, b"old");
                }
            }
            is_whole(&out);

            make(&root, &out.join("back")).unwrap();
            assert!(os::copytree(&root, dir.join("never")).await.is_err());
        });
    }
}

#[test]
fn a_link_to_a_folder_that_is_there_can_be_entered() {
    run(async {
        let dir = Dir::new();
        if tree(&dir, kinds()[0]).is_none() {
            return;
        }
        let (absolute, relative) = (dir.join("absolute"), dir.join("root/relative"));
        os::symlink(dir.join("out"), &absolute).await.unwrap();
        os::symlink(Path::new("..").join("out"), &relative)
            .await
            .unwrap();
        for link in [absolute, relative] {
            assert!(ospath::isdir(&link).await.unwrap());
            assert_eq!(std::fs::read(link.join("precious")).unwrap(), b"old");
        }
    });
}

#[test]
fn a_link_that_leads_nowhere_stays_one_to_a_folder() {
    for make in kinds() {
        run(async {
            let dir = Dir::new();
            let Some((out, root, _)) = tree(&dir, make) else {
                return;
            };
            let elsewhere = dir.join("elsewhere");
            std::fs::rename(&out, &elsewhere).unwrap();
            let copy = dir.join("copy");
            if let Err(error) = os::copytree(&root, &copy).symlinks(true).await {
                println!("skipped: {error}");
                // A junction becomes a symbolic link, which not everybody may make.
                assert_eq!(std::env::consts::OS, "windows");
                return;
            }
            std::fs::rename(&elsewhere, &out).unwrap();
            let there = std::fs::read(copy.join("link/precious")).unwrap();
            assert_eq!(there, b"old", "it is one to a folder, which can be entered");
        });
    }
}

#[test]
fn a_path_through_a_link_is_known() {
    for make in kinds() {
        run(async {
            let dir = Dir::new();
            let Some((out, _, link)) = tree(&dir, make) else {
                return;
            };
            let through = link.join("precious");
            let (real, plain) = (ospath::realpath(&through), ospath::realpath(&out));
            let (real, plain) = (real.await.unwrap(), plain.await.unwrap());
            assert_eq!(real, plain.join("precious"));
            assert!(
                ospath::samefile(&through, out.join("precious"))
                    .await
                    .unwrap()
            );
            let target = os::readlink(&link).await.unwrap();
            assert!(ospath::samefile(target, &out).await.unwrap());
            aiofiles::write_atomic(&through, "new").await.unwrap();
            assert_eq!(std::fs::read(out.join("precious")).unwrap(), b"new");
            assert!(ospath::islink(&link).await.unwrap());
        });
    }
}
