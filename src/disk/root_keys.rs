//! The folder `key`: the root keys that the library made, numbered from 1.
//!
//! A file `root.<generation>` holds a key, or names the entry of the system's keyring that does: so the numbers are one
//! sequence, and of two managers who make a key at once, each in its own place, one gets the number. A key is never
//! replaced. The newest in the place that the application wants is for new files; older ones stay for older files.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::backend::StoreBackend;
use super::backups;
use super::files::{StoreFile, clear_unpublished, failed, is_absent, is_present, open, publish_once, raw};
use super::folder::Folder;
use super::paths::{Tree, is_store_folder};
use super::random_names::random_name;
use super::root_key::Place;
use super::sealed::{KEY_BYTES, fill_random};
use super::system_keyring::SystemKeyring;
use super::volume::{Access, Kind, RawFile};
use crate::error::{Error, ErrorKind, Result};

/// The generation of root keys that the application gives.
pub const GIVEN: u32 = 0;
const FIRST: u32 = 1;
/// How often a key is made, where others take its number each time for one in the other place.
const MAKING_ATTEMPTS: u32 = 8;
const FILE_PREFIX: &str = "root.";
/// What a file begins with that names an entry of the system's keyring.
const NAMES_ENTRY: &str = "dkv keyring ";
const ENTRY_NAME_BYTES: usize = 32;
/// Longest content of a file: the beginning, the name, the end of the line.
const FILE_BYTES_MAX: usize = NAMES_ENTRY.len() + ENTRY_NAME_BYTES + 1;

/// What a file of the folder holds.
enum Kept {
    Key(Zeroizing<Vec<u8>>),
    Entry(String),
}

impl Kept {
    fn place(&self) -> Place {
        match self {
            Self::Key(_) => Place::File,
            Self::Entry(_) => Place::SystemKeyring,
        }
    }

    fn parse(bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        if bytes.len() == KEY_BYTES {
            return Some(Self::Key(bytes));
        }
        let name = std::str::from_utf8(&bytes).ok()?.strip_prefix(NAMES_ENTRY)?.strip_suffix('\n')?;
        let is_name = name.len() == ENTRY_NAME_BYTES && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_name.then(|| Self::Entry(name.to_owned()))
    }
}

/// The root keys below one folder.
pub struct RootKeys<'a> {
    pub tree: &'a Tree,
    pub keyring: &'a dyn SystemKeyring,
}

