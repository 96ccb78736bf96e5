//! The seam below which the system's files and folders lie: all that this room does with them goes through here.
//!
//! There is one volume in a released library, the system's ([`system`]). Tests that cut the power put another one in its
//! place: the rooms above cannot tell. An open file is redb's own trait, so that whatever lies between redb and the disk
//! stands on either.

use std::ffi::OsString;
use std::fmt::Debug;
use std::fs::TryLockError;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::StorageBackend;

pub use super::system::system;

/// The volume that a tree lies on.
pub type SharedVolume = Arc<dyn Volume>;

/// A file as redb reads and writes it. Every byte of it, with nothing of ours in between.
pub type RawFile = Box<dyn DiskFile>;

/// What our files can beyond what redb asks of one.
pub trait DiskFile: StorageBackend {
    /// Bytes that the disk has left for this file. Nothing where the system does not say.
    fn available_bytes(&self) -> Option<u64>;

    /// Bytes that the file takes on the disk: what was never written of it takes none.
    fn taken_bytes(&self) -> u64;
}

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A link, a pipe: nothing that dkv makes.
    Other,
}

/// What a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It is not changed.
    Read,
    /// It is changed.
    ReadWrite,
}

/// Tells a file from every other one, whatever its name is by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileIdentity {
    /// The file system's number.
    pub device: u64,
    /// The file's number in it.
    pub inode: u64,
}

/// Files and folders. No call follows a link that has the last name of its path.
pub trait Volume: Debug + Send + Sync {
    /// Tells volumes apart. The system's is 0.
    fn number(&self) -> u64;

    /// The path of an existing folder with every link in it resolved.
    fn resolve(&self, path: &Path) -> io::Result<PathBuf>;

    /// What has this name.
    fn kind(&self, path: &Path) -> io::Result<Kind>;

    /// Which file has this name.
    fn identity(&self, path: &Path) -> io::Result<FileIdentity>;

    /// Makes a file that only its owner may read. Nothing has its name yet.
    fn create(&self, path: &Path) -> io::Result<Box<dyn OpenFile>>;

    /// Opens a regular file.
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn OpenFile>>;

    /// Gives a file a second name, which nothing has yet.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file another name. What had that name before loses it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file's name.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Makes a folder that only its owner may enter.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty folder.
    fn remove_folder(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable, as they are now.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// The names in a folder, in no order.
    fn names(&self, path: &Path) -> io::Result<Vec<OsString>>;
}

/// A file that is open.
pub trait OpenFile: Debug + Send + Sync {
    /// Which file it is.
    fn identity(&self) -> io::Result<FileIdentity>;

    /// Another owner of the same opening, and so of its locks.
    fn share(&self) -> io::Result<Box<dyn OpenFile>>;

    /// The file for redb.
    fn into_raw(self: Box<Self>) -> io::Result<RawFile>;

    /// The first bytes, at most `limit_bytes`.
    fn read_head(&self, limit_bytes: u64) -> io::Result<Vec<u8>>;

    /// Writes the first bytes.
    fn write_head(&self, bytes: &[u8]) -> io::Result<()>;

    /// Makes the file's bytes and its length durable. Its name needs a sync of the folder.
    fn sync(&self) -> io::Result<()>;

    /// Takes the lock on the whole file, unless another opening has it.
    fn try_lock(&self) -> Result<(), TryLockError>;

    /// Gives the lock back.
    fn unlock(&self) -> io::Result<()>;
}

/// True if `path` still names the opened file.
pub(super) fn is_at(volume: &dyn Volume, file: &dyn OpenFile, path: &Path) -> bool {
    match (file.identity(), volume.identity(path)) {
        (Ok(opened), Ok(named)) => opened == named,
        _ => false,
    }
}
