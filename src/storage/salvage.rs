//! What can still be read of a damaged store, and a new file that is made of it.
//!
//! A row is kept if its page is whole, its record is one that some release wrote, its blob is complete and its device is
//! known. Nothing is guessed.

use std::collections::{BTreeMap, BTreeSet};

use redb::TableHandle;

use super::backup::{Rest, create, finish, read_back};
use super::blob;
use super::copy::{commit, tally};
use super::fault::{IntoError, guarded};
use super::index::INDEXING;
use super::meta::{OPTIONS, RecordedOptions, SCHEMA, STATE, SYNCHRONISED, State};
use super::origin;
use super::pages::{PagedTable, Pages};
use super::record::{Payload, Record, decode, decode_value};
use super::tables::{BLOBS, DATA, META, ORIGINS};
use crate::disk::{DeviceId, Identity, Keyring, RawFile, Replacement, StoreBackend};
use crate::error::{Error, ErrorKind, Result};
use crate::model::Timestamp;

/// Bytes of a blob's key: its id and the number of the chunk.
const BLOB_KEY_BYTES: usize = 12;

/// How much of a damaged store was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Salvaged {
    /// Entries that the new file has.
    pub kept: u64,
    /// Entries that it has not.
    pub lost: u64,
    /// Pages that were damaged; whatever lay below them is lost too.
    pub damaged_pages: u64,
}

/// What a salvaged store gets where its own rows cannot be read.
pub struct Fallback<'a> {
    /// The options of the opening.
    pub options: RecordedOptions,
    /// This installation.
    pub device: &'a DeviceId,
    /// Now, in milliseconds since 1970.
    pub now_ms: u64,
}

/// A damaged store, open for reading what is left.
pub struct Wreck {
    pages: Pages,
    tables: BTreeMap<String, PagedTable>,
    damaged_pages: u64,
    pub(super) rest: Rest,
}

impl Wreck {
    /// Opens a damaged file as far as it goes. Nothing is written.
    ///
    /// # Errors
    ///
    /// `Corrupted` if nothing of it can be read, `CannotOpen` or `Database` for I/O errors.
    pub fn open(file: RawFile, keys: &Keyring) -> Result<Self> {
        let (backend, head) = StoreBackend::open(file, keys)?;
        head.refuse_damaged_blocks();
        let (pages, tables, damaged_pages) = Pages::open(backend)?;
        let mut wreck = Self { pages, tables, damaged_pages, rest: Rest::default() };
        let mut rest = Rest::default();
        let mut damaged = wreck.walk(ORIGINS.name(), &mut |index, row| {
            if let Ok(index) = index.try_into()
                && origin::device(row).is_ok()
            {
                rest.origins.push((u32::from_le_bytes(index), row.to_vec()));
            }
            Ok(())
        })?;
        damaged += wreck.walk(META.name(), &mut |name, row| {
            // Copies have no indexes: they are built anew where a copy is opened.
            match std::str::from_utf8(name) {
                Ok(name) if name != INDEXING => rest.meta.push((name.to_owned(), row.to_vec())),
                _ => {}
            }
            Ok(())
        })?;
        wreck.damaged_pages += damaged;
        wreck.rest = rest;
        Ok(wreck)
    }

    /// The clock, the sequence and the number of the last commit, if they can be read.
    pub fn state(&self) -> Option<State> {
        State::parse(self.rest.row(STATE)?)
    }

    fn walk(&self, table: &str, visit: super::pages::Visit<'_>) -> Result<u64> {
        match self.tables.get(table) {
            Some(table) => self.pages.walk(table, visit),
            None => Ok(1),
        }
    }

    /// Fills an empty file with what is left. The file is verified, but not yet synced.
    ///
    /// # Errors
    ///
    /// `Corrupted` if no entry is left, `Database` or `CannotOpen` if the disk fails.
    pub fn salvage(
        &self,
        file: &Replacement,
        identity: Identity,
        keys: &Keyring,
        fallback: &Fallback<'_>,
    ) -> Result<Salvaged> {
        guarded(|| {
            let mut rest = self.rest.clone();
            let state = rest.complete(self.state(), fallback);
            let devices: BTreeSet<u64> = rest.origins.iter().map(|(index, _)| u64::from(*index)).collect();
            let target = create(file, identity, keys)?;
            let mut taken = Taken { devices, ..Taken::default() };
            self.take_rows(&target, &mut taken)?;
            let rows = self.tables.get(DATA.name()).map_or(taken.met, |table| table.rows.max(taken.met));
            if taken.kept == 0 && rows > 0 {
                return Err(Error::corrupted("none of its entries can be read"));
            }
            if taken.synchronised && rest.row(SYNCHRONISED).is_none() {
                rest.meta.push((SYNCHRONISED.to_owned(), vec![1]));
            }
            finish(target, &rest, Some(state), None)?;
            let (written, _redb) = read_back(file, keys)?;
            if tally(&written, &mut |_| Ok(()))?.rows != taken.kept {
                return Err(Error::new(
                    ErrorKind::Database,
                    "What was salvaged is not what is read back. It was dropped; the damaged file stays.",
                ));
            }
            let damaged_pages = self.damaged_pages + taken.damaged_pages;
            // A trace of a deleted key is kept, and is no entry.
            Ok(Salvaged { kept: taken.kept - taken.traces, lost: rows - taken.kept, damaged_pages })
        })
    }

