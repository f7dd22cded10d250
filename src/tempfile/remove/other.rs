//! Making folders accessible where descriptors do not help.

use std::fs;
use std::io;
use std::path::Path;

/// Makes `root` and all below writable. Links are not followed, as far as they
/// are there when it looks.
pub(super) fn make_accessible(root: &Path) -> io::Result<()> {
    let mut paths = vec![root.to_owned()];
    while let Some(path) = paths.pop() {
        let metadata = fs::symlink_metadata(&path)?;
        if metadata.is_symlink() {
            continue;
        }
        let mut permissions = metadata.permissions();
        platform::allow_all(&mut permissions);
        drop(fs::set_permissions(&path, permissions));
        if let Ok(entries) = fs::read_dir(&path) {
            paths.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
        }
    }
    Ok(())
}

#[cfg(unix)]
mod platform {
    use std::os::unix::fs::PermissionsExt;

    pub(super) fn allow_all(permissions: &mut std::fs::Permissions) {
        permissions.set_mode(permissions.mode() | 0o700);
    }
}

#[cfg(not(unix))]
mod platform {
    pub(super) fn allow_all(permissions: &mut std::fs::Permissions) {
        permissions.set_readonly(false);
    }
}