impl RootKeys<'_> {
    /// The newest generation whose key lies in this place. The first one is made, unless files exist that are encrypted
    /// under a key that was lost.
    ///
    /// # Errors
    ///
    /// `Corrupted` if a key was lost or is damaged, `KeyUnavailable` if none can be made, `CannotOpen` if the disk fails.
    pub fn newest(&self, place: Place) -> Result<u32> {
        for _ in 0..MAKING_ATTEMPTS {
            // One look at the folder decides whether a key is made and what its number is: two looks would see another
            // process's key in between, and make a second one beside it.
            let seen = self.generations()?;
            if let Some(newest) = self.newest_of(&seen, place)? {
                self.keep(&seen)?;
                return Ok(newest);
            }
            // Whoever is first has the number, with a key of his own or with one in the other place.
            self.make(&seen, place)?;
        }
        Err(unmade("others made one with each number that was free; try again"))
    }

    /// The key of a generation.
    ///
    /// # Errors
    ///
    /// `Corrupted` if it is missing or damaged, `KeyUnavailable` if the keyring cannot be used, `CannotOpen` if the disk
    /// fails.
    pub fn read(&self, generation: u32) -> Result<Zeroizing<Vec<u8>>> {
        if generation == GIVEN {
            return Err(Error::new(
                ErrorKind::Corrupted,
                "The store is encrypted with a root key that the application gave, and the manager has none. The file \
                 was left as it is. Make the manager with that key.",
            ));
        }
        match self.kept(generation)? {
            Kept::Key(key) => Ok(key),
            Kept::Entry(name) => self.read_entry(generation, &name),
        }
    }

    fn read_entry(&self, generation: u32, name: &str) -> Result<Zeroizing<Vec<u8>>> {
        let path = self.path(generation);
        let path = path.display();
        let Some(key) = self.keyring.read(name)? else {
            return Err(Error::new(
                ErrorKind::Corrupted,
                format!(
                    "The entry {name} of the system's keyring is missing, which {path} names as the root key. The stores \
                     were left as they are. Put it back, or use the keyring in which it was made."
                ),
            ));
        };
        if key.len() == KEY_BYTES {
            return Ok(key);
        }
        Err(Error::new(
            ErrorKind::Corrupted,
            format!(
                "The entry {name} of the system's keyring, which {path} names, has {} bytes and not the {KEY_BYTES} of a \
                 root key. Put the right one back; the stores were left as they are.",
                key.len()
            ),
        ))
    }

    /// Makes the key durable before anything is encrypted under it, and removes what an interrupted making left: whoever
    /// made it may have been killed half way.
    fn keep(&self, generations: &[u32]) -> Result<()> {
        let folder = self.tree.keys();
        folder.ensure()?;
        folder.sync()?;
        // Not what is there of other numbers: somebody may be making a key with one.
        clear_unpublished(&folder, &generations.iter().copied().map(file_name).collect::<Vec<String>>())
    }

    fn path(&self, generation: u32) -> PathBuf {
        self.tree.keys().file(file_name(generation))
    }

    fn newest_of(&self, generations: &[u32], place: Place) -> Result<Option<u32>> {
        for generation in generations.iter().rev() {
            if self.kept(*generation)?.place() == place {
                return Ok(Some(*generation));
            }
        }
        Ok(None)
    }

    /// The generations that have files, in ascending order.
    fn generations(&self) -> Result<Vec<u32>> {
        let folder = self.tree.keys();
        if !folder.exists()? {
            return Ok(Vec::new());
        }
        let names = folder.names()?.into_iter().filter_map(|name| name.into_string().ok());
        let numbers = names.filter_map(|name| name.strip_prefix(FILE_PREFIX)?.parse().ok());
        let mut generations: Vec<u32> = numbers.filter(|number| *number >= FIRST).collect();
        generations.sort_unstable();
        Ok(generations)
    }

    fn kept(&self, generation: u32) -> Result<Kept> {
        let (folder, path) = (self.tree.keys(), self.path(generation));
        match folder.volume().kind(&path) {
            Err(error) if is_absent(&error) => return Err(missing(&path)),
            Err(error) => return Err(failed(&path, error)),
            Ok(_) => {}
        }
        let file = open(folder.volume(), &path, Access::Read)?;
        let read = file.read_head(FILE_BYTES_MAX as u64 + 1).map(Zeroizing::new);
        Kept::parse(read.map_err(|error| failed(&path, error))?).ok_or_else(|| {
            Error::new(
                ErrorKind::Corrupted,
                format!(
                    "The key file {} is damaged: it has neither {KEY_BYTES} bytes nor the name of an entry of the system's \
                     keyring. Put the right file back; the stores were left as they are.",
                    path.display()
                ),
            )
        })
    }

    /// Makes a root key with the number behind those that were seen, unless somebody else has taken it since.
    fn make(&self, seen: &[u32], place: Place) -> Result<()> {
        // The keys are looked at behind the files: one that was made meanwhile is there before what it encrypts.
        let used = self.used_generations()?;
        let kept = self.generations()?;
        if let Some(lost) = used.into_iter().find(|used| !kept.contains(used)) {
            return Err(missing(&self.path(lost)));
        }
        let number = seen.last().map_or(Some(FIRST), |newest| newest.checked_add(1));
        let number = number.ok_or_else(|| unmade("there is no number for another one"))?;
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        fill_random(&mut key[..]).map_err(|error| unmade(&error.to_string()))?;
        let name = random_name::<{ ENTRY_NAME_BYTES / 2 }>()?;
        match place {
            Place::File => self.publish(number, &name, &key[..]),
            Place::SystemKeyring => self.publish_entry(number, &name, &key[..]),
        }
    }

    /// The key is in the keyring before anything names it.
    fn publish_entry(&self, number: u32, name: &str, key: &[u8]) -> Result<()> {
        self.keyring.write(name, key)?;
        if self.keyring.read(name)?.is_none_or(|read| *read != key) {
            return Err(unmade("the system's keyring does not give back what it was given"));
        }
        let content = format!("{NAMES_ENTRY}{name}\n");
        let published = self.publish(number, name, content.as_bytes());
        // Only whoever has read that the number is another key's knows that this one will never be named.
        match self.kept(number) {
            Ok(Kept::Entry(named)) if named == name => {}
            Ok(_) => self.keyring.remove(name)?,
            Err(_) => {}
        }
        published
    }

    fn publish(&self, number: u32, unique: &str, content: &[u8]) -> Result<()> {
        let folder = self.tree.keys();
        folder.ensure()?;
        publish_once(&folder, &file_name(number), &unique[..ENTRY_NAME_BYTES / 2], content)
    }

    /// The generations under whose keys the files of the tree are encrypted, backups and damaged ones among them.
    fn used_generations(&self) -> Result<Vec<u32>> {
        let mut used = Vec::new();
        for folder in [self.tree.stores(), self.tree.backups()] {
            for (folder, name) in encrypted_files(&folder)? {
                let path = folder.file(&name);
                if !is_present(folder.volume(), &path)? {
                    continue;
                }
                let file = raw(open(folder.volume(), &path, Access::Read)?, &path)?;
                used.extend(generations_of(file)?);
            }
        }
        used.sort_unstable();
        Ok(used)
    }
}

