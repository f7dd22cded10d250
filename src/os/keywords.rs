//! Python's keyword arguments that several calls have, as methods on the pending
//! call.

/// Writes keyword methods into the `impl` of a call, each once for all calls that
/// have it: a dozen calls take a `dir_fd`, and the page of each is to show it.
///
/// The keywords of the call need a field of the name of each method, of the type
/// [`Dir`](crate::sys::Dir) for the descriptors of folders.
macro_rules! keywords {
    () => {};
    (dir_fd $(, $($more:tt)*)?) => {
        /// Takes a relative path from the folder `dir` instead of the current one
        /// (default). An absolute path ignores it. Unix only.
        ///
        /// The descriptor is duplicated here, so the call borrows nothing and `dir`
        /// may be closed meanwhile; if that fails, the error comes from the call.
        #[cfg(unix)]
        pub fn dir_fd(self, dir: impl std::os::fd::AsFd) -> Self {
            self.set(|keywords| keywords.dir_fd = Dir::new(dir))
        }
        $(keywords! { $($more)* })?
    };
    (src_dir_fd, dst_dir_fd $(, $($more:tt)*)?) => {
        /// Takes a relative `src` from the folder `dir` instead of the current one
        /// (default). The descriptor is duplicated, so the call borrows nothing; if
        /// that fails, the error comes from the call. Unix only.
        #[cfg(unix)]
        pub fn src_dir_fd(self, dir: impl std::os::fd::AsFd) -> Self {
            self.set(|keywords| keywords.src_dir_fd = Dir::new(dir))
        }

        /// Takes a relative `dst` from the folder `dir` instead of the current one
        /// (default). The descriptor is duplicated, so the call borrows nothing; if
        /// that fails, the error comes from the call. Unix only.
        #[cfg(unix)]
        pub fn dst_dir_fd(self, dir: impl std::os::fd::AsFd) -> Self {
            self.set(|keywords| keywords.dst_dir_fd = Dir::new(dir))
        }
        $(keywords! { $($more)* })?
    };
    (follow_symlinks = $default:literal $(, $($more:tt)*)?) => {
        /// Says whether a path that ends in a symbolic link means what the link
        /// points to
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
        /// Gives the copies the permissions of their originals (`true`). Otherwise
        /// they get those that new files and folders have.
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
