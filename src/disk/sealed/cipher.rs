//! Encryption of blocks: AES-256-GCM under a key of the session.
//!
//! A session is one opening of a file for writing. It draws 16 random bytes, derives its key from the file's data key
//! and those bytes (HKDF-SHA256), and numbers its blocks: key and nonce never meet twice, also not after a crash or when
//! an old copy of the file is put back. docs/adr/0009 argues for it.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, Tag, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use zeroize::Zeroizing;

use super::layout::{ENTRY_BYTES, NONCE_BYTES, TAG_BYTES};
use super::seal::{Entry, Position};
use crate::limits::SESSION_KEYS_MAX;

/// Bytes of every key.
pub const KEY_BYTES: usize = 32;
const SESSION_BYTES: usize = 16;
const SESSION_LABEL: &[u8] = b"dkv 1 session";

/// The key of one file. Wiped when dropped; never shown.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; KEY_BYTES]>);

impl DataKey {
    /// A new key.
    ///
    /// # Errors
    ///
    /// If the system gives no random bytes.
    pub fn random() -> io::Result<Self> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        fill_random(&mut key[..])?;
        Ok(Self(key))
    }

    /// The key with these bytes.
    pub fn new(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self(bytes)
    }

    /// Its bytes, to wrap them.
    pub fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DataKey")
    }
}

/// Random bytes from the system.
///
/// # Errors
///
/// If the system gives none.
pub fn fill_random(bytes: &mut [u8]) -> io::Result<()> {
    getrandom::fill(bytes).map_err(|error| io::Error::other(format!("the system gives no random bytes: {error}")))
}

/// Derives a key from another one: HKDF-SHA256.
///
/// # Errors
///
/// None that a length of ours causes.
pub fn derive(secret: &[u8], salt: &[u8], label: &[u8]) -> io::Result<Zeroizing<[u8; KEY_BYTES]>> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    let random = Salt::new(HKDF_SHA256, salt).extract(secret);
    let info = [label];
    let expanded = random.expand(&info, HKDF_SHA256).and_then(|okm| okm.fill(&mut key[..]));
    expanded.map_err(|_| refused())?;
    Ok(key)
}

/// The key for one use of AES-256-GCM.
///
/// # Errors
///
/// None that a length of ours causes.
pub fn aead(key: &[u8; KEY_BYTES]) -> io::Result<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| refused())
}

fn refused() -> io::Error {
    io::Error::other("the cipher refused to work")
}

/// What encrypts the blocks of one open file.
pub struct Cipher {
    key: DataKey,
    file_id: [u8; 16],
    session: [u8; SESSION_BYTES],
    session_key: LessSafeKey,
    counter: AtomicU64,
    /// Keys of sessions whose blocks were read lately, the latest first.
    others: RwLock<Vec<([u8; SESSION_BYTES], Arc<LessSafeKey>)>>,
}

impl Cipher {
    /// Begins a session on the file with this id.
    ///
    /// # Errors
    ///
    /// If the system gives no random bytes.
    pub fn new(key: DataKey, file_id: [u8; 16]) -> io::Result<Self> {
        let mut session = [0; SESSION_BYTES];
        fill_random(&mut session)?;
        let session_key = session_key(&key, &session)?;
        Ok(Self { key, file_id, session, session_key, counter: AtomicU64::new(0), others: RwLock::default() })
    }

    /// Encrypts in place.
    pub fn encrypt(&self, at: Position, data: &mut [u8]) -> io::Result<Entry> {
        let mut entry = [0; ENTRY_BYTES];
        let number = self.counter.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        entry[..SESSION_BYTES].copy_from_slice(&self.session);
        entry[SESSION_BYTES..NONCE_BYTES].copy_from_slice(&number);
        let bound = Aad::from(at.bytes(&self.file_id));
        let tag = self.session_key.seal_in_place_separate_tag(nonce(number), bound, data).map_err(|_| refused())?;
        entry[NONCE_BYTES..].copy_from_slice(tag.as_ref());
        Ok(entry)
    }

