//! Opening, checking and deleting a store, on the thread of its slot.

use std::sync::Arc;

use super::automatic::Rhythm;
use super::backups::Source;
use super::base::{Base, Known, Opened};
use super::healing;
use super::hold::Hold;
use super::promise::Promise;
use super::random;
use super::readers;
use super::recovering;
use super::registry::{OpenPlace, StoreKey};
use super::schemas;
use super::session::{Facts, Session};
use super::slot::Slot;
use super::writer::Writer;
use crate::disk::{
    self, BackupFolder, Folder, Health, Identity, Keyring, RootKey, StoreBackend, StoreFile, StoreLock, Tree,
};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{AUTOMATIC_BACKUP, AppId, Options, SecurityLevel, StoreId, StoreKind};
use crate::schema::Schema;
use crate::storage::{Database, RecordedOptions, Tuning};

/// A store to open.
pub struct OpenJob {
    pub app_id: AppId,
    /// The manager's folder, which names the device. The store's own may be another.
    pub manager_tree: Tree,
    pub options: Options,
    /// Where the key of an encrypted store comes from.
    pub root_key: RootKey,
    pub open_stores_max: u32,
    pub promise: Promise<Hold>,
}

impl OpenJob {
    pub(super) fn keys(&self) -> Keyring {
        Keyring::new(self.manager_tree.clone(), self.root_key.clone())
    }
}

/// What a superblock says, in the terms of the rooms above the disk.
struct Recorded {
    identity: Identity,
    kind: StoreKind,
    security_level: SecurityLevel,
}

impl Recorded {
    fn of(identity: Identity) -> Result<Self> {
        let damaged = |_| Error::corrupted("the superblock holds a number that no release wrote");
        Ok(Self {
            kind: StoreKind::from_code(i32::from(identity.kind)).map_err(damaged)?,
            security_level: SecurityLevel::from_code(i32::from(identity.security_level)).map_err(damaged)?,
            identity,
        })
    }
}

/// Another handle on a session that is open (`store.md` 2.4).
///
/// # Errors
///
/// `OptionsChanged` or `SchemaMismatch` if the options contradict the open store's; `Closed` if its last handle is gone.
pub fn join(writer: &Writer, job: &OpenJob) -> Result<Hold> {
    check_joined(&writer.base.known, job)?;
    schemas::check_joined(&writer.session.facts.rules, &job.options)?;
    writer.session.hold()
}

/// A new session on a file that result sets have kept open.
///
/// # Errors
///
/// `OptionsChanged` or `SchemaMismatch` if the options contradict the open store's; `Database` if the system gives no
/// thread. The file stays open for the result sets then.
pub fn rejoin(
    slot: &Arc<Slot>,
    mut base: Box<Base>,
    job: &OpenJob,
) -> std::result::Result<(Writer, Hold), (Box<Base>, Error)> {
    let joined = check_joined(&base.known, job)
        .and_then(|()| heal_deserted(&mut base))
        .and_then(|()| schemas::adopt_shared(&mut base, &job.options));
    match joined {
        Ok(()) => start(slot, base.reopened(&job.options), job),
        Err(error) => Err((base, error)),
    }
}

/// Opens a file again whose database has failed while no session saw to it. What is known of its schema may be wrong
/// then: an upgrade that failed may be in it.
fn heal_deserted(base: &mut Base) -> Result<()> {
    if base.published.health().has_failed() {
        base.durable_commit = healing::heal(base)?;
    }
    Ok(())
}

fn check_joined(known: &Known, job: &OpenJob) -> Result<()> {
    job.app_id.check_for_open()?;
    job.options.check()?;
    let encrypted = known.source.identity.encrypted;
    check_options(known.app_id.as_str(), known.kind, encrypted, known.security_level, job)
}

/// Opens the store, creating it if it may.
///
/// # Errors
///
/// As `store.md` 2 and the decisions on errors say.
pub fn open(slot: &Arc<Slot>, job: &OpenJob) -> Result<(Writer, Hold)> {
    job.app_id.check_for_open()?;
    job.options.check()?;
    let schema = schemas::asked(&job.options)?;
    let folder = slot.key.tree.store(slot.key.store_id.as_str());
    let exists = store_exists(&slot.key, &folder)?;
    if exists {
        match identify(&folder).and_then(|recorded| check_recorded(&slot.key, &recorded, job)) {
            // Looked at again with the lock.
            Err(error) if job.options.recover && error.kind() == ErrorKind::Corrupted => {}
            checked => checked?,
        }
    } else if !job.options.create_if_missing {
        return Err(Error::invalid_argument(format!(
            "Parameter error: the store {} does not exist, and createIfMissing is false.",
            slot.key.store_id.as_str()
        )));
    }
    let place = OpenPlace::take(&job.app_id, job.open_stores_max)?;
    let lock = lock_store(&slot.key.tree, &folder, job)?;
    // Only now is it certain: another process may have made or removed the store.
    let created = !StoreFile::exists(&folder)?;
    let opened = if created { create(&folder, &slot.key.store_id, job) } else { Ok(()) };
    match opened.and_then(|()| open_or_recover(&slot.key, &folder, job, schema)) {
        Ok((known, opened)) => {
            if let Err(error) = StoreFile::clear_leftovers(&folder).and_then(|()| known.source.clear_leftovers()) {
                log::warn!("what an interrupted backup or restore left behind is still there: {error}");
            }
            let base = Box::new(Base::new(known, opened, lock, place));
            start(slot, base, job).map_err(|(base, error)| {
                drop(base.close());
                error
            })
        }
        Err(error) => {
            if created && !StoreFile::exists(&folder).unwrap_or(true) {
                // Nothing of a store that could not be made stays behind.
                if let Err(error) = StoreFile::remove(&folder).and_then(|()| lock.remove_folder()) {
                    log::warn!("the folder of a store that could not be made was kept: {error}");
                }
            }
            Err(error)
        }
    }
}

