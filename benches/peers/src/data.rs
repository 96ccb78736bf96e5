//! Keys and values: the same for both stores, the same in every run.

/// Bytes of a value of the rows.
pub const VALUE_BYTES: usize = 100;
/// Values are cut from this much random content, at random places.
const POOL_BYTES: usize = 5 * 1024 * 1024;

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
        Self { bytes: (0..POOL_BYTES as u64 / 8).flat_map(|word| mix(!word).to_le_bytes()).collect() }
    }

    /// A value of `length` bytes; another for another number.
    pub fn value(&self, number: u64, length: usize) -> &[u8] {
        let room = (POOL_BYTES - length) as u64;
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
    }

    #[test]
    fn the_longest_value_fits_the_pool() {
        assert_eq!(Pool::new().value(7, dkv::limits::VALUE_BYTES_MAX).len(), dkv::limits::VALUE_BYTES_MAX);
    }
}
