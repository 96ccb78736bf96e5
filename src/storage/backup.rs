//! Backups: a store's rows in a file of its own, with what proves that the file is whole.
//!
//! A backup has the form of a store's file, so that one format serves both, and one more row of its meta table, which
//! says what it was made from and what its rows add up to. docs/FORMAT.md draws it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use redb::{ReadableDatabase, ReadableTable};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::copy::{Pace, Tally, commit, copy_rows, put, tally};
use super::fault::IntoError;
use super::index::INDEXING;
use super::meta::{STATE, SYNCHRONISED, State};
use super::origin;
use super::read::Snapshot;
use super::salvage::Wreck;
use super::tables::{BLOBS, DATA, META, ORIGINS};
use super::write::Stamps;
use crate::disk::{Identity, Keyring, RawFile, Replacement, StoreBackend};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::COPY_CACHE_BYTES;

/// Name of the row that only backups have.
const BACKUP: &str = "backup";
const BACKUP_FORMAT: u8 = 1;
/// Bytes of the row before the folder: format, rows, two digests, commit, time, length of the folder.
const ROW_HEAD_BYTES: usize = 1 + 8 + 16 + 16 + 8 + 8 + 2;

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupRow {
    tally: Tally,
    /// Digest of the other tables, this row left out.
    rest: u128,
    /// Number of the store's last commit that is in it.
    pub commit: u64,
    /// When it was made, in milliseconds since 1970.
    pub time_ms: u64,
    /// The folder of the store that it was made from.
    pub folder: String,
}

impl BackupRow {
    fn encode(&self) -> Vec<u8> {
        let folder = &self.folder.as_bytes()[..self.folder.len().min(usize::from(u16::MAX))];
        let mut row = vec![BACKUP_FORMAT];
        row.extend_from_slice(&self.tally.rows.to_be_bytes());
        row.extend_from_slice(&self.tally.digest.to_be_bytes());
        row.extend_from_slice(&self.rest.to_be_bytes());
        row.extend_from_slice(&self.commit.to_be_bytes());
        row.extend_from_slice(&self.time_ms.to_be_bytes());
        row.extend_from_slice(&(folder.len() as u16).to_be_bytes());
        row.extend_from_slice(folder);
        let checksum = xxh3_64(&row);
        row.extend_from_slice(&checksum.to_be_bytes());
        row
    }

    fn decode(row: &[u8]) -> Option<Self> {
        let (body, checksum) = row.split_last_chunk::<8>()?;
        if xxh3_64(body).to_be_bytes() != *checksum || body.len() < ROW_HEAD_BYTES || body[0] != BACKUP_FORMAT {
            return None;
        }
        let number = |at: usize| u64::from_be_bytes(std::array::from_fn(|place| body[at + place]));
        let digest = |at: usize| u128::from_be_bytes(std::array::from_fn(|place| body[at + place]));
        let folder = &body[ROW_HEAD_BYTES..];
        if folder.len() != usize::from(u16::from_be_bytes([body[ROW_HEAD_BYTES - 2], body[ROW_HEAD_BYTES - 1]])) {
            return None;
        }
        Some(Self {
            tally: Tally { rows: number(1), digest: digest(9) },
            rest: digest(25),
            commit: number(41),
            time_ms: number(49),
            folder: String::from_utf8_lossy(folder).into_owned(),
        })
    }
}

/// The small tables of a store: all but its entries.
#[derive(Debug, Clone, Default)]
pub(super) struct Rest {
    pub(super) origins: Vec<(u32, Vec<u8>)>,
    pub(super) meta: Vec<(String, Vec<u8>)>,
}

