//! The rules of a store, one thread at a time.
//!
//! An operation is a value ([`Op`]) and so is its answer ([`Outcome`]). `check` turns what a caller asked for into what
//! can be applied, on the caller's thread and before any queue; `apply` runs it over tables. `device` maps the keys that
//! callers see to the keys that are stored.

mod apply;
mod bounds;
mod changes;
mod check;
mod cursor;
mod device;
mod op;
mod opening;
mod result_set;
mod rules;
mod select;
mod upkeep;

pub use apply::{Effect, Removed, apply_read, apply_write, look_at_value};
pub use changes::Changes;
pub use check::{Checked, Exclusive, Property, Read, Step, Touched, Write, check};
pub use cursor::{Cursor, Selection, Stream};
pub use device::{stored_key, user_key};
pub use op::{KeyRange, Op, Outcome};
pub use opening::{Form, Opening};
pub use result_set::{EntryStream, ResultSet};
pub use rules::Rules;
#[cfg(any(test, feature = "fuzzing"))]
pub use select::encoded as encoded_spans;
pub use select::{Meter, Prepared};
pub use upkeep::{Upkeep, check_some};
