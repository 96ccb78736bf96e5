//! Answering queries over the rows of a store.
//!
//! A [`Prepared`] query is one that was checked and planned. It walks over the entries that it selects, in their order,
//! forward or backward and from any of them on: `walk` by the keys or one value of an index, `order` by an index, `passes`
//! by sorting. `document` looks at the fields of a value.

mod asked;
mod document;
mod order;
mod passes;
mod place;
mod prepared;
mod walk;

pub use asked::Asked;
#[cfg(any(test, feature = "fuzzing"))]
pub use prepared::encoded;
pub use prepared::{Meter, Prepared, State};
pub use walk::Start;
