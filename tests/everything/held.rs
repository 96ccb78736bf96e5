//! Result sets and streams that a run keeps, beside the entries that they must show for as long as they are open.

use std::collections::VecDeque;

use dkv::{Entry, EntryStream, Outcome, ResultSet};

use crate::common::Random;
use crate::model::{Expected, Model};

/// What is open.
#[derive(Default)]
pub struct Held {
    sets: Vec<(ResultSet, Vec<Entry>)>,
    streams: Vec<(EntryStream, VecDeque<Entry>)>,
}

impl Held {
    /// Keeps what an operation opened.
    pub fn keep(&mut self, expected: Expected, answer: dkv::Result<Outcome>) {
        match (expected, answer) {
            (Expected::Set(entries), Ok(Outcome::ResultSet(set))) => self.sets.push((set, entries)),
            (Expected::Stream(entries), Ok(Outcome::EntryStream(stream))) => {
                self.streams.push((stream, entries.into()))
            }
            _ => {}
        }
    }

    /// Uses one of what is open, or ends it.
    pub fn stir(&mut self, random: &mut Random, model: &mut Model) {
        if !self.sets.is_empty() && random.one_in(2) {
            let chosen = random.below(self.sets.len());
            walk(&self.sets[chosen], random);
            if random.one_in(3) {
                let (set, _) = self.sets.swap_remove(chosen);
                if random.one_in(2) {
                    set.close().unwrap()
                } else {
                    drop(set)
                }
                model.sets -= 1;
            }
        } else if !self.streams.is_empty() {
            let chosen = random.below(self.streams.len());
            let (stream, left) = &mut self.streams[chosen];
            for _ in 0..random.below(6) {
                assert_eq!(stream.next().transpose().unwrap(), left.pop_front());
            }
            if random.one_in(3) {
                self.streams.swap_remove(chosen);
                model.streams -= 1;
            }
        }
    }

    /// Walks through everything that is open, to its end, and ends it.
    pub fn finish(&mut self, model: &mut Model) {
        for (set, entries) in self.sets.drain(..) {
            set.move_to(-1).unwrap();
            let walked = std::iter::from_fn(|| set.move_to_next().unwrap().then(|| set.entry().unwrap().unwrap()));
            assert!(walked.eq(entries), "a result set stays as it was");
            model.sets -= 1;
        }
        for (stream, left) in self.streams.drain(..) {
            assert!(stream.map(Result::unwrap).eq(left), "a stream stays as it was");
            model.streams -= 1;
        }
    }
}

/// Moves to random positions, and looks at the entries there.
fn walk((set, entries): &(ResultSet, Vec<Entry>), random: &mut Random) {
    let count = entries.len() as i64;
    assert_eq!(set.count().unwrap(), count);
    for _ in 0..random.below(5) {
        let position = random.below(entries.len() + 3) as i64 - 1;
        assert_eq!(set.move_to(position).unwrap(), (0..count).contains(&position));
        let expected = usize::try_from(position).ok().and_then(|position| entries.get(position));
        assert_eq!(set.entry().unwrap().as_ref(), expected);
    }
}
