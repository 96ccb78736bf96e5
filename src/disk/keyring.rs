//! The keys of encrypted stores.
//!
//! Every encrypted file has a random data key of its own. It stands in the file's superblock, wrapped: encrypted under a
//! key that is derived from the root key and the file's id. So a file and its key are one, a backup needs nothing but the
//! root key, and the root key is all that has to be kept. It comes from the application, or from the folder `key`. Keys
//! are wiped when they are dropped, and stand in no message.

use std::fmt;

use ring::aead::{Aad, Nonce, Tag};
use zeroize::{Zeroize, Zeroizing};

use super::paths::Tree;
use super::root_key::{Origin, RootKey, check_length};
use super::root_keys::{GIVEN, RootKeys};
use super::sealed::{DataKey, aead, derive, fill_random};
use super::superblock::{Identity, Superblock, Wrap};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::ROOT_KEY_BYTES_MAX;

const WRAP_LABEL: &[u8] = b"dkv 1 wrap";

/// The keys of the stores of one manager's folder.
#[derive(Debug, Clone)]
pub struct Keyring {
    tree: Tree,
    root: RootKey,
}

impl Keyring {
    /// The keys below this folder.
    #[must_use]
    pub fn new(tree: Tree, root: RootKey) -> Self {
        Self { tree, root }
    }

    /// A new data key for the file that will have this identity, and the same key wrapped. The first use makes the
    /// root key, unless the application gives it.
    ///
    /// # Errors
    ///
    /// `Corrupted` if the root key was lost: its file is missing although encrypted stores exist, or damaged;
    /// `KeyUnavailable` if it cannot be made, or the system's keyring cannot be used; `CannotOpen` if the disk fails on the
    /// way to it. What the application's function fails with.
    pub fn new_key(&self, identity: &Identity) -> Result<(DataKey, Wrap)> {
        let generation = self.newest()?;
        let root = self.root_key(generation)?;
        let key = DataKey::random().map_err(|error| no_key(&error))?;
        let mut wrap = Wrap { generation, nonce: [0; 12], key: *key.bytes(), tag: [0; 16] };
        let wrapped = fill_random(&mut wrap.nonce).and_then(|()| {
            let wrapping = aead(&*derive(&root, &identity.file_id, WRAP_LABEL)?)?;
            let (nonce, bound) = (Nonce::assume_unique_for_key(wrap.nonce), Aad::from(identity.bound()));
            let tag = wrapping.seal_in_place_separate_tag(nonce, bound, &mut wrap.key);
            tag.map_err(|_| std::io::Error::other("the cipher refused to wrap it"))
        });
        match wrapped {
            Ok(tag) => wrap.tag.copy_from_slice(tag.as_ref()),
            Err(error) => {
                wrap.key.zeroize();
                return Err(no_key(&error));
            }
        }
        Ok((key, wrap))
    }

    /// Makes sure that a new file would get a key.
    ///
    /// # Errors
    ///
    /// As for `new_key`.
    pub fn check(&self) -> Result<()> {
        self.root_key(self.newest()?).map(drop)
    }

    /// The data key of an encrypted file.
    ///
    /// # Errors
    ///
    /// `Corrupted` if the root key is missing or another one; `KeyUnavailable` if the system's keyring cannot be used;
    /// `CannotOpen` if the disk fails on the way to it. What the application's function fails with.
    pub fn unwrap(&self, superblock: &Superblock) -> Result<DataKey> {
        let mut failure = Error::corrupted("the superblock of the encrypted store holds no key");
        for wrap in superblock.wraps.iter().flatten() {
            match self.open(wrap, &superblock.identity) {
                Ok(key) => return Ok(key),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn open(&self, wrap: &Wrap, identity: &Identity) -> Result<DataKey> {
        let root = self.root_key(wrap.generation)?;
        let mut key = Zeroizing::new(wrap.key);
        let wrapping = derive(&root, &identity.file_id, WRAP_LABEL).and_then(|key| aead(&key));
        let wrapping = wrapping.map_err(|error| no_key(&error))?;
        let (nonce, bound) = (Nonce::assume_unique_for_key(wrap.nonce), Aad::from(identity.bound()));
        // The superblock's checksum is right, so the key that it holds is what was written: the root key is another one.
        let opened = wrapping.open_in_place_separate_tag(nonce, bound, Tag::from(wrap.tag), &mut key[..], 0..);
        opened.map_err(|_| wrong_key())?;
        Ok(DataKey::new(key))
    }

    /// The generation of the root key for new files.
    fn newest(&self) -> Result<u32> {
        match self.root.origin {
            Origin::Kept(place) => self.kept().newest(place),
            Origin::Bytes(_) | Origin::Asked(_) => Ok(GIVEN),
        }
    }

    fn root_key(&self, generation: u32) -> Result<Zeroizing<Vec<u8>>> {
        match &self.root.origin {
            Origin::Kept(_) => self.kept().read(generation),
            Origin::Bytes(bytes) => Ok((**bytes).clone()),
            Origin::Asked(ask) => {
                // As large as it may become, so that it never moves and leaves a copy behind.
                let mut bytes = Zeroizing::new(Vec::with_capacity(ROOT_KEY_BYTES_MAX));
                ask(&mut bytes)?;
                check_length(bytes.len()).map_err(Error::invalid_argument)?;
                Ok(bytes)
            }
        }
    }

    fn kept(&self) -> RootKeys<'_> {
        RootKeys { tree: &self.tree, keyring: &*self.root.keyring }
    }
}

fn wrong_key() -> Error {
    Error::new(
        ErrorKind::Corrupted,
        "The store is encrypted under another root key than the one that was given. The file is not damaged, and was left \
         as it is. Give the key that it was created with.",
    )
}

fn no_key(error: &impl fmt::Display) -> Error {
    Error::new(ErrorKind::KeyUnavailable, format!("There is no key for the encrypted store: {error}"))
}
