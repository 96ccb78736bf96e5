//! Making and deleting backups, on a thread beside the store's own: writes go on meanwhile.
//!
//! One job at a time for each store, in the order in which they were issued: a backup that comes while another one is
//! made waits, with the snapshot of its own place in the order. The automatic backup has a thread of its own, so that a
//! deletion does not wait for it; a backup that a caller asks for ends it first.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::lane::{Lane, Next};
use super::pins::Pin;
use super::promise::Ticket;
use super::random;
use super::threads;
use crate::concurrency::{Condvar, Mutex, MutexGuard, PoisonError};
use crate::disk::{BackupFolder, Folder, Identity, Keyring, StoreBackend, StoreFile, Tree};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{AUTO_BACKUP_STRETCH_BYTES, BACKUPS_MAX};
use crate::model::{AUTOMATIC_BACKUP, BackupDeletion, BackupPlace, DeletionResult};
use crate::storage::{self, Backup, Snapshot};
use crate::store::Outcome;

/// The store whose backups are meant. It is known for longer than the store is open.
#[derive(Debug, Clone)]
pub struct Source {
    /// Where the store lies, and its automatic backups.
    pub tree: Tree,
    /// The manager's folder, where its other backups lie.
    pub manager_tree: Tree,
    pub identity: Identity,
    /// The keys of the store, if it is encrypted, and of its backups.
    pub keys: Keyring,
    /// Automatic backups were asked for: one of the places is kept for them.
    pub backup: bool,
}

impl Source {
    fn id(&self) -> &str {
        &self.identity.store_id
    }

    /// The store's own folder.
    pub fn folder(&self) -> Folder {
        self.tree.store(self.id())
    }

    /// Where the automatic backup lies.
    pub fn automatic_folder(&self) -> BackupFolder {
        BackupFolder::new(&self.tree, self.id())
    }

    /// The folder that a call means.
    ///
    /// # Errors
    ///
    /// `Parameter` if the caller's own folder cannot be used.
    pub fn folder_of(&self, place: &BackupPlace) -> Result<BackupFolder> {
        match place.folder() {
            Some(folder) => match self.tree.elsewhere(folder) {
                Ok(tree) => Ok(BackupFolder::new(&tree, self.id())),
                Err(error) => {
                    Err(place.refused(&format!("the folder of the backup is not usable: {error}")).caused_by(error))
                }
            },
            None if place.is_automatic() => Ok(self.automatic_folder()),
            None => Ok(BackupFolder::new(&self.manager_tree, self.id())),
        }
    }

    /// Removes what interrupted backups left in the folders that belong to the store.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if a folder cannot be read or written.
    pub fn clear_leftovers(&self) -> Result<()> {
        let uuid = &self.identity.store_uuid;
        self.automatic_folder().clear_leftovers(uuid)?;
        BackupFolder::new(&self.manager_tree, self.id()).clear_leftovers(uuid)
    }
}

/// Tells a copy that nobody wants it any more.
#[derive(Default)]
pub struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    fn stopped(&self) -> MutexGuard<'_, bool> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the copy. What is not published when this returns never will be.
    pub fn stop(&self) {
        *self.stopped() = true;
        self.changed.notify_all();
    }

    fn check(&self) -> Result<()> {
        if *self.stopped() { Err(Error::closed()) } else { Ok(()) }
    }

    /// Waits, unless the copy is ended meanwhile.
    fn rest(&self, time: Duration) -> Result<()> {
        let stopped = self.stopped();
        let waited = self.changed.wait_timeout_while(stopped, time, |stopped| !*stopped);
        let stopped = waited.map_or_else(|error| *error.into_inner().0, |(stopped, _)| *stopped);
        if stopped { Err(Error::closed()) } else { Ok(()) }
    }

    /// Does what must not happen after `stop` has returned.
    fn unless_stopped(&self, act: impl FnOnce() -> Result<()>) -> Result<()> {
        let stopped = self.stopped();
        if *stopped { Err(Error::closed()) } else { act() }
    }
}

/// A backup to make.
pub struct Making {
    pub source: Arc<Source>,
    pub place: BackupPlace,
    // Declared before the pin: the snapshot goes first.
    pub snapshot: Arc<Snapshot>,
    pub pin: Pin,
    pub stop: Arc<Stop>,
}

/// What the thread is asked to do.
pub enum BackupJob {
    /// A backup that a caller asked for.
    Make(Box<Making>, Ticket),
    /// The automatic backup.
    Automatic(Box<Making>),
    /// Backups to delete; `one` if the caller is only told of a failure.
    Delete { source: Arc<Source>, places: Vec<BackupPlace>, one: bool, ticket: Ticket },
}

/// The jobs of one store.
pub struct Backups {
    asked: Lane<BackupJob>,
    automatic: Lane<BackupJob>,
    waiting: Mutex<Waiting>,
    done: Condvar,
}

/// Jobs that are queued or run.
#[derive(Default)]
struct Waiting {
    asked: usize,
    automatic: usize,
}

