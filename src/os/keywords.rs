//! The keyword arguments of Python that several calls share, as methods on the
//! pending call.

/// Writes keyword methods into the `impl` of a call. It is a macro because a dozen
/// calls take a `dir_fd`, and the page of each must show the method.
///
/// The keyword struct of the call needs a field with the name of each method; for the
/// descriptor of a folder the field is a [`Dir`](crate::sys::Dir).
macro_rules! keywords {
    () => {};
    (dir_fd $(, $($more:tt)*)?) => {
        /// Resolves a relative path from the folder `dir` instead of the current folder
        /// (the default). It has no effect on an absolute path. Unix only.
        ///
        /// This method duplicates the descriptor, so the call borrows nothing and `dir`
        /// may be closed before the call runs. If the duplication fails, the call
        /// returns the error.
        #[cfg(unix)]
        pub fn dir_fd(self, dir: impl std::os::fd::AsFd) -> Self {
            self.set(|keywords| keywords.dir_fd = Dir::new(dir))
        }
        $(keywords! { $($more)* })?
    };
    (src_dir_fd, dst_dir_fd $(, $($more:tt)*)?) => {
        /// Resolves a relative `src` from the folder `dir` instead of the current folder
        /// (the default). The descriptor is duplicated, so the call borrows nothing; if
        /// the duplication fails, the call returns the error. Unix only.
        #[cfg(unix)]
        pub fn src_dir_fd(self, dir: impl std::os::fd::AsFd) -> Self {
            self.set(|keywords| keywords.src_dir_fd = Dir::new(dir))
        }

        /// Resolves a relative `dst` from the folder `dir` instead of the current folder
        /// (the default). The descriptor is duplicated, so the call borrows nothing; if
        /// the duplication fails, the call returns the error. Unix only.
        #[cfg(unix)]
        pub fn dst_dir_fd(self, dir: impl std::os::fd::AsFd) -> Self {
            self.set(|keywords| keywords.dst_dir_fd = Dir::new(dir))
        }
        $(keywords! { $($more)* })?
    };
    (follow_symlinks = $default:literal $(, $($more:tt)*)?) => {
        /// Follows a symbolic link at the end of the path; with `false`, the call is
        /// about the link itself
        #[doc = concat!("(`", $default, "`).")]
        pub fn follow_symlinks(self, yes: bool) -> Self {
            self.set(|keywords| keywords.follow_symlinks = yes)
        }
        $(keywords! { $($more)* })?
    };
    (mode $(, $($more:tt)*)?) => {
        /// Sets the permissions of the new folder, less the umask (`0o777`). Not
        /// used on Windows.
        pub fn mode(self, mode: u32) -> Self {
            self.set(|keywords| keywords.mode = mode)
        }
        $(keywords! { $($more)* })?
    };
    (permissions, times = $default:literal $(, $($more:tt)*)?) => {
        /// Gives the copies the permissions of their originals (`true`). With `false`
        /// they get the permissions of any new file or folder.
        pub fn permissions(self, yes: bool) -> Self {
            self.set(|keywords| keywords.keep.permissions = yes)
        }

        /// Gives the copies the times of access and modification of their originals
        #[doc = concat!("(`", $default, "`).")]
        pub fn times(self, yes: bool) -> Self {
            self.set(|keywords| keywords.keep.times = yes)
        }
        $(keywords! { $($more)* })?
    };
}

pub(super) use keywords;
