//! Whether a file still works, and what must be written again if it does not.
//!
//! redb gives up on a file with the first failure that its backend reports, whatever it was. So whoever holds the
//! database must know, close it and open it again. One kind of failure leaves more behind: after a sync that failed, the
//! system may take pages for written that never reached the disk, and the next sync will say that all is well. What was
//! written since the last sync that succeeded is therefore written once more before anybody builds on it.

use std::fmt;
use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

use super::volume::{DiskFile, RawFile};
use crate::limits::{REWRITE_BYTES, UNSYNCED_STRETCHES_MAX};

/// The health of one store's file, over all its openings.
#[derive(Debug, Default)]
pub struct Health {
    failed: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The first failure since the file was opened.
    cause: Option<String>,
    /// Where was written since the last sync that succeeded: from, to.
    unsynced: Vec<(u64, u64)>,
    /// A sync has failed since the last one that succeeded.
    sync_failed: bool,
}

impl Health {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if the database above the file is of no use any more.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// The failure that came first.
    #[must_use]
    pub fn cause(&self) -> String {
        self.state().cause.clone().unwrap_or_else(|| "the file could not be used".to_owned())
    }

    /// Notes a failure.
    pub fn fail(&self, cause: &dyn fmt::Display) {
        self.state().cause.get_or_insert_with(|| cause.to_string());
        self.failed.store(true, Ordering::Release);
    }

    /// The file was opened again.
    pub fn recover(&self) {
        self.state().cause = None;
        self.failed.store(false, Ordering::Release);
    }

    /// Watches what is written to a file. After a sync that failed, what it was to make durable is written again first.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub fn watch(self: &Arc<Self>, file: RawFile) -> io::Result<RawFile> {
        let again = {
            let state = self.state();
            if state.sync_failed { state.unsynced.clone() } else { Vec::new() }
        };
        if !again.is_empty() {
            rewrite(&*file, &again)?;
            self.synced(true);
        }
        Ok(Box::new(Watched { inner: file, health: Arc::clone(self), place: Place::AboveFile }))
    }

    /// Notes every failure that redb is told of.
    #[must_use]
    pub fn report(self: &Arc<Self>, backend: RawFile) -> impl StorageBackend + use<> {
        Watched { inner: backend, health: Arc::clone(self), place: Place::BeneathRedb }
    }

    fn wrote(&self, from: u64, to: u64) {
        let mut state = self.state();
        match state.unsynced.last_mut() {
            Some(last) if last.1 == from => last.1 = to,
            _ => state.unsynced.push((from, to)),
        }
        if state.unsynced.len() > UNSYNCED_STRETCHES_MAX {
            let whole = state.unsynced.iter().fold((u64::MAX, 0), |all, part| (all.0.min(part.0), all.1.max(part.1)));
            state.unsynced = vec![whole];
        }
    }

    fn synced(&self, succeeded: bool) {
        let mut state = self.state();
        if succeeded {
            state.unsynced.clear();
        }
        state.sync_failed = !succeeded;
    }
}

/// Writes what is there once more, and syncs it.
fn rewrite(file: &dyn StorageBackend, stretches: &[(u64, u64)]) -> io::Result<()> {
    let length = file.len()?;
    let mut bytes = Vec::new();
    for (from, to) in stretches {
        let (mut at, to) = (*from, (*to).min(length));
        while at < to {
            bytes.resize((to - at).min(REWRITE_BYTES) as usize, 0);
            file.read(at, &mut bytes)?;
            file.write(at, &bytes)?;
            at += bytes.len() as u64;
        }
    }
    file.sync_data()
}

/// A backend that tells a [`Health`] what happens to the file.
struct Watched {
    inner: RawFile,
    health: Arc<Health>,
    place: Place,
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Right above the file: it tells what is written and synced.
    AboveFile,
    /// Right beneath redb: it tells every failure that redb is told of.
    BeneathRedb,
}

impl Watched {
    fn told<R>(&self, result: io::Result<R>) -> io::Result<R> {
        if let Err(error) = &result
            && self.place == Place::BeneathRedb
        {
            self.health.fail(error);
        }
        result
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Watched({:?})", self.place)
    }
}