impl Backups {
    pub fn new() -> Self {
        Self { asked: Lane::new(), automatic: Lane::new(), waiting: Mutex::default(), done: Condvar::new() }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a job; starts the thread if it does not run.
    pub fn push(self: &Arc<Self>, job: BackupJob) {
        let automatic = matches!(job, BackupJob::Automatic(_));
        *self.waiting().of(automatic) += 1;
        if !self.lane(automatic).push(job) {
            return;
        }
        let consumer = Arc::clone(self);
        if let Err(error) = threads::spawn("dkv-backup", move || consumer.run(automatic)) {
            for job in self.lane(automatic).give_up() {
                let _counted = Counted { backups: self, automatic };
                refuse(job, &error);
            }
        }
    }

    /// True if nothing is queued and nothing runs.
    pub fn is_idle(&self) -> bool {
        let waiting = self.waiting();
        waiting.asked == 0 && waiting.automatic == 0
    }

    /// Waits until what callers asked for is done.
    pub fn finish_asked(&self) {
        let waiting = self.waiting();
        drop(self.done.wait_while(waiting, |waiting| waiting.asked > 0));
    }

    /// Waits until nothing runs any more.
    pub fn finish_all(&self) {
        let waiting = self.waiting();
        drop(self.done.wait_while(waiting, |waiting| waiting.asked > 0 || waiting.automatic > 0));
    }

    fn lane(&self, automatic: bool) -> &Lane<BackupJob> {
        if automatic { &self.automatic } else { &self.asked }
    }

    /// Waits until the automatic backup, which was told to end, has ended.
    fn finish_automatic(&self) {
        let waiting = self.waiting();
        drop(self.done.wait_while(waiting, |waiting| waiting.automatic > 0));
    }

    fn run(&self, automatic: bool) {
        loop {
            match self.lane(automatic).next(None) {
                Next::Items(jobs) => jobs.into_iter().for_each(|job| {
                    let _counted = Counted { backups: self, automatic };
                    if matches!(job, BackupJob::Make(..)) {
                        self.finish_automatic();
                    }
                    if catch_unwind(AssertUnwindSafe(|| handle(job))).is_err() {
                        log::error!("the backup of a store panicked; its caller was told");
                    }
                }),
                Next::Deadline => {}
                Next::Retired => return,
            }
        }
    }
}

impl Waiting {
    fn of(&mut self, automatic: bool) -> &mut usize {
        if automatic { &mut self.automatic } else { &mut self.asked }
    }
}

/// Counts a job as done when it is dropped, also by a panic.
struct Counted<'a> {
    backups: &'a Backups,
    automatic: bool,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        *self.backups.waiting().of(self.automatic) -= 1;
        self.backups.done.notify_all();
    }
}

fn refuse(job: BackupJob, error: &Error) {
    match job {
        BackupJob::Make(_, ticket) | BackupJob::Delete { ticket, .. } => ticket.answer(Err(error.clone())),
        BackupJob::Automatic(_) => log::warn!("no automatic backup was made: {error}"),
    }
}

fn handle(job: BackupJob) {
    match job {
        BackupJob::Make(making, ticket) => {
            let stop = Arc::clone(&making.stop);
            let made = make(*making, &mut |_| stop.check());
            ticket.answer(made.map(|()| Outcome::Done));
        }
        BackupJob::Automatic(making) => {
            let mut gentle = Gentle::new(Arc::clone(&making.stop));
            match make(*making, &mut |bytes| gentle.pace(bytes)) {
                Ok(()) => log::debug!("an automatic backup was made"),
                // The store was closed, or needed for something else.
                Err(error) if error.kind() == ErrorKind::Closed => {}
                Err(error) => log::warn!("no automatic backup was made: {error}"),
            }
        }
        BackupJob::Delete { source, places, one, ticket } => {
            let outcome = if one { delete_one(&source, &places) } else { delete(&source, places) };
            ticket.answer(outcome);
        }
    }
}

/// Keeps a copy from taking more than half of the disk's time.
struct Gentle {
    stop: Arc<Stop>,
    bytes: usize,
    since: Instant,
}

impl Gentle {
    fn new(stop: Arc<Stop>) -> Self {
        Self { stop, bytes: 0, since: Instant::now() }
    }

    fn pace(&mut self, bytes: usize) -> Result<()> {
        self.bytes += bytes;
        if self.bytes < AUTO_BACKUP_STRETCH_BYTES {
            return self.stop.check();
        }
        self.stop.rest(self.since.elapsed())?;
        self.bytes = 0;
        self.since = Instant::now();
        Ok(())
    }
}