/// Makes a session of an open file.
fn start(slot: &Arc<Slot>, base: Box<Base>, job: &OpenJob) -> std::result::Result<(Writer, Hold), (Box<Base>, Error)> {
    let dispatch = Arc::clone(&slot.dispatch);
    if let Err(error) = dispatch.keep() {
        return Err((base, error));
    }
    let known = &base.known;
    let facts = Facts {
        app_id: known.app_id.clone(),
        kind: known.kind,
        security_level: known.security_level,
        durability: job.options.durability,
        rules: schemas::rules(known.schema.as_ref(), &job.options),
        device_id: match known.kind {
            StoreKind::SingleVersion => String::new(),
            StoreKind::DeviceCollaboration => known.own_device.clone(),
        },
        recovery: known.recovery.clone(),
    };
    let source = Arc::clone(&known.source);
    let session = Session::new(facts, source, Arc::clone(slot), Arc::clone(&base.published), dispatch);
    match session.hold() {
        Ok(hold) => {
            readers::session_opened();
            Ok((Writer::new(session, base, Rhythm::of(&job.options)), hold))
        }
        Err(error) => {
            slot.dispatch.release();
            Err((base, error))
        }
    }
}

/// Opens the file; one that is damaged is recovered once, if the caller asked for that.
fn open_or_recover(key: &StoreKey, folder: &Folder, job: &OpenJob, schema: Option<Schema>) -> Result<(Known, Opened)> {
    match open_file(key, folder, job, schema.clone()) {
        Err(damage) if job.options.recover && damage.kind() == ErrorKind::Corrupted => {
            let recovery = recovering::recover(key, folder, job, &damage)?;
            let (known, opened) = open_file(key, folder, job, schema)?;
            Ok((Known { recovery: Some(Arc::new(recovery)), ..known }, opened))
        }
        opened => opened,
    }
}

fn open_file(key: &StoreKey, folder: &Folder, job: &OpenJob, schema: Option<Schema>) -> Result<(Known, Opened)> {
    // Before the key is looked for: whoever asks for a plain store is told so, and not that a key is missing.
    check_recorded(key, &identify(folder)?, job)?;
    let keys = job.keys();
    let health = Arc::new(Health::default());
    let file = health.watch(StoreFile::open(folder)?).map_err(|error| {
        Error::new(ErrorKind::CannotOpen, format!("The store's file cannot be used: {error}.")).caused_by(error)
    })?;
    let (backend, mut head) = StoreBackend::open(file, &keys)?;
    let mut recorded = Recorded::of(head.superblock().identity.clone())?;
    let tuning = Tuning { cache_bytes: job.options.cache_bytes, fast_recovery: job.options.fast_recovery };
    let (mut database, mut stamps) = Database::open(backend, tuning, &health)?;
    if job.options.recover {
        // Damage of an entry would show only when it is read, and the store would never be recovered.
        head.refuse_damaged_blocks();
        database.check_deep()?;
    }
    // Nothing is written before the file is known to open.
    head.release()?;
    // First, because it may refuse the opening, and then nothing of the store is other than before.
    let schema = schemas::adopt(&mut database, &mut stamps, schema)?;
    if job.options.security_level > recorded.security_level {
        head.raise_security_level(job.options.security_level as u8)?;
        recorded.security_level = job.options.security_level;
    }
    database.record(RecordedOptions::of(&job.options))?;
    let source = Source {
        tree: key.tree.clone(),
        manager_tree: job.manager_tree.clone(),
        identity: head.superblock().identity.clone(),
        keys,
        backup: job.options.backup,
    };
    let known = Known {
        app_id: job.app_id.clone(),
        kind: recorded.kind,
        security_level: recorded.security_level,
        own_device: database.own_device().to_owned(),
        source: Arc::new(source),
        schema,
        tuning,
        recovery: None,
    };
    Ok((known, Opened { database, stamps, traffic: Arc::clone(head.traffic()), health }))
}

