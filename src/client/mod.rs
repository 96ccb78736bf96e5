//! The public Rust API: the nouns of the reference, without C and without a runtime.

mod conditional;
mod device;
mod manager;
mod query;
#[cfg(test)]
mod received;
mod request;
mod store;
mod subscription;
mod sync;

pub use manager::{Manager, ManagerOptions};
pub use request::Request;
pub use store::KvStore;
pub use subscription::Subscription;