/// Makes a backup under a temporary name, verifies it, and gives it its name. The one that had the name before stays
/// until then, whatever fails.
fn make(making: Making, pace: storage::Pace<'_>) -> Result<()> {
    // The pin stands before the snapshot, and so outlives it, whichever way this ends.
    let Making { source, place, pin, snapshot, stop } = making;
    let folder = source.folder_of(&place)?;
    check_room(&folder, &place, &source)?;
    check_not_foreign(&folder, place.name(), &source)?;
    let file = folder.replace(place.name(), &source.identity.store_uuid)?;
    let identity = Identity { file_id: random()?, ..source.identity.clone() };
    let store_folder = source.folder().path().to_string_lossy().into_owned();
    let row = storage::make_backup(&snapshot, &file, identity, &source.keys, (now_ms(), &store_folder), pace)?;
    drop(snapshot);
    drop(pin);
    let verified = file.to_read().and_then(|file| Backup::open(file, &source.keys)).and_then(|backup| {
        backup.verify(pace)?;
        if backup.row == row { Ok(()) } else { Err(Error::corrupted("the file was changed while it was made")) }
    });
    verified.map_err(|error| match error.kind() {
        // The store is whole; it is the copy that the disk did not keep.
        ErrorKind::Corrupted => Error::new(
            ErrorKind::Database,
            format!(
                "The backup was written, but what is read back differs ({error}). It was dropped; the old one stays."
            ),
        )
        .caused_by(error),
        _ => error,
    })?;
    file.sync()?;
    let parent = file.folder().clone();
    stop.unless_stopped(|| file.publish())?;
    parent.sync()
}

/// Refuses one backup too many (`store.md` 8.2.4, 8.2.7).
fn check_room(folder: &BackupFolder, place: &BackupPlace, source: &Source) -> Result<()> {
    let names = folder.names()?;
    if names.iter().any(|name| name == place.name()) {
        return Ok(());
    }
    let has_automatic = names.iter().any(|name| name == AUTOMATIC_BACKUP);
    let others = names.len() - usize::from(has_automatic);
    let reserved = usize::from(!place.is_automatic() && (source.backup || has_automatic));
    let limit = BACKUPS_MAX - reserved;
    if others < limit {
        return Ok(());
    }
    let reason = if reserved > 0 { ", one more is kept for the automatic backup" } else { "" };
    Err(Error::new(
        ErrorKind::General,
        format!(
            "The store has {others} backups, the limit is {limit}{reason}. Delete one, or overwrite one by its name."
        ),
    ))
}

/// Refuses a name that holds the backup of another store which still exists: two stores of one id, one of them with a
/// folder of its own, share the manager's folder of backups.
fn check_not_foreign(folder: &BackupFolder, name: &str, source: &Source) -> Result<()> {
    let Some(file) = folder.open(name)? else { return Ok(()) };
    let uuid = match StoreBackend::identify(file) {
        Ok(superblock) => superblock.identity.store_uuid,
        // Nobody can restore it any more.
        Err(error) if error.kind() == ErrorKind::Corrupted => return Ok(()),
        Err(error) => return Err(error),
    };
    if uuid == source.identity.store_uuid {
        return Ok(());
    }
    let lives = |store: &Folder| {
        let identified = StoreFile::open_to_read(store).and_then(StoreBackend::identify);
        identified.is_ok_and(|superblock| superblock.identity.store_uuid == uuid)
    };
    let backup = folder.open(name)?.map(|file| Backup::open(file, &source.keys)).and_then(Result::ok);
    let recorded = backup.map(|backup| backup.row.folder);
    if lives(&folder.tree().store(source.id())) || recorded.is_some_and(|store| lives(&source.tree.folder_at(store))) {
        return Err(Error::new(
            ErrorKind::General,
            "The name holds a backup of another store that still exists. Choose another name.",
        ));
    }
    Ok(())
}

/// Deletes backups and tells of each (`store.md` 8.4): sorted by name, each name once.
fn delete(source: &Source, places: Vec<BackupPlace>) -> Result<Outcome> {
    let places: BTreeMap<String, BackupPlace> =
        places.into_iter().map(|place| (place.name().to_owned(), place)).collect();
    let deletions = places.into_iter().map(|(name, place)| {
        let result = delete_place(source, &place).unwrap_or_else(|error| {
            log::warn!("a backup was not deleted: {error}");
            DeletionResult::Failed
        });
        BackupDeletion::new(name, result)
    });
    Ok(Outcome::BackupDeletions(deletions.collect()))
}

/// Deletes one backup; one that is not there is no failure (`store.md` 8.5.3).
fn delete_one(source: &Source, places: &[BackupPlace]) -> Result<Outcome> {
    for place in places {
        delete_place(source, place).map_err(|error| match error.kind() {
            ErrorKind::CannotOpen => Error::new(ErrorKind::General, format!("The backup was not deleted. {error}")),
            _ => error,
        })?;
    }
    Ok(Outcome::Done)
}

fn delete_place(source: &Source, place: &BackupPlace) -> Result<DeletionResult> {
    let folder = source.folder_of(place)?;
    if place.name().is_empty() || folder.open(place.name())?.is_none() {
        return Ok(DeletionResult::NotFound);
    }
    if place.is_automatic() {
        return Ok(DeletionResult::Reserved);
    }
    check_not_foreign(&folder, place.name(), source)?;
    Ok(if folder.remove(place.name())? { DeletionResult::Deleted } else { DeletionResult::NotFound })
}

/// Milliseconds since 1970 by the wall clock.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
