//! Documents: a long value in the middle of short ones, as an attachment lies among the fields of its record.
//!
//! The short ones come first. So redb's leaf of a long value holds short ones too, and a put of one of them shows what
//! the long value costs its neighbours.

use crate::Result;
use crate::data::{Pool, VALUE_BYTES};
use crate::peer::{Engine, Entry};

const PARTS: u64 = 7;
const LONG_PART: u64 = 3;

/// The same documents for every store.
#[derive(Clone, Copy)]
pub struct Documents<'bench> {
    pool: &'bench Pool,
    count: u64,
    long_bytes: usize,
}

/// Which part of a document a turn puts.
#[derive(Clone, Copy)]
pub enum Part {
    /// The long value.
    Long,
    /// The short one before it.
    Beside,
}

impl<'bench> Documents<'bench> {
    /// `count` documents, each with one value of `long_bytes`.
    pub fn new(pool: &'bench Pool, count: u64, long_bytes: usize) -> Self {
        Self { pool, count, long_bytes }
    }

    /// Puts all of them into a store.
    pub fn fill(&self, store: &dyn Engine) -> Result<()> {
        let short_parts = (0..PARTS).filter(|part| *part != LONG_PART);
        let keys = short_parts.flat_map(|part| (0..self.count).map(move |document| key(document, part)));
        store.put((0..).zip(keys).map(|(number, key)| (key, self.value(number, VALUE_BYTES))).collect())?;
        (0..self.count).try_for_each(|document| store.put(self.entries(Part::Long, 1, document)))
    }

    /// What replaces this part of `puts` documents in a turn, document after document.
    pub fn entries(&self, part: Part, puts: u64, round: u64) -> Vec<Entry> {
        let (part, length) = match part {
            Part::Long => (LONG_PART, self.long_bytes),
            Part::Beside => (LONG_PART - 1, VALUE_BYTES),
        };
        let numbers = round * puts..(round + 1) * puts;
        numbers.map(|number| (key(number % self.count, part), self.value(number, length))).collect()
    }

    /// The key of a long value.
    pub fn long_key(&self, number: u64) -> String {
        key(number % self.count, LONG_PART)
    }

    fn value(&self, number: u64, length: usize) -> Vec<u8> {
        self.pool.value(number, length).to_vec()
    }
}

fn key(document: u64, part: u64) -> String {
    format!("doc:{document:013}:{part:03}")
}
