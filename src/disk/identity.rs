//! Which file something is, and what has become of it: the same questions for every system.

use std::fs::File;
use std::io;
use std::path::Path;

use super::volume::FileIdentity;

/// What the system says of an open file.
pub struct Look {
    pub identity: FileIdentity,
    /// How many names lead to it; none when it was deleted or another took its place.
    pub names: u64,
    pub length: u64,
}

/// Looks at an open file: one cheap call of the system.
#[cfg(unix)]
pub fn look_at(file: &File) -> io::Result<Look> {
    file.metadata().map(|metadata| look(&metadata))
}

/// Which file has this name; a link is itself.
#[cfg(unix)]
pub fn at(path: &Path) -> io::Result<FileIdentity> {
    std::fs::symlink_metadata(path).map(|metadata| look(&metadata).identity)
}

#[cfg(unix)]
fn look(metadata: &std::fs::Metadata) -> Look {
    use std::os::unix::fs::MetadataExt;
    Look {
        identity: FileIdentity { device: metadata.dev(), inode: metadata.ino() },
        names: metadata.nlink(),
        length: metadata.len(),
    }
}

#[cfg(windows)]
pub use super::syscall::look_at;

/// Which file has this name; a link is itself. There only an open file tells.
#[cfg(windows)]
pub fn at(path: &Path) -> io::Result<FileIdentity> {
    use std::os::windows::fs::OpenOptionsExt;
    /// Opens folders, too.
    const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
    const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    let mut options = File::options();
    // No access at all: enough to be told, and in nobody's way.
    options.access_mode(0).custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT);
    look_at(&options.open(path)?).map(|look| look.identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_from_the_one_that_takes_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "first").unwrap();
        let file = File::open(&path).unwrap();
        let look = look_at(&file).unwrap();
        assert_eq!((look.names, look.length), (1, 5));
        assert_eq!(look.identity, at(&path).unwrap());
        // The first file keeps a name, so that its number is not given to the second.
        std::fs::rename(&path, folder.path().join("b")).unwrap();
        std::fs::write(&path, "second").unwrap();
        assert_ne!(look.identity, at(&path).unwrap());
        assert_eq!(look.identity, at(&folder.path().join("b")).unwrap());
        assert_ne!(look.identity, at(folder.path()).unwrap());
    }
}