impl Rest {
    fn read(snapshot: &Snapshot) -> Result<Self> {
        let table = snapshot.transaction.open_table(ORIGINS).map_err(IntoError::into_error)?;
        let mut origins = Vec::new();
        for row in table.iter().map_err(IntoError::into_error)? {
            let (index, origin) = row.map_err(IntoError::into_error)?;
            origins.push((index.value(), origin.value().to_vec()));
        }
        let table = snapshot.transaction.open_table(META).map_err(IntoError::into_error)?;
        let mut meta = Vec::new();
        for row in table.iter().map_err(IntoError::into_error)? {
            let (name, row) = row.map_err(IntoError::into_error)?;
            // Copies have no indexes: they are built anew where a copy is opened.
            if name.value() != BACKUP && name.value() != INDEXING {
                meta.push((name.value().to_owned(), row.value().to_vec()));
            }
        }
        Ok(Self { origins, meta })
    }

    /// Adds the devices that the backup knows and the live store does not: its entries may be theirs. A store that was
    /// made anew knows none but itself; one of the same uuid knows at least those of its backups.
    ///
    /// # Errors
    ///
    /// `General` if an index stands for one device there and for another here.
    fn add_origins(&mut self, backup: &Self) -> Result<()> {
        for (index, origin) in backup.origins.iter().filter(|(index, _)| *index != origin::OWN) {
            match self.origins.iter().find(|(known, _)| known == index) {
                Some((_, known)) if known == origin => {}
                Some(_) => {
                    return Err(Error::new(
                        ErrorKind::General,
                        "The backup has entries of other devices than the store knows. The store keeps its content.",
                    ));
                }
                None => self.origins.push((*index, origin.clone())),
            }
        }
        let synchronised = backup.meta.iter().find(|(name, _)| name == SYNCHRONISED);
        if let Some(row) = synchronised.filter(|_| self.meta.iter().all(|(name, _)| name != SYNCHRONISED)) {
            self.meta.push(row.clone());
        }
        Ok(())
    }

    fn digest(&self) -> u128 {
        let mut hasher = Xxh3::new();
        for (index, origin) in &self.origins {
            hasher.update(&index.to_be_bytes());
            put(&mut hasher, origin);
        }
        for (name, row) in &self.meta {
            put(&mut hasher, name.as_bytes());
            put(&mut hasher, row);
        }
        hasher.digest128()
    }
}

/// Copies what is committed in `snapshot` into an empty file, as a backup. The file is closed, but not yet synced.
///
/// # Errors
///
/// `Corrupted` if the store is damaged, `Database` or `CannotOpen` if the file cannot be written, what `pace` fails with.
pub fn make(
    snapshot: &Snapshot,
    file: &Replacement,
    identity: Identity,
    keys: &Keyring,
    made: (u64, &str),
    pace: Pace<'_>,
) -> Result<BackupRow> {
    guarded(|| {
        let rest = Rest::read(snapshot)?;
        let commit_number = State::read_of(snapshot)?.commit;
        let (time_ms, folder) = made;
        let target = create(file, identity, keys)?;
        let tally = copy_rows(snapshot, &target, pace)?;
        let row = BackupRow { tally, rest: rest.digest(), commit: commit_number, time_ms, folder: folder.to_owned() };
        finish(target, &rest, None, Some(&row))?;
        Ok(row)
    })
}

/// A backup, open for reading.
pub struct Backup {
    snapshot: Snapshot,
    /// What the file is.
    pub identity: Identity,
    /// What it says of itself.
    pub row: BackupRow,
    _redb: redb::ReadOnlyDatabase,
}

impl Backup {
    /// Opens a backup. Only what it says of itself is read and checked; its rows are not.
    ///
    /// # Errors
    ///
    /// `Corrupted` if it is damaged, no backup, or encrypted under another key; `CannotOpen` for a newer format.
    pub fn open(file: RawFile, keys: &Keyring) -> Result<Self> {
        guarded(|| {
            let (backend, head) = StoreBackend::open(file, keys)?;
            let mut builder = redb::Database::builder();
            builder.set_cache_size(COPY_CACHE_BYTES);
            let redb = builder.open_read_only_with_backend(backend).map_err(IntoError::into_error)?;
            let snapshot = Snapshot::new(redb.begin_read().map_err(IntoError::into_error)?)?;
            let row = {
                let meta = snapshot.transaction.open_table(META).map_err(IntoError::into_error)?;
                let row = meta.get(BACKUP).map_err(IntoError::into_error)?;
                row.and_then(|row| BackupRow::decode(row.value()))
            };
            let row = row.ok_or_else(|| Error::corrupted("the file does not say what it is a backup of"))?;
            Ok(Self { snapshot, identity: head.superblock().identity.clone(), row, _redb: redb })
        })
    }

