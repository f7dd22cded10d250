//! The sizes of a file system.

/// What [`statvfs`](crate::os::statvfs) tells of a file system, under Python's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatVfs {
    /// Preferred size of a read or write, in bytes.
    pub f_bsize: u64,
    /// Size of the blocks that are counted here, in bytes.
    pub f_frsize: u64,
    /// Blocks in all.
    pub f_blocks: u64,
    /// Free blocks.
    pub f_bfree: u64,
    /// Free blocks for users without privileges.
    pub f_bavail: u64,
    /// Inodes in all.
    pub f_files: u64,
    /// Free inodes.
    pub f_ffree: u64,
    /// Free inodes for users without privileges.
    pub f_favail: u64,
    /// Mount flags (`ST_RDONLY` is 1, `ST_NOSUID` 2).
    pub f_flag: u64,
    /// Longest file name, in bytes.
    pub f_namemax: u64,
    /// Number of the file system. Python since 3.7.
    pub f_fsid: u64,
}
