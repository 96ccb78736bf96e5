//! Documents: a long value in the middle of short ones, as an attachment lies among the fields of its record.
//!
//! The short ones come first. So redb's leaf of a long value holds short ones too, and a put of one of them shows what
//! the long value costs its neighbours.

use crate::Result;
use crate::bench::Bench;
use crate::clock::spend;
use crate::data::VALUE_BYTES;
use crate::interleave::{Rounds, Series, interleave};
use crate::peer::Pair;

const PARTS: u64 = 7;
const LONG_PART: u64 = 3;

/// Two stores with the same documents.
pub struct Documents<'bench> {
    bench: &'bench Bench,
    pair: Pair,
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
    /// Two stores with `count` documents, each with one value of `long_bytes`.
    pub fn new(bench: &'bench Bench, name: &str, count: u64, long_bytes: usize) -> Result<Self> {
        let pair = bench.fresh(name)?;
        let documents = Self { bench, pair, count, long_bytes };
        let short_parts = (0..PARTS).filter(|part| *part != LONG_PART);
        let keys = short_parts.flat_map(|part| (0..count).map(move |document| key(document, part)));
        let entries: Vec<_> =
            (0..).zip(keys).map(|(number, key)| (key, documents.value(number, VALUE_BYTES))).collect();
        documents.pair.redb.put_group(&entries)?;
        documents.pair.dkv.put_group(entries)?;
        (0..count).try_for_each(|document| {
            let entries = documents.entries(Part::Long, 1, document);
            documents.pair.redb.put_group(&entries)?;
            documents.pair.dkv.put_group(entries)
        })?;
        Ok(documents)
    }

    /// Replaces this part of `puts` documents a turn, as one awaited operation, document after document.
    pub fn put_in_turns(&self, rounds: Rounds, part: Part, puts: u64) -> Result<Series> {
        interleave(
            rounds,
            |round| {
                let entries = self.entries(part, puts, round);
                spend(|| self.pair.dkv.put_group(entries))
            },
            |round| {
                let entries = self.entries(part, puts, round);
                spend(|| self.pair.redb.put_group(&entries))
            },
        )
    }

    fn entries(&self, part: Part, puts: u64, round: u64) -> Vec<(String, Vec<u8>)> {
        let (part, length) = match part {
            Part::Long => (LONG_PART, self.long_bytes),
            Part::Beside => (LONG_PART - 1, VALUE_BYTES),
        };
        let numbers = round * puts..(round + 1) * puts;
        numbers.map(|number| (key(number % self.count, part), self.value(number, length))).collect()
    }

    fn value(&self, number: u64, length: usize) -> Vec<u8> {
        self.bench.pool.value(number, length).to_vec()
    }

    /// Closes both stores.
    pub fn close(self) -> Result<()> {
        self.pair.close()
    }
}

fn key(document: u64, part: u64) -> String {
    format!("doc:{document:013}:{part:03}")
}
