//! Locks of files, held by openings.

use std::ops::Bound;

use super::image::FileNumber;

/// Tells the openings of files apart. Two processes never share one.
pub type OpeningNumber = u64;

/// The locks of a volume.
#[derive(Debug, Default)]
pub struct Locks {
    whole: Vec<(FileNumber, OpeningNumber)>,
    ranges: Vec<RangeLock>,
}

#[derive(Debug)]
struct RangeLock {
    file: FileNumber,
    owner: OpeningNumber,
    range: (Bound<u64>, Bound<u64>),
    shared: bool,
}

impl Locks {
    /// Takes the lock on a whole file. False if another opening has it.
    pub fn lock(&mut self, file: FileNumber, owner: OpeningNumber) -> bool {
        if let Some((_, holder)) = self.whole.iter().find(|(locked, _)| *locked == file) {
            return *holder == owner;
        }
        self.whole.push((file, owner));
        true
    }

    pub fn unlock(&mut self, owner: OpeningNumber) {
        self.whole.retain(|(_, holder)| *holder != owner);
    }

    /// True if another opening has a lock that does not go together with this one.
    pub fn conflicts(
        &self,
        file: FileNumber,
        owner: OpeningNumber,
        range: (Bound<u64>, Bound<u64>),
        shared: bool,
    ) -> bool {
        self.ranges.iter().any(|lock| {
            lock.file == file && lock.owner != owner && !(shared && lock.shared) && overlap(lock.range, range)
        })
    }

    /// Takes the lock on a range. False if another opening has one in its way.
    pub fn lock_range(
        &mut self,
        file: FileNumber,
        owner: OpeningNumber,
        range: (Bound<u64>, Bound<u64>),
        shared: bool,
    ) -> bool {
        if self.conflicts(file, owner, range, shared) {
            return false;
        }
        self.ranges.push(RangeLock { file, owner, range, shared });
        true
    }

    pub fn unlock_range(&mut self, owner: OpeningNumber, range: (Bound<u64>, Bound<u64>)) {
        self.ranges.retain(|lock| lock.owner != owner || lock.range != range);
    }

    /// Gives back every lock on a range, as redb's own end of a file does.
    pub fn unlock_ranges(&mut self, owner: OpeningNumber) {
        self.ranges.retain(|lock| lock.owner != owner);
    }
}

fn overlap(one: (Bound<u64>, Bound<u64>), other: (Bound<u64>, Bound<u64>)) -> bool {
    first(one) <= last(other) && first(other) <= last(one)
}

fn first(range: (Bound<u64>, Bound<u64>)) -> u64 {
    match range.0 {
        Bound::Unbounded => 0,
        Bound::Included(first) => first,
        Bound::Excluded(before) => before.saturating_add(1),
    }
}

fn last(range: (Bound<u64>, Bound<u64>)) -> u64 {
    match range.1 {
        Bound::Unbounded => u64::MAX,
        Bound::Included(last) => last,
        Bound::Excluded(behind) => behind.saturating_sub(1),
    }
}