fn create(folder: &Folder, store_id: &StoreId, job: &OpenJob) -> Result<()> {
    let device = disk::load_or_create_device_id(&job.manager_tree)?;
    let identity = Identity {
        store_uuid: random()?,
        file_id: random()?,
        bundle_name: job.app_id.as_str().to_owned(),
        store_id: store_id.as_str().to_owned(),
        kind: job.options.kind as u8,
        encrypted: job.options.encrypt,
        security_level: job.options.security_level as u8,
    };
    Database::create(folder, identity, &job.keys(), RecordedOptions::of(&job.options), &device)
}

/// Makes the folders and takes the store's lock.
fn lock_store(tree: &Tree, folder: &Folder, job: &OpenJob) -> Result<StoreLock> {
    tree.stores().ensure().map_err(|error| match &job.options.root_dir {
        // A root folder that cannot be used is a wrong argument (`store.md` 2.3.8).
        Some(_) => Error::invalid_argument(format!("Parameter error: the rootDir cannot be used. {error}")),
        None => error,
    })?;
    folder.ensure()?;
    let lock = StoreLock::acquire(folder)?;
    // Whoever published the file in it may have been killed before that was durable. What is written to the file from
    // now on must not vanish with its name.
    folder.sync()?;
    Ok(lock)
}

fn store_exists(key: &StoreKey, folder: &Folder) -> Result<bool> {
    Ok(key.tree.stores().exists()? && folder.exists()? && StoreFile::exists(folder)?)
}

fn identify(folder: &Folder) -> Result<Recorded> {
    let superblock = StoreBackend::identify(StoreFile::open_to_read(folder)?)?;
    Recorded::of(superblock.identity)
}

fn check_recorded(key: &StoreKey, recorded: &Recorded, job: &OpenJob) -> Result<()> {
    let identity = &recorded.identity;
    if identity.store_id != key.store_id.as_str() {
        return Err(Error::new(
            ErrorKind::CannotOpen,
            format!("The folder of the store {} holds the store {}.", key.store_id.as_str(), identity.store_id),
        ));
    }
    check_options(&identity.bundle_name, recorded.kind, identity.encrypted, recorded.security_level, job)
}

/// The table of `store.md` 2.4: what may not differ from what is recorded.
fn check_options(
    bundle_name: &str,
    kind: StoreKind,
    encrypted: bool,
    level: SecurityLevel,
    job: &OpenJob,
) -> Result<()> {
    let options = &job.options;
    let changed = if bundle_name != job.app_id.as_str() {
        format!("it belongs to {bundle_name}, not to {}", job.app_id.as_str())
    } else if kind != options.kind {
        format!("it is a {} store, not a {} store", kind.name(), options.kind.name())
    } else if encrypted != options.encrypt {
        format!("it was created with encrypt {encrypted}, not {}", options.encrypt)
    } else if options.security_level < level {
        format!("its security level is {}, it cannot be lowered to {}", level.code(), options.security_level.code())
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::OptionsChanged, format!("Open existed database with changed options: {changed}.")))
}

/// Refuses the deletion of a store that does not exist, or is another application's (`store.md` 3.12, 3.17).
///
/// # Errors
///
/// `NotFound`, or `CannotOpen` if the store cannot be looked at.
pub fn check_owner(key: &StoreKey, app_id: &AppId) -> Result<()> {
    let store_id = key.store_id.as_str();
    let folder = key.tree.store(store_id);
    if !store_exists(key, &folder)? {
        return Err(Error::new(ErrorKind::NotFound, format!("Not found. There is no store {store_id}.")));
    }
    match identify(&folder) {
        Ok(recorded) if recorded.identity.bundle_name != app_id.as_str() => Err(Error::new(
            ErrorKind::NotFound,
            format!(
                "Not found. The store {store_id} belongs to {}, not to {}.",
                recorded.identity.bundle_name,
                app_id.as_str()
            ),
        )),
        // Whoever deletes a damaged store wants it gone.
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::Corrupted => Ok(()),
        Err(error) => Err(error),
    }
}

/// Removes a closed store.
///
/// # Errors
///
/// `CannotOpen` if another process has it open, or its files cannot be removed.
pub fn delete(key: &StoreKey) -> Result<()> {
    let folder = key.tree.store(key.store_id.as_str());
    let lock = StoreLock::acquire(&folder)?;
    // First, so that whatever ends this half way leaves a store and not a backup of none.
    remove_automatic_backup(key, &folder)?;
    StoreFile::remove(&folder)?;
    lock.remove_folder()
}

/// Removes what a store's backups are without the ones that the user named (`store.md` 3.15).
fn remove_automatic_backup(key: &StoreKey, folder: &Folder) -> Result<()> {
    let backups = BackupFolder::new(&key.tree, key.store_id.as_str());
    backups.remove(AUTOMATIC_BACKUP)?;
    if let Ok(recorded) = identify(folder) {
        backups.clear_leftovers(&recorded.identity.store_uuid)?;
    }
    backups.remove_if_empty();
    Ok(())
}