    /// Decrypts in place. False if it is not what was encrypted.
    pub fn decrypt(&self, at: Position, entry: &Entry, data: &mut [u8]) -> bool {
        let session: [u8; SESSION_BYTES] = std::array::from_fn(|place| entry[place]);
        let number: [u8; 8] = std::array::from_fn(|place| entry[SESSION_BYTES + place]);
        let tag: [u8; TAG_BYTES] = std::array::from_fn(|place| entry[NONCE_BYTES + place]);
        let bound = Aad::from(at.bytes(&self.file_id));
        let open = |key: &LessSafeKey, data: &mut [u8]| {
            key.open_in_place_separate_tag(nonce(number), bound, Tag::from(tag), data, 0..).is_ok()
        };
        if session == self.session {
            return open(&self.session_key, data);
        }
        self.other(&session).is_ok_and(|key| open(&key, data))
    }

    /// The key of an earlier session.
    fn other(&self, session: &[u8; SESSION_BYTES]) -> io::Result<Arc<LessSafeKey>> {
        {
            let known = self.others.read().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, key)) = known.iter().find(|(known, _)| known == session) {
                return Ok(Arc::clone(key));
            }
        }
        let key = Arc::new(session_key(&self.key, session)?);
        let mut known = self.others.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(0, (*session, Arc::clone(&key)));
        known.truncate(SESSION_KEYS_MAX);
        Ok(key)
    }
}

fn session_key(key: &DataKey, session: &[u8; SESSION_BYTES]) -> io::Result<LessSafeKey> {
    aead(&*derive(key.bytes(), session, SESSION_LABEL)?)
}

/// The nonce of the block with this number in its session.
fn nonce(number: [u8; 8]) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[NONCE_LEN - 8..].copy_from_slice(&number);
    Nonce::assume_unique_for_key(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_blocks_have_a_nonce_in_common_over_many_sessions() {
        let key = DataKey::random().unwrap();
        let mut nonces = std::collections::HashSet::new();
        for _ in 0..50 {
            let cipher = Cipher::new(key.clone(), [1; 16]).unwrap();
            for _ in 0..20 {
                let entry = cipher.encrypt(Position::of(1), &mut [0; 64]).unwrap();
                assert!(nonces.insert(entry[..NONCE_BYTES].to_vec()));
            }
        }
    }

    #[test]
    fn blocks_of_more_sessions_than_are_remembered_open() {
        let key = DataKey::random().unwrap();
        let sealed: Vec<_> = (0..2 * SESSION_KEYS_MAX as u64)
            .map(|block| {
                let mut data = [block as u8; 64];
                let cipher = Cipher::new(key.clone(), [1; 16]).unwrap();
                (block, cipher.encrypt(Position::of(block), &mut data).unwrap(), data)
            })
            .collect();
        let reader = Cipher::new(key, [1; 16]).unwrap();
        for _ in 0..2 {
            for (block, entry, data) in &sealed {
                let mut opened = *data;
                assert!(reader.decrypt(Position::of(*block), entry, &mut opened));
                assert_eq!(opened, [*block as u8; 64]);
            }
        }
        assert_eq!(reader.others.read().unwrap().len(), SESSION_KEYS_MAX);
    }

    #[test]
    fn what_is_encrypted_shows_nothing_of_its_content() {
        let cipher = Cipher::new(DataKey::random().unwrap(), [1; 16]).unwrap();
        let mut block = [0x41; 4096];
        cipher.encrypt(Position::of(1), &mut block).unwrap();
        assert!(!block.windows(8).any(|window| window == [0x41; 8]));
    }

    #[test]
    fn a_derived_key_is_that_of_rfc_5869() {
        let input: Vec<u8> = vec![0x0b; 22];
        let salt: Vec<u8> = (0..=12).collect();
        let label: Vec<u8> = (0xf0..=0xf9).collect();
        let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf";
        let key = derive(&input, &salt, &label).unwrap();
        assert_eq!(key.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), expected);
    }
}
