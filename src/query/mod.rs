//! Queries: building them, checking them, planning and evaluating them. Pure: no store and no schema is known here.
//!
//! [`Query`] gathers calls (`node`), which `text` writes as the reference does. [`compile`] checks them against the grammar
//! (`tree`) and the types of the fields, and makes a `condition` of them. [`plan`] looks for the part of an index that
//! the condition leaves (`span`). Whoever reads the rows asks the condition of each.

mod builder;
mod compile;
mod condition;
mod explain;
mod like;
mod node;
mod number;
mod plan;
mod span;
mod text;
mod tree;

pub use builder::{Numbers, Query};
pub use compile::{Compiled, Order, compile};
pub use explain::{AccessPath, Explanation, OrderSource};
pub use node::{Comparison, Node, Operand};
pub use plan::{Access, Plan, Sorting, plan};
pub use span::{Cut, Span};
