//! The hybrid logical clock that stamps every write.

/// A moment of the hybrid logical clock: 48 bits of milliseconds since 1970, 16 bits of counter.
///
/// It follows the wall clock where that goes forward and counts on from the last stamp where it does not, so stamps of
/// one store only ever grow, also across a reopen and a clock that was set back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The moment with these bits, as stored.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The bits to store.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The stamp that follows this one when the wall clock shows `wall_ms`.
    ///
    /// A counter that overflows carries into the milliseconds, which keeps the order.
    #[must_use]
    pub fn next(self, wall_ms: u64) -> Self {
        let wall = wall_ms.min((1 << 48) - 1) << 16;
        Self(wall.max(self.0.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn stamps_grow_when_the_wall_clock_stands_still_or_goes_back() {
        let first = Timestamp::default().next(1_000);
        let second = first.next(1_000);
        let third = second.next(5);
        assert!(first < second && second < third);
        assert_eq!(third.bits() >> 16, 1_000);
        assert_eq!(third.next(2_000).bits(), 2_000 << 16);
    }

    #[test]
    fn a_full_counter_carries_into_the_milliseconds() {
        let full = Timestamp::from_bits((7 << 16) | 0xffff);
        assert_eq!(full.next(7).bits(), 8 << 16);
    }
}