    /// Reads everything and compares it with what the backup says of itself.
    ///
    /// # Errors
    ///
    /// `Corrupted` if anything differs, what `pace` fails with.
    pub fn verify(&self, pace: Pace<'_>) -> Result<()> {
        guarded(|| {
            self.check_rest()?;
            self.check_rows(tally(&self.snapshot, pace)?)
        })
    }

    fn check_rest(&self) -> Result<Rest> {
        let rest = Rest::read(&self.snapshot)?;
        if rest.digest() == self.row.rest {
            return Ok(rest);
        }
        Err(Error::corrupted("the tables beside the entries are not those that were backed up"))
    }

    fn check_rows(&self, found: Tally) -> Result<()> {
        let made = self.row.tally;
        if found.rows != made.rows {
            return Err(Error::corrupted(format_args!("it holds {} entries of {}", found.rows, made.rows)));
        }
        if found != made {
            return Err(Error::corrupted("its entries are not those that were backed up"));
        }
        Ok(())
    }
}

/// Fills an empty file with the entries of a backup and with everything else of the live store: its options, the
/// devices that it knows, and the larger of both clocks and sequences. The file is verified, but not yet synced.
///
/// # Errors
///
/// `Corrupted` if the backup is damaged, `Database` or `CannotOpen` if the file cannot be written.
pub fn restore(
    backup: &Backup,
    file: &Replacement,
    identity: Identity,
    keys: &Keyring,
    live: &Snapshot,
    stamps: &Stamps,
    pace: Pace<'_>,
) -> Result<()> {
    guarded(|| {
        let backed_up = backup.check_rest()?;
        let mut rest = Rest::read(live)?;
        rest.add_origins(&backed_up)?;
        let mut state = stamps.state.larger(State::read_of(&backup.snapshot)?);
        // Another content than that of any commit before.
        state.commit += 1;
        let target = create(file, identity, keys)?;
        // Whatever was damaged is found before the last commit: the rows are counted while they are copied.
        backup.check_rows(copy_rows(&backup.snapshot, &target, pace)?)?;
        finish(target, &rest, Some(state), None)?;
        let (written, _redb) = read_back(file, keys)?;
        backup.check_rows(tally(&written, pace)?)
    })
}

/// Fills an empty file with a backup of a damaged store, which goes on from the larger of both clocks and sequences, and
/// knows the devices of both. Where the store's own cannot be read, a new incarnation begins. The file is verified, but
/// not yet synced.
///
/// # Errors
///
/// `Corrupted` or `General` if the backup is damaged or has other devices, `Database` or `CannotOpen` if the file cannot
/// be written.
pub fn recover(
    backup: &Backup,
    file: &Replacement,
    identity: Identity,
    keys: &Keyring,
    damaged: Option<&Wreck>,
    now_ms: u64,
) -> Result<()> {
    guarded(|| {
        let mut rest = backup.check_rest()?;
        let mut state = State::read_of(&backup.snapshot)?;
        match damaged.and_then(|damaged| damaged.state().map(|live| (damaged, live))) {
            Some((damaged, live)) => {
                rest.add_origins(&damaged.rest)?;
                // It may be in a later incarnation than it was when it was backed up.
                let own = damaged.rest.origins.iter().find(|(index, _)| *index == origin::OWN);
                if let Some((_, own)) = own {
                    rest.origins.retain(|(index, _)| *index != origin::OWN);
                    rest.origins.push((origin::OWN, own.clone()));
                }
                state = state.larger(live);
            }
            None => rest.begin_incarnation(now_ms),
        }
        state.commit += 1;
        let target = create(file, identity, keys)?;
        backup.check_rows(copy_rows(&backup.snapshot, &target, &mut |_| Ok(()))?)?;
        finish(target, &rest, Some(state), None)?;
        let (written, _redb) = read_back(file, keys)?;
        backup.check_rows(tally(&written, &mut |_| Ok(()))?)
    })
}

