//! The volume of a released library: the system's own files and folders.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::identity;
use super::volume::{Access, FileIdentity, Kind, OpenFile, RawFile, SharedVolume, Volume};
use super::watched::WatchedFile;

/// The system's files and folders.
#[must_use]
pub fn system() -> SharedVolume {
    Arc::new(System)
}

#[derive(Debug)]
struct System;

#[derive(Debug)]
struct SystemFile(File);

impl Volume for System {
    fn number(&self) -> u64 {
        0
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        let resolved = path.canonicalize()?;
        if resolved.is_dir() { Ok(resolved) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    fn kind(&self, path: &Path) -> io::Result<Kind> {
        let metadata = fs::symlink_metadata(path)?;
        Ok(match metadata {
            file if file.is_file() => Kind::File,
            folder if folder.is_dir() => Kind::Folder,
            _ => Kind::Other,
        })
    }

    fn identity(&self, path: &Path) -> io::Result<FileIdentity> {
        identity::at(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn OpenFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        let file = open(path, &mut options)?;
        make_private(path, 0o600)?;
        Ok(Box::new(SystemFile(file)))
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn OpenFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(access == Access::ReadWrite);
        Ok(Box::new(SystemFile(open(path, &mut options)?)))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        new_folder().create(path)?;
        make_private(path, 0o700)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        // Windows has no handle for this; its file systems log such changes.
        if cfg!(windows) {
            return Ok(());
        }
        File::open(path).and_then(|folder| folder.sync_all())
    }

    fn names(&self, path: &Path) -> io::Result<Vec<OsString>> {
        Ok(fs::read_dir(path)?.flatten().map(|entry| entry.file_name()).collect())
    }
}

impl OpenFile for SystemFile {
    fn identity(&self) -> io::Result<FileIdentity> {
        identity::look_at(&self.0).map(|look| look.identity)
    }

    fn share(&self) -> io::Result<Box<dyn OpenFile>> {
        Ok(Box::new(Self(self.0.try_clone()?)))
    }

    fn into_raw(self: Box<Self>) -> io::Result<RawFile> {
        Ok(Box::new(WatchedFile::new(self.0)?))
    }

    fn read_head(&self, limit_bytes: u64) -> io::Result<Vec<u8>> {
        let mut file = &self.0;
        file.seek(SeekFrom::Start(0))?;
        let mut bytes = Vec::new();
        file.take(limit_bytes).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn write_head(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = &self.0;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }

    fn try_lock(&self) -> Result<(), TryLockError> {
        self.0.try_lock()
    }

    fn unlock(&self) -> io::Result<()> {
        self.0.unlock()
    }
}

/// Opens a regular file, not through a link.
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // O_NONBLOCK: a pipe put in the file's place must not keep the open waiting for its other end.
        options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    #[cfg(windows)]
    {
        use std::os::windows::fs::OpenOptionsExt;
        const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
        options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT);
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is not a regular file")) }
}

fn new_folder() -> DirBuilder {
    #[cfg(unix)]
    {
        let mut builder = DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
    }
    #[cfg(not(unix))]
    DirBuilder::new()
}

/// Sets the mode itself: the one given at creation is cut by the process's umask.
fn make_private(path: &Path, mode: u32) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
    Ok(())
}
