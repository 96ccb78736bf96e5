//! Handles: they look like pointers, but their bits are a noun, a place in a table and a generation.
//!
//! Nobody dereferences them, so a closed, freed or forged handle gives an error. A place is used again with the next
//! generation; one whose generations are used up stays empty.

use std::sync::Arc;

use crate::concurrency::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use crate::error::{Error, ErrorKind, Result};

const NOUN_BITS: u32 = 4;
const PLACE_BITS: u32 = if usize::BITS >= 64 { 20 } else { 12 };
const GENERATION_BITS: u32 = if usize::BITS >= 64 { 23 } else { 16 };
const PLACES_MAX: usize = 1 << PLACE_BITS;
const GENERATIONS_MAX: usize = 1 << GENERATION_BITS;

/// All handles of one noun.
pub struct Table<T> {
    noun: usize,
    name: &'static str,
    places: RwLock<Places<T>>,
}

struct Places<T> {
    entries: Vec<Entry<T>>,
    free: Vec<usize>,
}

struct Entry<T> {
    generation: usize,
    value: Option<Arc<T>>,
}

impl<T> Table<T> {
    /// An empty table. `noun` is 1 to 15 and differs from those of all other tables.
    pub const fn new(noun: usize, name: &'static str) -> Self {
        assert!(noun > 0 && noun < 1 << NOUN_BITS);
        Self { noun, name, places: RwLock::new(Places { entries: Vec::new(), free: Vec::new() }) }
    }

    fn read(&self) -> RwLockReadGuard<'_, Places<T>> {
        self.places.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Places<T>> {
        self.places.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A handle for `value`.
    pub fn insert(&self, value: Arc<T>) -> Result<usize> {
        let mut places = self.write();
        let place = match places.free.pop() {
            Some(place) => place,
            None if places.entries.len() < PLACES_MAX => {
                places.entries.push(Entry { generation: 0, value: None });
                places.entries.len() - 1
            }
            None => {
                let message = format!("Over max limits. There are {PLACES_MAX} {} handles, free some.", self.name);
                return Err(Error::new(ErrorKind::OverLimits, message));
            }
        };
        let entry = &mut places.entries[place];
        entry.generation += 1;
        entry.value = Some(value);
        Ok(self.encode(place, entry.generation))
    }

    /// What a handle stands for.
    ///
    /// # Errors
    ///
    /// `Closed` for a handle that was closed or freed, `InvalidArgument` for NULL and for what never was a handle.
    pub fn get(&self, handle: usize) -> Result<Arc<T>> {
        let (place, generation) = self.decode(handle)?;
        let places = self.read();
        let entry = places.entries.get(place).ok_or_else(|| self.forged())?;
        match &entry.value {
            Some(value) if entry.generation == generation => Ok(Arc::clone(value)),
            _ if generation <= entry.generation => Err(Error::closed()),
            _ => Err(self.forged()),
        }
    }

    /// Takes what a handle stands for out of the table. The handle is dead from then on.
    ///
    /// # Errors
    ///
    /// As [`Table::get`].
    pub fn remove(&self, handle: usize) -> Result<Arc<T>> {
        let (place, generation) = self.decode(handle)?;
        let mut places = self.write();
        let entry = places.entries.get_mut(place).ok_or_else(|| self.forged())?;
        if generation > entry.generation {
            return Err(self.forged());
        }
        if generation != entry.generation {
            return Err(Error::closed());
        }
        let value = entry.value.take().ok_or_else(Error::closed)?;
        if entry.generation + 1 < GENERATIONS_MAX {
            places.free.push(place);
        }
        Ok(value)
    }

    /// Takes out everything for which `doomed` says so.
    pub fn remove_if(&self, doomed: impl Fn(&T) -> bool) -> Vec<Arc<T>> {
        let handles: Vec<usize> = {
            let places = self.read();
            let alive = places.entries.iter().enumerate();
            let doomed = alive.filter(|(_, entry)| entry.value.as_ref().is_some_and(|value| doomed(value)));
            doomed.map(|(place, entry)| self.encode(place, entry.generation)).collect()
        };
        handles.into_iter().filter_map(|handle| self.remove(handle).ok()).collect()
    }

    fn encode(&self, place: usize, generation: usize) -> usize {
        self.noun | place << NOUN_BITS | generation << (NOUN_BITS + PLACE_BITS)
    }

    fn decode(&self, handle: usize) -> Result<(usize, usize)> {
        if handle == 0 {
            return Err(super::ptr::null(self.name));
        }
        let noun = handle & ((1 << NOUN_BITS) - 1);
        let place = handle >> NOUN_BITS & (PLACES_MAX - 1);
        let generation = handle >> (NOUN_BITS + PLACE_BITS);
        if noun != self.noun || generation == 0 || generation >= GENERATIONS_MAX {
            return Err(self.forged());
        }
        Ok((place, generation))
    }

    fn forged(&self) -> Error {
        Error::invalid_argument(format!(
            "Parameter error: the {0} is not one that the library gave out as {0}.",
            self.name
        ))
    }
}

#[cfg(all(test, shuttle))]
#[path = "../models/handle.rs"]
mod models;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_and_forged_handles_are_told_apart() {
        let table: Table<&str> = Table::new(3, "thing");
        let first = table.insert(Arc::new("first")).unwrap();
        assert_eq!(*table.get(first).unwrap(), "first");
        table.remove(first).unwrap();
        assert_eq!(table.get(first).unwrap_err().kind(), ErrorKind::Closed);
        let second = table.insert(Arc::new("second")).unwrap();
        assert_ne!(first, second);
        assert_eq!(table.remove(first).unwrap_err().kind(), ErrorKind::Closed);
        let other: Table<&str> = Table::new(4, "other");
        for forged in [0, 1, 0x1234, usize::MAX, second + (1 << NOUN_BITS), second + (1 << (NOUN_BITS + PLACE_BITS))] {
            assert_eq!(table.get(forged).unwrap_err().kind(), ErrorKind::InvalidArgument, "{forged:x}");
        }
        assert_eq!(other.get(second).unwrap_err().kind(), ErrorKind::InvalidArgument);
    }

    #[test]
    fn a_place_whose_generations_are_used_up_is_not_used_again() {
        let table: Table<u8> = Table::new(1, "thing");
        let mut last = 0;
        for _ in 1..GENERATIONS_MAX.min(1 << 16) {
            last = table.insert(Arc::new(0)).unwrap();
            table.remove(last).unwrap();
        }
        table.write().entries[0].generation = GENERATIONS_MAX - 2;
        let final_one = table.insert(Arc::new(0)).unwrap();
        table.remove(final_one).unwrap();
        let next = table.insert(Arc::new(0)).unwrap();
        assert_ne!(next >> NOUN_BITS & (PLACES_MAX - 1), last >> NOUN_BITS & (PLACES_MAX - 1));
    }
}
