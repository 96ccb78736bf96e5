//! The keys of encrypted stores.
//!
//! Every encrypted file has a random data key of its own. It stands in the file's superblock, wrapped: encrypted under a
//! key that is derived from the root key and the file's id. So a file and its key are one, a backup needs nothing but the
//! root key, and the root key is all that has to be kept. It comes from the application, or from a file that only its
//! owner may read. Keys are wiped when they are dropped, and stand in no message.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::aead::{Aad, Nonce, Tag};
use zeroize::{Zeroize, Zeroizing};

use super::backend::StoreBackend;
use super::files::{StoreFile, clear_unpublished, open, publish_once};
use super::paths::Tree;
use super::sealed::{DataKey, KEY_BYTES, aead, derive, fill_random};
use super::superblock::{Identity, Superblock, Wrap};
use super::volume::Access;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{ROOT_KEY_BYTES_MAX, ROOT_KEY_BYTES_MIN};

const WRAP_LABEL: &[u8] = b"dkv 1 wrap";
/// The generation of root keys that the application gives.
const GIVEN: u32 = 0;
const FIRST_FILE: u32 = 1;
const FILE_PREFIX: &str = "root.";

type Ask = dyn Fn(&mut Vec<u8>) -> Result<()> + Send + Sync;

/// Where the root key of an application's encrypted stores comes from.
///
/// Whoever has it can read the stores, and without it nobody can: keep it as long as any of them, or of their backups.
#[derive(Clone)]
pub struct RootKey(Origin);

#[derive(Clone)]
enum Origin {
    File,
    Bytes(Arc<Zeroizing<Vec<u8>>>),
    Asked(Arc<Ask>),
}

impl RootKey {
    /// A key in the file `key/root.1` below the manager's folder, made when the first encrypted store is, readable by
    /// its owner only. This is the default.
    #[must_use]
    pub fn in_file() -> Self {
        Self(Origin::File)
    }

    /// A key that the application keeps. It is copied, and the copy is wiped with the last manager that has it.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) if it has fewer than 32 or more than 1024 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        check_length(bytes.len()).map_err(Error::invalid_argument)?;
        Ok(Self(Origin::Bytes(Arc::new(Zeroizing::new(bytes.to_vec())))))
    }

    /// A key that the application is asked for whenever a store is created, opened, backed up, restored or rekeyed. The
    /// function appends 32 to 1024 bytes to the empty vector, which is wiped after use. It runs on a thread of the
    /// library, and must not wait for an answer of the library.
    #[must_use]
    pub fn from_callback(ask: impl Fn(&mut Vec<u8>) -> Result<()> + Send + Sync + 'static) -> Self {
        Self(Origin::Asked(Arc::new(ask)))
    }
}

impl Default for RootKey {
    fn default() -> Self {
        Self::in_file()
    }
}

/// By hand: it never shows the key.
impl fmt::Debug for RootKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match &self.0 {
            Origin::File => "RootKey(in a file)",
            Origin::Bytes(_) => "RootKey(given)",
            Origin::Asked(_) => "RootKey(asked for)",
        })
    }
}