    fn take_rows(&self, target: &redb::Database, taken: &mut Taken) -> Result<()> {
        let transaction = target.begin_write().map_err(IntoError::into_error)?;
        {
            let mut blobs = transaction.open_table(BLOBS).map_err(IntoError::into_error)?;
            taken.damaged_pages += self.walk(BLOBS.name(), &mut |key, chunk| {
                let Ok::<[u8; BLOB_KEY_BYTES], _>(key) = key.try_into() else { return Ok(()) };
                blobs.insert(blob_key(&key), chunk).map(drop).map_err(IntoError::into_error)
            })?;
            let mut data = transaction.open_table(DATA).map_err(IntoError::into_error)?;
            taken.damaged_pages += self.walk(DATA.name(), &mut |key, row| {
                taken.met += 1;
                if !taken.wants(row, &blobs)? {
                    return Ok(());
                }
                taken.kept += 1;
                data.insert(key, row).map(drop).map_err(IntoError::into_error)
            })?;
            // Chunks whose entry is lost.
            let known = |(id, _): (u64, u32), _: &[u8]| taken.blobs.contains(&id);
            blobs.retain(known).map_err(IntoError::into_error)?;
        }
        commit(transaction)
    }
}

/// redb writes the numbers of a key with their lowest byte first.
fn blob_key(key: &[u8; BLOB_KEY_BYTES]) -> (u64, u32) {
    let id = u64::from_le_bytes(std::array::from_fn(|at| key[at]));
    (id, u32::from_le_bytes(std::array::from_fn(|at| key[8 + at])))
}

/// What was taken over so far.
#[derive(Default)]
struct Taken {
    devices: BTreeSet<u64>,
    blobs: BTreeSet<u64>,
    met: u64,
    kept: u64,
    /// Traces of deleted keys among what was kept.
    traces: u64,
    damaged_pages: u64,
    /// There are traces of deleted keys, or entries of other devices.
    synchronised: bool,
}

impl Taken {
    fn wants(&mut self, row: &[u8], blobs: &impl redb::ReadableTable<(u64, u32), &'static [u8]>) -> Result<bool> {
        let Ok(record) = decode(row) else { return Ok(false) };
        if !self.devices.contains(&record.origin) || !is_complete(&record, blobs)? {
            return Ok(false);
        }
        self.blobs.extend(record.payload.blob().map(|blob| blob.id));
        self.traces += u64::from(record.tombstone);
        self.synchronised |= record.tombstone || record.origin != u64::from(origin::OWN);
        Ok(true)
    }
}

fn is_complete(record: &Record<'_>, blobs: &impl redb::ReadableTable<(u64, u32), &'static [u8]>) -> Result<bool> {
    match record.payload {
        Payload::Inline(_) if record.tombstone => Ok(true),
        Payload::Inline(payload) => Ok(decode_value(record.value_type, payload).is_ok()),
        Payload::Blob(blob) => match blob::read(blobs, blob) {
            Ok(bytes) => Ok(decode_value(record.value_type, &bytes).is_ok()),
            Err(error) if error.kind() == ErrorKind::Corrupted => Ok(false),
            Err(error) => Err(error),
        },
    }
}

impl Rest {
    /// The row of this name.
    pub(super) fn row(&self, name: &str) -> Option<&[u8]> {
        self.meta.iter().find(|(known, _)| known == name).map(|(_, row)| row.as_slice())
    }

    /// Fills what is missing, and gives the state to go on from. Without the last one a new incarnation begins: nobody
    /// knows which numbers were given out.
    fn complete(&mut self, state: Option<State>, fallback: &Fallback<'_>) -> State {
        let readable = self.row(OPTIONS).is_some_and(|row| RecordedOptions::parse(row).is_some());
        if !readable {
            self.meta.retain(|(name, _)| name != OPTIONS);
            self.meta.push((OPTIONS.to_owned(), fallback.options.row().to_vec()));
        }
        if self.row(SCHEMA).is_some_and(|row| std::str::from_utf8(row).is_err()) {
            self.meta.retain(|(name, _)| name != SCHEMA);
        }
        if self.origins.iter().all(|(index, _)| *index != origin::OWN) {
            self.origins.push((origin::OWN, origin::row(fallback.device.as_str(), fallback.now_ms)));
            return Self::next_state(state, fallback.now_ms);
        }
        if state.is_none() {
            self.begin_incarnation(fallback.now_ms);
        }
        Self::next_state(state, fallback.now_ms)
    }

    /// The number behind that of every commit before, and a clock that does not go back.
    fn next_state(state: Option<State>, now_ms: u64) -> State {
        let last = state.unwrap_or_else(|| State { clock: Timestamp::default().next(now_ms), ..State::default() });
        State { commit: last.commit + 1, ..last }
    }

    /// Tells the life of this installation that begins now from those before. The time is larger than any number so far.
    pub(super) fn begin_incarnation(&mut self, now_ms: u64) {
        for (_, row) in self.origins.iter_mut().filter(|(index, _)| *index == origin::OWN) {
            if let Ok(device) = origin::device(row).map(str::to_owned) {
                *row = origin::row(&device, origin::incarnation(row).saturating_add(1).max(now_ms));
            }
        }
    }
}
