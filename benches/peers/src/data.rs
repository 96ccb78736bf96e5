//! Keys and values: the same for both stores, the same in every run.

/// Bytes of a value of the rows.
pub const VALUE_BYTES: usize = 100;
/// Rows of one batch of the bulk load.
const LOAD_BATCH: u64 = 1_000;
/// Entries of a list.
pub const LIST_ENTRIES: u64 = 100;
/// Values are cut from this much random content, at random places.
const POOL_BYTES: usize = 5 * 1024 * 1024;
const SMALL_POOL_BYTES: usize = 64 * 1024;

/// A step of the splitmix64 generator. It maps different numbers to different numbers.
pub fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The key of a row: 21 bytes, in no order, so that filling a store row by row leaves the tree that random writes leave.
pub fn key(row: u64) -> String {
    key_of_place(mix(row))
}

/// The key at a place of the order of keys.
pub fn key_of_place(place: u64) -> String {
    format!("user:{place:016x}")
}

/// What stores are filled with. Both have the scale's number of entries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Set {
    /// Keys in no order.
    Rows,
    /// Lists of a hundred entries with a prefix each, in the order of the keys.
    Lists,
}

impl Set {
    /// What the stores that hold it are called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Lists => "lists",
        }
    }

    /// The key of an entry.
    pub fn key(self, number: u64) -> String {
        match self {
            Self::Rows => key(number),
            Self::Lists => format!("{}{:05}", list_prefix(number / LIST_ENTRIES), number % LIST_ENTRIES),
        }
    }

    /// All its entries, batch after batch.
    pub fn batches(self, pool: &Pool, rows: u64) -> impl Iterator<Item = Vec<(String, Vec<u8>)>> {
        (0..rows.div_ceil(LOAD_BATCH)).map(move |batch| {
            let numbers = batch * LOAD_BATCH..rows.min((batch + 1) * LOAD_BATCH);
            numbers.map(|number| (self.key(number), pool.value(number, VALUE_BYTES).to_vec())).collect()
        })
    }
}

/// The prefix of the keys of a list.
pub fn list_prefix(list: u64) -> String {
    format!("list:{list:010}:")
}

/// A key that no row has: it lies between those of two rows.
pub fn missing_key(row: u64) -> String {
    key(row) + "x"
}

/// The places of all rows, ascending: neighbours here share leaves.
pub fn places_in_order(rows: u64) -> Vec<u64> {
    let mut places: Vec<u64> = (0..rows).map(mix).collect();
    places.sort_unstable();
    places
}

/// Incompressible content to cut values from.
pub struct Pool {
    bytes: Vec<u8>,
}

impl Pool {
    /// Random content.
    pub fn new() -> Self {
        Self::of(POOL_BYTES)
    }

    /// Enough for values of the rows.
    pub fn small() -> Self {
        Self::of(SMALL_POOL_BYTES)
    }

    fn of(bytes: usize) -> Self {
        Self { bytes: (0..bytes as u64 / 8).flat_map(|word| mix(!word).to_le_bytes()).collect() }
    }

    /// A value of `length` bytes; another for another number.
    pub fn value(&self, number: u64, length: usize) -> &[u8] {
        let room = (self.bytes.len() - length) as u64;
        let at = (mix(number) % room.max(1)) as usize;
        &self.bytes[at..at + length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_21_bytes_and_differ() {
        let keys: std::collections::BTreeSet<String> = (0..1000).map(key).collect();
        assert!(keys.len() == 1000 && keys.iter().all(|key| key.len() == 21));
        assert_eq!(Set::Lists.key(123_456), "list:0000001234:00056");
    }

    #[test]
    fn the_longest_value_fits_the_pool() {
        assert_eq!(Pool::new().value(7, dkv::limits::VALUE_BYTES_MAX).len(), dkv::limits::VALUE_BYTES_MAX);
    }
}
