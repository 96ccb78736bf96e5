//! The sealed layout: redb's pages as 4 KiB blocks, each with what proves that it is what was written.
//!
//! redb does not verify its checksums when it reads, and has its header in one place only. This layer beneath it does
//! both for every store: a plain one has a checksum for each block, an encrypted one AES-256-GCM, in one layout. Its
//! rules, each with its test in `rules.rs`:
//!
//! * The header and the metadata of each group have two copies. Only the copy that the last successful sync did not make
//!   durable is written; the copies change roles when a sync has succeeded.
//! * Metadata goes to the file in the sync itself, after the blocks.
//! * Before an opened file is first written, what was read from it is made durable: a killed process may have left it in
//!   the cache of the system only.
//! * A block that does not open is an error; while redb verifies all that it reads it is zeros instead, which redb then
//!   does not accept. Those that it did not miss are sealed anew.
//! * A new file is empty until its header is whole.
//! * A clean close makes both copies of the header equal.

mod cipher;
mod file;
mod header;
mod layout;
mod meta;
mod pending;
mod seal;

#[cfg(all(test, feature = "figures"))]
mod figures;
#[cfg(test)]
mod rules;

pub use cipher::{Cipher, DataKey, KEY_BYTES, aead, derive, fill_random};
pub use file::SealedFile;
pub use layout::Layout;
pub use seal::Seal;
