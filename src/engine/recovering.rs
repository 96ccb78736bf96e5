//! Recovering a damaged store while it is opened, where the caller asked for it.
//!
//! The file that takes the damaged one's place is made beside it, whole and verified: of the newest backup that can be
//! read and that was made from this very store, else of what can still be read. Until the last rename the damaged file
//! has its place; before it loses that, it has a second name.

use std::time::{SystemTime, UNIX_EPOCH};

use super::opening::OpenJob;
use super::random;
use super::registry::StoreKey;
use crate::disk::{self, BackupFolder, Folder, Identity, Keyring, Replacement, StoreBackend, StoreFile, Superblock};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{AUTOMATIC_BACKUP, Recovery, RecoverySource};
use crate::storage::{self, Backup, Fallback, RecordedOptions, Wreck};

/// Puts another file in the place of a damaged one. The caller holds the store's lock and has closed the file; `damage`
/// is what the opening failed with.
///
/// # Errors
///
/// `Corrupted` if the key does not fit, or nothing is left to recover from; `CannotOpen` or `Database` if the disk fails.
/// The store is as it was then, unless the message says otherwise.
pub fn recover(key: &StoreKey, folder: &Folder, job: &OpenJob, damage: &Error) -> Result<Recovery> {
    let keys = job.keys();
    let superblock = readable_superblock(folder, &keys)?;
    StoreFile::check_room_aside(folder)?;
    log::error!("a store is damaged and will be recovered: {damage}");
    let scene = Scene { key, folder, job, keys: &keys, wreck: None, superblock, now_ms: now_ms() };
    let scene = Scene { wreck: scene.look_at_wreck()?, ..scene };
    let (replacement, source) = match scene.restore()? {
        Some(found) => found,
        None => scene.salvage(damage)?,
    };
    // With it the damaged file is closed: not every Windows gives a file's name to another one while it is open.
    drop(scene);
    replacement.sync()?;
    let damaged_file = StoreFile::keep_aside(folder)?;
    replacement.publish()?;
    folder.sync()?;
    log::warn!("a damaged store was recovered, its file is kept as {damaged_file}: {source:?}");
    Ok(Recovery { source, damaged_file, damage: damage.message().to_owned() })
}

/// The superblock, if a copy of it is whole. A key that does not fit ends the recovery: the file may be whole.
fn readable_superblock(folder: &Folder, keys: &Keyring) -> Result<Option<Superblock>> {
    match StoreBackend::identify(StoreFile::open_to_read(folder)?) {
        Ok(superblock) => {
            if superblock.identity.encrypted {
                keys.unwrap(&superblock)?;
            }
            Ok(Some(superblock))
        }
        Err(error) if error.kind() == ErrorKind::Corrupted => Ok(None),
        Err(error) => Err(error),
    }
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as u64)
}

/// What there is to recover from.
struct Scene<'a> {
    key: &'a StoreKey,
    folder: &'a Folder,
    job: &'a OpenJob,
    keys: &'a Keyring,
    wreck: Option<Wreck>,
    superblock: Option<Superblock>,
    now_ms: u64,
}