impl DiskFile for Watched {
    fn available_bytes(&self) -> Option<u64> {
        self.inner.available_bytes()
    }

    fn taken_bytes(&self) -> u64 {
        self.inner.taken_bytes()
    }
}

impl StorageBackend for Watched {
    fn len(&self) -> io::Result<u64> {
        self.told(self.inner.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.told(self.inner.read(offset, out))
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.told(self.inner.set_len(length))
    }

    fn sync_data(&self) -> io::Result<()> {
        let synced = self.told(self.inner.sync_data());
        if self.place == Place::AboveFile {
            self.health.synced(synced.is_ok());
        }
        synced
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.place == Place::AboveFile {
            self.health.wrote(offset, offset + data.len() as u64);
        }
        self.told(self.inner.write(offset, data))
    }

    fn close(&self) -> io::Result<()> {
        self.inner.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use redb::backends::InMemoryBackend;

    use super::*;

    /// A file whose syncs fail, and that counts writes.
    #[derive(Debug, Default, Clone)]
    struct Failing(Arc<Inner>);

    #[derive(Debug, Default)]
    struct Inner {
        memory: InMemoryBackend,
        fails: AtomicBool,
        written: Mutex<Vec<(u64, usize)>>,
    }

    impl DiskFile for Failing {
        fn available_bytes(&self) -> Option<u64> {
            None
        }

        fn taken_bytes(&self) -> u64 {
            0
        }
    }

    impl StorageBackend for Failing {
        fn len(&self) -> io::Result<u64> {
            self.0.memory.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.0.memory.read(offset, out)
        }

        fn set_len(&self, length: u64) -> io::Result<()> {
            self.0.memory.set_len(length)
        }

        fn sync_data(&self) -> io::Result<()> {
            if self.0.fails.load(Ordering::SeqCst) { Err(io::Error::other("sync")) } else { Ok(()) }
        }

        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.0.written.lock().unwrap().push((offset, data.len()));
            self.0.memory.write(offset, data)
        }
    }

    #[test]
    fn what_a_failed_sync_was_to_keep_is_written_again_and_nothing_else() {
        let (file, health) = (Failing::default(), Arc::new(Health::default()));
        let watched = health.watch(Box::new(file.clone())).unwrap();
        watched.set_len(100).unwrap();
        watched.write(0, &[1; 10]).unwrap();
        watched.sync_data().unwrap();
        watched.write(20, &[2; 10]).unwrap();
        watched.write(30, &[3; 10]).unwrap();
        watched.write(90, &[4; 10]).unwrap();
        file.0.fails.store(true, Ordering::SeqCst);
        watched.sync_data().unwrap_err();
        assert!(health.watch(Box::new(file.clone())).is_err(), "it cannot be made durable yet");
        file.0.fails.store(false, Ordering::SeqCst);
        file.0.written.lock().unwrap().clear();
        health.watch(Box::new(file.clone())).unwrap();
        assert_eq!(*file.0.written.lock().unwrap(), [(20, 20), (90, 10)]);
        health.watch(Box::new(file.clone())).unwrap();
        assert_eq!(file.0.written.lock().unwrap().len(), 2, "it is durable now");
    }

    #[test]
    fn the_first_failure_is_the_one_that_is_told() {
        let (file, health) = (Failing::default(), Arc::new(Health::default()));
        let reporting = health.report(Box::new(file.clone()));
        assert!(!health.has_failed());
        file.0.fails.store(true, Ordering::SeqCst);
        reporting.sync_data().unwrap_err();
        reporting.read(0, &mut [0]).unwrap_err();
        assert!(health.has_failed());
        assert_eq!(health.cause(), "sync");
        health.recover();
        assert!(!health.has_failed());
    }

    #[test]
    fn a_long_list_of_stretches_becomes_one() {
        let health = Health::default();
        for number in 0..UNSYNCED_STRETCHES_MAX as u64 + 1 {
            health.wrote(10 * number, 10 * number + 5);
        }
        assert_eq!(health.state().unsynced, [(0, 10 * UNSYNCED_STRETCHES_MAX as u64 + 5)]);
    }
}