/// Copies everything that is committed in `snapshot` into an empty file of the same store. The file is verified, but not
/// yet synced.
///
/// # Errors
///
/// `Corrupted` if the store is damaged, `Database` or `CannotOpen` if the file cannot be written.
pub fn rewrite(snapshot: &Snapshot, file: &Replacement, identity: Identity, keys: &Keyring) -> Result<()> {
    guarded(|| {
        let rest = Rest::read(snapshot)?;
        let target = create(file, identity, keys)?;
        let copied = copy_rows(snapshot, &target, &mut |_| Ok(()))?;
        finish(target, &rest, None, None)?;
        let (written, _redb) = read_back(file, keys)?;
        if tally(&written, &mut |_| Ok(()))? == copied && Rest::read(&written)?.digest() == rest.digest() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Database,
            "What was written is not what is read back. It was dropped; the old file stays.",
        ))
    })
}

/// Opens a file that was just filled.
pub(super) fn read_back(file: &Replacement, keys: &Keyring) -> Result<(Snapshot, redb::ReadOnlyDatabase)> {
    let (backend, _head) = StoreBackend::open(file.to_read()?, keys)?;
    let redb = redb::Database::builder()
        .set_cache_size(COPY_CACHE_BYTES)
        .open_read_only_with_backend(backend)
        .map_err(IntoError::into_error)?;
    let snapshot = Snapshot::new(redb.begin_read().map_err(IntoError::into_error)?)?;
    Ok((snapshot, redb))
}

pub(super) fn create(file: &Replacement, identity: Identity, keys: &Keyring) -> Result<redb::Database> {
    let backend = StoreBackend::create(file.to_write()?, identity, keys)?;
    let mut builder = redb::Database::builder();
    builder.set_cache_size(COPY_CACHE_BYTES);
    builder.create_with_backend(backend).map_err(IntoError::into_error)
}

/// Writes the small tables, makes everything durable, and closes the file.
pub(super) fn finish(target: redb::Database, rest: &Rest, state: Option<State>, row: Option<&BackupRow>) -> Result<()> {
    let transaction = target.begin_write().map_err(IntoError::into_error)?;
    {
        transaction.open_table(DATA).map_err(IntoError::into_error)?;
        transaction.open_table(BLOBS).map_err(IntoError::into_error)?;
        let mut origins = transaction.open_table(ORIGINS).map_err(IntoError::into_error)?;
        for (index, origin) in &rest.origins {
            origins.insert(index, origin.as_slice()).map_err(IntoError::into_error)?;
        }
        let mut meta = transaction.open_table(META).map_err(IntoError::into_error)?;
        for (name, bytes) in rest.meta.iter().filter(|(name, _)| state.is_none() || name != STATE) {
            meta.insert(name.as_str(), bytes.as_slice()).map_err(IntoError::into_error)?;
        }
        if let Some(state) = state {
            state.write(&mut meta)?;
        }
        if let Some(row) = row {
            meta.insert(BACKUP, row.encode().as_slice()).map_err(IntoError::into_error)?;
        }
    }
    commit(transaction)?;
    target.close().map_err(IntoError::into_error)
}

/// redb may panic over a file that was damaged after it was closed; here that is damage and nothing else.
fn guarded<R>(work: impl FnOnce() -> Result<R>) -> Result<R> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::corrupted("the file's tree does not hold together")))
}
