//! Making a store fit a schema: its entries are shown to whoever knows the schema, amended where that says so, and the
//! indexes are built from what they are then. All of it is one transaction, so that whatever ends it half way leaves the
//! store as it was.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::blob;
use super::database::Database;
use super::fault::{IntoError, guarded};
use super::index::{self, INDEXING, Indexes};
use super::meta::SCHEMA;
use super::read::{Direction, Range, rows};
use super::stored::load;
use super::tables::{INDEXES, META};
use super::write::{Stamps, Transaction, Writing};
use crate::error::Result;
use crate::limits::COPY_CHUNK_BYTES;
use crate::model::{Indexing, ValueRef};

/// What becomes of the value of an entry: another text, or `None` for what it is. Its failure ends the adoption.
pub type Amend<'a> = &'a mut dyn FnMut(ValueRef<'_>) -> Result<Option<String>>;

/// What a store is to become.
pub struct Adoption<'a> {
    /// The text of its schema, to record.
    pub schema: &'a str,
    /// Its indexes, which are all built anew.
    pub indexing: Indexing,
    /// Shown every value of every device; missing if the values are known to fit.
    pub amend: Option<Amend<'a>>,
}

impl Database {
    /// Makes the entries fit, builds the indexes and records the schema; or changes nothing. No transaction is open.
    ///
    /// # Errors
    ///
    /// Those of `amend`; `Corrupted` or `Database` if nothing was written, `OutcomeUnknown` if that is not known.
    pub fn adopt(&mut self, stamps: &mut Stamps, adoption: Adoption<'_>) -> Result<()> {
        let Adoption { schema, indexing, amend } = adoption;
        let indexing = (!indexing.indexes.is_empty()).then(|| Arc::new(indexing));
        let transaction = self.begin(true)?;
        guarded(|| {
            transaction.inner.delete_table(INDEXES).map_err(IntoError::into_error)?;
            let mut meta = transaction.inner.open_table(META).map_err(IntoError::into_error)?;
            meta.insert(SCHEMA, schema.as_bytes()).map_err(IntoError::into_error)?;
            match &indexing {
                Some(indexing) => index::write(&mut meta, indexing)?,
                None => drop(meta.remove(INDEXING).map_err(IntoError::into_error)?),
            }
            Ok(())
        })?;
        if indexing.is_some() || amend.is_some() {
            fit(&transaction, stamps, indexing.as_ref(), amend)?;
        }
        transaction.commit(stamps)?;
        self.adopted(schema, indexing);
        Ok(())
    }
}

fn fit(
    transaction: &Transaction,
    stamps: &mut Stamps,
    indexing: Option<&Arc<Indexing>>,
    mut amend: Option<Amend<'_>>,
) -> Result<()> {
    transaction.with_data(stamps, |tables| {
        let mut indexes = Indexes::open(&transaction.inner, indexing)?;
        let mut rest = Range::starting_with(&[]);
        loop {
            let mut part = Part::default();
            part.read(tables, &rest, indexes.as_mut(), &mut amend)?;
            for (key, text) in &part.amended {
                tables.amend(key, text)?;
            }
            match part.last {
                Some(last) => rest = rest.after(&last),
                None => return Ok(()),
            }
        }
    })
}

/// So many entries that what becomes of them fits into memory.
#[derive(Default)]
struct Part {
    amended: Vec<(Vec<u8>, String)>,
    bytes: usize,
    /// The last entry, if there may be more.
    last: Option<Vec<u8>>,
}

impl Part {
    fn read(
        &mut self,
        tables: &Writing<'_, '_>,
        range: &Range,
        mut indexes: Option<&mut Indexes<'_>>,
        amend: &mut Option<Amend<'_>>,
    ) -> Result<()> {
        rows(&tables.data, range, Direction::Forward, |key, row| {
            let Some(found) = load(row, |blob| blob::read(&tables.blobs, blob))? else {
                return Ok(ControlFlow::Continue(()));
            };
            let value = found.as_ref();
            let amended = amend.as_mut().map_or(Ok(None), |amend| amend(value))?;
            if let Some(indexes) = indexes.as_deref_mut()
                && let ValueRef::String(text) = amended.as_deref().map_or(value, ValueRef::String)
            {
                indexes.add(key, text)?;
            }
            // The defaults may be many times what was there.
            self.bytes += key.len() + value.payload_bytes() + amended.as_ref().map_or(0, String::len);
            self.amended.extend(amended.map(|text| (key.to_vec(), text)));
            if self.bytes < COPY_CHUNK_BYTES {
                return Ok(ControlFlow::Continue(()));
            }
            self.last = Some(key.to_vec());
            Ok(ControlFlow::Break(()))
        })
    }
}