impl Scene<'_> {
    /// Opens the damaged file as far as it goes.
    fn look_at_wreck(&self) -> Result<Option<Wreck>> {
        if self.superblock.is_none() {
            return Ok(None);
        }
        match Wreck::open(StoreFile::open_to_read(self.folder)?, self.keys) {
            Ok(wreck) => Ok(Some(wreck)),
            Err(error) if error.kind() == ErrorKind::Corrupted => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A file made of the newest backup that verifies.
    fn restore(&self) -> Result<Option<(Replacement, RecoverySource)>> {
        let mut backups = self.backups()?;
        backups.sort_by_key(|(_, backup)| std::cmp::Reverse((backup.row.commit, backup.row.time_ms)));
        for (name, backup) in backups {
            let replacement = StoreFile::replace(self.folder)?;
            // Without a superblock, the backup knows what the store was.
            let origin = self.superblock.as_ref().map_or(&backup.identity, |superblock| &superblock.identity);
            let identity = Identity { file_id: random()?, ..origin.clone() };
            let wreck = self.wreck.as_ref();
            match storage::recover_from_backup(&backup, &replacement, identity, self.keys, wreck, self.now_ms) {
                Ok(()) => {
                    let source = RecoverySource::Backup { name, time_ms: backup.row.time_ms };
                    return Ok(Some((replacement, source)));
                }
                Err(error) if matches!(error.kind(), ErrorKind::Corrupted | ErrorKind::General) => {
                    log::warn!("the backup {name} cannot be used to recover the store: {error}");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// The backups that were made from this very store, with their names.
    fn backups(&self) -> Result<Vec<(String, Backup)>> {
        let id = self.key.store_id.as_str();
        let named = BackupFolder::new(&self.job.manager_tree, id);
        let automatic = BackupFolder::new(&self.key.tree, id);
        let mut places: Vec<_> = named.names()?.into_iter().map(|name| (&named, name)).collect();
        places.retain(|(_, name)| name != AUTOMATIC_BACKUP);
        places.push((&automatic, AUTOMATIC_BACKUP.to_owned()));
        let uuids = match &self.superblock {
            Some(superblock) => vec![superblock.identity.store_uuid],
            None => StoreFile::possible_uuids(self.folder)?,
        };
        let (mut proven, mut supposed) = (Vec::new(), Vec::new());
        for (folder, name) in places {
            let Some(file) = folder.open(&name)? else { continue };
            match Backup::open(file, self.keys) {
                Ok(backup) if !self.has_identity_of(&backup) => {}
                Ok(backup) if uuids.contains(&backup.identity.store_uuid) => proven.push((name, backup)),
                // It is removed with its store: one that is there was made from what is there.
                Ok(backup) if name == AUTOMATIC_BACKUP => supposed.push((name, backup)),
                Ok(_) => log::info!("the backup {name} is another store's, it is not used"),
                Err(error) if error.kind() == ErrorKind::Corrupted => {
                    log::warn!("the backup {name} cannot be used to recover the store: {error}");
                }
                // A disk that fails now is no reason to take an older one.
                Err(error) => return Err(not_now(&name, error)),
            }
        }
        // 16 random bytes in a superblock that is not whole are proof enough. Only where nothing is left of them the
        // automatic backup has to do.
        let lost = self.superblock.is_none() && proven.is_empty();
        Ok(if lost { supposed } else { proven })
    }

    /// True if the backup was made from a store of the same name and form.
    fn has_identity_of(&self, backup: &Backup) -> bool {
        let (found, options) = (&backup.identity, &self.job.options);
        found.store_id == self.key.store_id.as_str()
            && found.bundle_name == self.job.app_id.as_str()
            && i32::from(found.kind) == options.kind.code()
            && found.encrypted == options.encrypt
    }

    /// A file made of what can still be read.
    fn salvage(&self, damage: &Error) -> Result<(Replacement, RecoverySource)> {
        let (Some(wreck), Some(superblock)) = (&self.wreck, &self.superblock) else {
            return Err(nothing_left("its head cannot be read, without which its entries cannot be found", damage));
        };
        let replacement = StoreFile::replace(self.folder)?;
        let identity = Identity { file_id: random()?, ..superblock.identity.clone() };
        let device = disk::load_or_create_device_id(&self.job.manager_tree)?;
        let options = RecordedOptions::of(&self.job.options);
        let fallback = Fallback { options, device: &device, now_ms: self.now_ms };
        let salvaged = wreck.salvage(&replacement, identity, self.keys, &fallback).map_err(|error| {
            if error.kind() == ErrorKind::Corrupted { nothing_left(error.message(), damage) } else { error }
        })?;
        let source = RecoverySource::Salvage {
            kept_entries: salvaged.kept,
            lost_entries: salvaged.lost,
            damaged_regions: salvaged.damaged_pages,
        };
        Ok((replacement, source))
    }
}

fn not_now(name: &str, error: Error) -> Error {
    let message = format!(
        "The store is damaged and was not recovered: its backup {name} cannot be opened now. {error} Nothing was changed."
    );
    Error::new(error.kind(), message).caused_by(error)
}

fn nothing_left(why: &str, damage: &Error) -> Error {
    Error::new(
        ErrorKind::Corrupted,
        format!(
            "The store could not be recovered: no backup of it can be used, and {why} The file was left as it is. Put a \
             backup back, or delete the store. {damage}"
        ),
    )
    .caused_by(damage.clone())
}
