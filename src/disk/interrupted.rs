//! A volume on which somebody else does something of his own right before a certain call: of two processes that race, one
//! runs whole at each moment of the other, so that no interleaving of that kind is left to luck.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::volume::{Access, FileIdentity, Kind, OpenFile, SharedVolume, Volume};

type Deed = Box<dyn FnOnce() + Send>;

/// The volume. Calls of files that are open are not counted.
pub struct Interrupted {
    under: SharedVolume,
    calls_left: AtomicU32,
    deed: Mutex<Option<Deed>>,
}

impl Interrupted {
    /// `under`, where `deed` is done before the call of this number, from 0.
    pub fn at(call: u32, under: SharedVolume, deed: impl FnOnce() + Send + 'static) -> Arc<Self> {
        Arc::new(Self { under, calls_left: AtomicU32::new(call), deed: Mutex::new(Some(Box::new(deed))) })
    }

    /// True once the deed is done: there were as many calls.
    pub fn happened(&self) -> bool {
        self.deed.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    fn step(&self) -> &dyn Volume {
        let left = self.calls_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if left.is_err() {
            let deed = self.deed.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(deed) = deed {
                deed();
            }
        }
        &*self.under
    }
}

impl fmt::Debug for Interrupted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Interrupted").field("under", &self.under).finish_non_exhaustive()
    }
}

impl Volume for Interrupted {
    fn number(&self) -> u64 {
        self.under.number()
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        self.under.resolve(path)
    }

    fn kind(&self, path: &Path) -> io::Result<Kind> {
        self.step().kind(path)
    }

    fn identity(&self, path: &Path) -> io::Result<FileIdentity> {
        self.step().identity(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn OpenFile>> {
        self.step().create(path)
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn OpenFile>> {
        self.step().open(path, access)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step().link(from, to)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step().rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.step().remove_file(path)
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.step().create_folder(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.step().remove_folder(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.step().sync_folder(path)
    }

    fn names(&self, path: &Path) -> io::Result<Vec<OsString>> {
        self.step().names(path)
    }
}