fn check_length(length: usize) -> std::result::Result<(), String> {
    if (ROOT_KEY_BYTES_MIN..=ROOT_KEY_BYTES_MAX).contains(&length) {
        return Ok(());
    }
    Err(format!(
        "Parameter error: the root key has {length} bytes, it needs {ROOT_KEY_BYTES_MIN} to {ROOT_KEY_BYTES_MAX}."
    ))
}

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

    /// A new data key for the file that will have this identity, and the same key wrapped. The first use makes the file
    /// of the root key, if it is to be in one.
    ///
    /// # Errors
    ///
    /// `Corrupted` if the root key cannot be had: its file is missing although encrypted stores exist, or damaged, or
    /// cannot be made. What the application's function fails with.
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
    /// `Corrupted` if the root key is missing or another one. What the application's function fails with.
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
        if !matches!(self.root.0, Origin::File) {
            return Ok(GIVEN);
        }
        let newest = match self.generations()?.into_iter().max() {
            Some(newest) => newest,
            None => self.make_file().map(|()| FIRST_FILE)?,
        };
        self.keep().map_err(|error| no_key(&error))?;
        Ok(newest)
    }

    /// Makes the key durable before anything is encrypted under it, and removes what an interrupted making left: whoever
    /// made it may have been killed half way.
    fn keep(&self) -> Result<()> {
        let folder = self.tree.keys();
        folder.ensure()?;
        folder.sync()?;
        clear_unpublished(&folder, FILE_PREFIX.trim_end_matches('.'))
    }

    fn root_key(&self, generation: u32) -> Result<Zeroizing<Vec<u8>>> {
        match &self.root.0 {
            Origin::Bytes(bytes) => Ok((**bytes).clone()),
            Origin::Asked(ask) => {
                // As large as it may become, so that it never moves and leaves a copy behind.
                let mut bytes = Zeroizing::new(Vec::with_capacity(ROOT_KEY_BYTES_MAX));
                ask(&mut bytes)?;
                check_length(bytes.len()).map_err(Error::invalid_argument)?;
                Ok(bytes)
            }
            Origin::File if generation == GIVEN => Err(Error::new(
                ErrorKind::Corrupted,
                "The store is encrypted with a root key that the application gave, and the manager has none. The file \
                 was left as it is. Make the manager with that key.",
            )),
            Origin::File => self.read_file(generation),
        }
    }

    fn path(&self, generation: u32) -> PathBuf {
        self.tree.keys().file(file_name(generation))
    }

    /// The generations of root keys that have files.
    fn generations(&self) -> Result<Vec<u32>> {
        let folder = self.tree.keys();
        if !folder.exists()? {
            return Ok(Vec::new());
        }
        let names = folder.names()?.into_iter().filter_map(|name| name.into_string().ok());
        let numbers = names.filter_map(|name| name.strip_prefix(FILE_PREFIX)?.parse().ok());
        Ok(numbers.filter(|number| *number >= FIRST_FILE).collect())
    }

    fn read_file(&self, generation: u32) -> Result<Zeroizing<Vec<u8>>> {
        let (folder, path) = (self.tree.keys(), self.path(generation));
        if folder.volume().kind(&path).is_err() {
            return Err(missing(&path));
        }
        let file = open(folder.volume(), &path, Access::Read)?;
        let bytes = Zeroizing::new(file.read_head(KEY_BYTES as u64 + 1).map_err(|error| no_key(&error))?);
        if bytes.len() == KEY_BYTES {
            return Ok(bytes);
        }
        Err(Error::new(
            ErrorKind::Corrupted,
            format!(
                "The key file {} is damaged: it does not have {KEY_BYTES} bytes. Put the right file back; the stores were \
                 left as they are.",
                path.display()
            ),
        ))
    }

    /// Makes the first root key, unless stores exist that are encrypted under one that was lost.
    fn make_file(&self) -> Result<()> {
        if self.has_encrypted_stores()? {
            return Err(missing(&self.path(FIRST_FILE)));
        }
        let mut random = [0; 8];
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        fill_random(&mut key[..]).and_then(|()| fill_random(&mut random)).map_err(|error| no_key(&error))?;
        let unique: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let folder = self.tree.keys();
        let made = folder.ensure().and_then(|()| publish_once(&folder, &file_name(FIRST_FILE), &unique, &key[..]));
        made.map_err(|error| no_key(&error))
    }

    fn has_encrypted_stores(&self) -> Result<bool> {
        let stores = self.tree.stores();
        if !stores.exists()? {
            return Ok(false);
        }
        Ok(stores.names()?.into_iter().any(|name| {
            let superblock = StoreFile::open_to_read(&stores.inner(name)).and_then(StoreBackend::identify);
            superblock.is_ok_and(|found| found.wraps.iter().flatten().any(|wrap| wrap.generation != GIVEN))
        }))
    }
}

fn file_name(generation: u32) -> String {
    format!("{FILE_PREFIX}{generation}")
}

fn missing(path: &Path) -> Error {
    Error::new(
        ErrorKind::Corrupted,
        format!(
            "The key file {} is missing, and stores are encrypted under it. They were left as they are. Put it back.",
            path.display()
        ),
    )
}

fn wrong_key() -> Error {
    Error::new(
        ErrorKind::Corrupted,
        "The store is encrypted under another root key than the one that was given. The file is not damaged, and was left \
         as it is. Give the key that it was created with.",
    )
}

fn no_key(error: &impl fmt::Display) -> Error {
    Error::new(ErrorKind::Corrupted, format!("There is no key for the encrypted store: {error}"))
}
