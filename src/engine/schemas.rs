//! The schema with which a store is opened, and the one that it has (`query_device_sync.md` 2.7).
//!
//! The schema belongs to the store and not to a handle: what is opened without one shares an open store with its schema,
//! and can only read one that nobody has open with its schema.

use std::sync::Arc;

use super::base::Base;
use crate::disk::{Keyring, Replacement, StoreBackend};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::COPY_CACHE_BYTES;
use crate::model::{Indexing, Options, ValueRef};
use crate::schema::{CheckedText, Schema, SchemaChange};
use crate::storage::{Adoption, Database, Stamps, Tuning};
use crate::store::Rules;

/// The schema that the options ask for.
///
/// # Errors
///
/// `InvalidSchema` (401).
pub fn asked(options: &Options) -> Result<Option<Schema>> {
    options.schema.as_deref().map(Schema::parse).transpose()
}

/// The rules of an opening with these options of a store that has this schema.
pub fn rules(schema: Option<&Arc<Schema>>, options: &Options) -> Rules {
    match (schema, &options.schema) {
        (None, _) => Rules::Free,
        (Some(schema), Some(_)) => Rules::Schema(Arc::clone(schema)),
        (Some(_), None) => Rules::ReadOnly,
    }
}

/// Refuses another handle on an open store that asks for a schema which the store is not open with. One that asks for
/// none shares the store as it is, as with every option that cannot change while the store is open.
///
/// # Errors
///
/// `InvalidSchema` (401), `SchemaMismatch` (15100002).
pub fn check_joined(rules: &Rules, options: &Options) -> Result<()> {
    let Some(asked) = asked(options)? else { return Ok(()) };
    let what = match rules {
        Rules::Schema(schema) if **schema == asked => return Ok(()),
        Rules::Schema(_) => "with another schema",
        Rules::Free | Rules::ReadOnly => "without a schema",
    };
    Err(Error::new(
        ErrorKind::SchemaMismatch,
        format!("Open existed database with changed options: the store is open {what}. Close all its handles first."),
    ))
}

/// Makes an open file fit the schema with which it is opened, if it can. Gives the schema that the file has then.
///
/// # Errors
///
/// `SchemaMismatch` (15100002) if the recorded one does not allow it, `General` (27459584) if an entry does not fit,
/// `Corrupted` or `Database`: the file is as before then.
pub fn adopt(database: &mut Database, stamps: &mut Stamps, asked: Option<Schema>) -> Result<Option<Arc<Schema>>> {
    let recorded = recorded(database)?;
    let Some(asked) = asked else { return Ok(recorded.map(Arc::new)) };
    let change = match &recorded {
        None => SchemaChange::Upgrade,
        Some(recorded) => SchemaChange::between(recorded, &asked)?,
    };
    match change {
        SchemaChange::Upgrade => fit(database, stamps, &asked)?,
        SchemaChange::Indexes => build_indexes(database, stamps, &asked)?,
        SchemaChange::None if has_indexes(database, &asked) => {}
        // A copy is made without them.
        SchemaChange::None => build_indexes(database, stamps, &asked)?,
    }
    Ok(Some(Arc::new(asked)))
}

/// As `adopt`, for a file that result sets have kept open.
///
/// # Errors
///
/// Those of `asked` and `adopt`.
pub fn adopt_shared(base: &mut Base, options: &Options) -> Result<()> {
    let asked = asked(options)?;
    let before = base.stamps.commit();
    let (published, stamps) = (Arc::clone(&base.published), &mut base.stamps);
    base.known.schema = published.exchange(|database| match database {
        Ok(mut database) => {
            let adopted = adopt(&mut database, stamps, asked);
            (Ok(database), adopted)
        }
        Err(error) => (Err(error.clone()), Err(error)),
    })?;
    if base.stamps.commit() > before {
        base.durable_commit = base.stamps.commit();
    }
    Ok(())
}

/// Holds every entry against a schema, fills what its defaults fill, builds its indexes and records it.
///
/// # Errors
///
/// `General` (27459584) if an entry does not fit, `Corrupted` or `Database`: the file is as before then.
pub fn fit(database: &mut Database, stamps: &mut Stamps, schema: &Schema) -> Result<()> {
    let mut amend = |value: ValueRef<'_>| {
        let ValueRef::String(text) = value else { return Err(does_not_fit("it is no text")) };
        match schema.check(text) {
            Ok(CheckedText::Fits) => Ok(None),
            Ok(CheckedText::Amended(text)) => Ok(Some(text)),
            Err(error) => Err(does_not_fit(error.message())),
        }
    };
    let indexing = schema.indexing().clone();
    database.adopt(stamps, Adoption { schema: &schema.to_json(), indexing, amend: Some(&mut amend) })
}

/// As `fit`, for a file that will take the place of the store's. A copy of entries has no indexes yet.
///
/// # Errors
///
/// Those of `fit`.
pub fn fit_file(file: &Replacement, keys: &Keyring, schema: &Schema) -> Result<()> {
    let (backend, head) = StoreBackend::open(file.to_write()?, keys)?;
    let tuning = Tuning { cache_bytes: COPY_CACHE_BYTES as u64, fast_recovery: false };
    let (mut database, mut stamps) = Database::open(backend, tuning, &Arc::default())?;
    head.release()?;
    fit(&mut database, &mut stamps, schema)?;
    database.close()
}

fn does_not_fit(what: &str) -> Error {
    Error::new(
        ErrorKind::General,
        format!("An entry of the store does not fit the schema, nothing was changed: {what}"),
    )
}

fn build_indexes(database: &mut Database, stamps: &mut Stamps, schema: &Schema) -> Result<()> {
    let indexing = schema.indexing().clone();
    database.adopt(stamps, Adoption { schema: &schema.to_json(), indexing, amend: None })
}

fn has_indexes(database: &Database, schema: &Schema) -> bool {
    let none = Indexing { skip_bytes: schema.skip_bytes(), indexes: Vec::new() };
    database.indexing().unwrap_or(&none) == schema.indexing()
}

fn recorded(database: &Database) -> Result<Option<Schema>> {
    let parse = |text| {
        Schema::parse(text).map_err(|error| Error::corrupted("the recorded schema is not valid").caused_by(error))
    };
    database.schema().map(parse).transpose()
}