/// What may be encrypted in the folders of stores or backups in a folder.
fn encrypted_files(folder: &Folder) -> Result<Vec<(Folder, String)>> {
    let mut files = Vec::new();
    if !folder.exists()? {
        return Ok(files);
    }
    for name in texts(folder)?.into_iter().filter(|name| is_store_folder(name)) {
        let inner = folder.inner(name);
        match folder.volume().kind(inner.path()) {
            Ok(Kind::Folder) => {}
            Ok(_) => continue,
            Err(error) if is_absent(&error) => continue,
            Err(error) => return Err(failed(inner.path(), error)),
        }
        let names = texts(&inner)?.into_iter();
        let names = names.filter(|name| StoreFile::is_name(name) || backups::is_file_name(name));
        files.extend(names.map(|name| (inner.clone(), name)));
    }
    Ok(files)
}

fn texts(folder: &Folder) -> Result<Vec<String>> {
    Ok(folder.names()?.into_iter().filter_map(|name| name.into_string().ok()).collect())
}

/// The generations in a superblock. With a superblock that is damaged, the key went too.
fn generations_of(file: RawFile) -> Result<Vec<u32>> {
    match StoreBackend::identify(file) {
        Ok(found) => {
            let generations = found.wraps.iter().flatten().map(|wrap| wrap.generation);
            Ok(generations.filter(|generation| *generation != GIVEN).collect())
        }
        Err(error) if error.kind() == ErrorKind::Corrupted => Ok(Vec::new()),
        Err(error) => Err(error),
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

fn unmade(why: &str) -> Error {
    Error::new(ErrorKind::KeyUnavailable, format!("No root key could be made for the encrypted stores: {why}."))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tempfile::TempDir;

    use super::*;
    use crate::disk::interrupted::Interrupted;
    use crate::disk::keyring::Keyring;
    use crate::disk::root_key::RootKey;
    use crate::disk::superblock::Identity;
    use crate::disk::system_keyring::MemoryKeyring;
    use crate::disk::volume::{SharedVolume, system};

    /// One process's view of a folder and of a keyring that others use too.
    #[derive(Clone)]
    struct Process {
        tree: Tree,
        keyring: Arc<MemoryKeyring>,
    }

    impl Process {
        fn newest(&self, place: Place) -> Result<u32> {
            RootKeys { tree: &self.tree, keyring: &*self.keyring }.newest(place)
        }

        fn read(&self, generation: u32) -> Zeroizing<Vec<u8>> {
            RootKeys { tree: &self.tree, keyring: &*self.keyring }.read(generation).unwrap()
        }

        /// Makes the head of a store that is encrypted under the newest key.
        fn make_store(&self, name: &str) {
            self.tree.stores().ensure().unwrap();
            let folder = self.tree.store(name);
            folder.ensure().unwrap();
            let keys = Keyring::new(self.tree.clone(), RootKey::in_file());
            let file = StoreFile::create_temporary(&folder).unwrap();
            StoreBackend::create(file, Identity::example(name, true), &keys).unwrap();
            StoreFile::publish(&folder).unwrap();
        }
    }

    /// At each call of one process that wants a key, another one does something whole; gives the first one's answer.
    fn at_each_call(first: Place, second: fn(&Process), check: impl Fn(&Process, u32)) {
        for call in 0.. {
            let folder = TempDir::new().unwrap();
            let keyring = MemoryKeyring::new();
            let process = |volume: &SharedVolume| Process {
                tree: Tree::resolve(volume, folder.path()).unwrap(),
                keyring: Arc::clone(&keyring),
            };
            let other = process(&system());
            let volume = Interrupted::at(call, system(), {
                let other = other.clone();
                move || second(&other)
            });
            let shared: SharedVolume = volume.clone();
            let newest = process(&shared).newest(first);
            if !volume.happened() {
                assert!(call > 5, "the test interrupts nothing");
                return;
            }
            let newest = newest.unwrap_or_else(|error| panic!("interrupted before call {call}: {error}"));
            check(&other, newest);
        }
    }

    fn names(process: &Process) -> Vec<String> {
        let mut names = texts(&process.tree.keys()).unwrap();
        names.sort_unstable();
        names
    }

    #[test]
    fn two_processes_that_make_the_first_key_agree_on_one() {
        at_each_call(
            Place::File,
            |other| assert_eq!(other.newest(Place::File).unwrap(), FIRST),
            |process, newest| {
                assert_eq!(newest, FIRST);
                assert_eq!(process.newest(Place::File).unwrap(), FIRST);
                assert_eq!(names(process), ["root.1"]);
            },
        );
    }

    #[test]
    fn a_key_that_is_made_and_used_meanwhile_is_not_taken_for_a_lost_one() {
        at_each_call(
            Place::File,
            |other| other.make_store("other"),
            |process, newest| {
                assert_eq!(newest, FIRST);
                assert_eq!(names(process), ["root.1"]);
            },
        );
    }

    #[test]
    fn two_processes_that_make_a_key_in_the_keyring_leave_one_there() {
        at_each_call(
            Place::SystemKeyring,
            |other| assert_eq!(other.newest(Place::SystemKeyring).unwrap(), FIRST),
            |process, newest| {
                assert_eq!(newest, FIRST);
                assert_eq!(process.keyring.secrets().len(), 1);
                process.read(FIRST);
            },
        );
    }

    #[test]
    fn of_two_keys_in_two_places_each_gets_a_number() {
        at_each_call(
            Place::SystemKeyring,
            |other| assert!(other.newest(Place::File).is_ok()),
            |process, newest| {
                let file = process.newest(Place::File).unwrap();
                assert_eq!(newest + file, FIRST + FIRST + 1);
                assert_ne!(process.read(newest), process.read(file));
                assert_eq!(names(process), ["root.1", "root.2"]);
            },
        );
    }
}
