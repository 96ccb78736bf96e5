//! All stores of a comparison, and the turns that they take.

use std::cell::Cell;
use std::time::Duration;

use crate::Result;
use crate::clock::{Spent, process_cpu};
use crate::interleave::{Comparison, Rounds, Runner, Series, take_turns};
use crate::peer::{Engine, Kind};

/// Between two looks at whether the stores rest.
const LOOK: Duration = Duration::from_millis(200);
/// Less work than this between two looks is rest.
const REST: Duration = Duration::from_millis(10);
const LOOKS_MAX: usize = 150;

/// Opens a store of this kind.
pub type Open<'a> = &'a dyn Fn(Kind) -> Result<Box<dyn Engine>>;
/// The work of a turn: by whom, on which store, in which round.
pub type Work<'a> = &'a dyn Fn(&'static str, &dyn Engine, u64) -> Result<Spent>;

/// Open stores with the same content, dkv first.
pub struct Field {
    stores: Vec<(&'static str, Box<dyn Engine>)>,
}

impl Field {
    /// Opens each and lets them come to rest: some merge their files when they are opened.
    pub fn open(kinds: &[Kind], open: Open<'_>) -> Result<Self> {
        let stores = kinds.iter().map(|kind| Ok((kind.name(), open(*kind)?))).collect::<Result<Vec<_>>>()?;
        rest();
        Ok(Self { stores })
    }

    /// The stores.
    pub fn stores(&self) -> impl Iterator<Item = &dyn Engine> {
        self.stores.iter().map(|(_, store)| store.as_ref())
    }

    /// Has each do the work of a turn, again and again.
    pub fn take_turns(&self, rounds: Rounds, work: Work<'_>) -> Result<Series> {
        take_turns(rounds, self.runners(work))
    }

    /// Each with the work of a turn.
    pub fn runners<'a>(&'a self, work: Work<'a>) -> Vec<Runner<'a>> {
        let runner = |(name, store): &'a (&'static str, Box<dyn Engine>)| {
            Runner::new(name, move |round| work(name, store.as_ref(), round))
        };
        self.stores.iter().map(runner).collect()
    }
}

/// Turns of stores that write.
///
/// Those that merge files in the background take turns with dkv alone, one after the other: in a common series their
/// merging would fall into anybody's turns.
pub struct Contest {
    trees: Turns,
    merging: Vec<Turns>,
}

/// A series, and what was written in dkv's turns by somebody else: merging goes on.
struct Turns {
    series: Series,
    stray_bytes: f64,
}

impl Contest {
    /// Has all stores do the work. `prepare` is told of each before it is measured.
    pub fn run(
        rounds: Rounds,
        open: Open<'_>,
        prepare: &dyn Fn(&dyn Engine) -> Result<()>,
        work: Work<'_>,
    ) -> Result<Self> {
        let turns = |kinds: &[Kind]| {
            let field = Field::open(kinds, open)?;
            field.stores().try_for_each(prepare)?;
            Turns::take(&field, rounds, work)
        };
        let merging = |kind: &Kind| turns(&[Kind::Dkv, *kind]);
        Ok(Self { trees: turns(&Kind::TREES)?, merging: Kind::merging().iter().map(merging).collect::<Result<_>>()? })
    }

    /// Compares a figure that the machine's moods move.
    pub fn compare(&self, figure: impl Fn(&Spent) -> f64) -> Comparison {
        self.joined(|series| series.compare(&figure))
    }

    /// Compares one figure of all turns of each.
    pub fn compare_by(&self, figure: impl Fn(&Spent) -> f64, of_all: impl Fn(&[f64]) -> f64) -> Comparison {
        self.joined(|series| series.compare_by(&figure, &of_all))
    }

    /// Compares the bytes that each wrote for one of `count` operations. dkv counts its own; what is left of the process's
    /// bytes is the others'.
    pub fn written(&self, count: u64) -> Comparison {
        let of = |turns: &Turns| {
            let both = turns.series.compare_counts(|spent| spent.bytes(count));
            let stray_bytes = turns.stray_bytes / (turns.series.len() as u64 * count) as f64;
            let peers = both.peers.iter().map(|peer| (peer.name, peer.figure + stray_bytes));
            let (names, figures): (Vec<_>, Vec<_>) = std::iter::once(("dkv", both.dkv)).chain(peers).unzip();
            Comparison::of(&names, &figures)
        };
        // The trees write nothing between their turns: what strays there is nobody's.
        let trees = self.trees.series.compare_counts(|spent| spent.bytes(count));
        self.merging.iter().map(of).fold(trees, Comparison::and)
    }

    fn joined(&self, compare: impl Fn(&Series) -> Comparison) -> Comparison {
        let merging = self.merging.iter().map(|turns| compare(&turns.series));
        merging.fold(compare(&self.trees.series), Comparison::and)
    }
}

impl Turns {
    fn take(field: &Field, rounds: Rounds, work: Work<'_>) -> Result<Self> {
        let stray_bytes = Cell::new(0);
        let series = field.take_turns(rounds, &|name, store, round| {
            let before = store.written_bytes();
            let mut spent = work(name, store, round)?;
            if let (Some(before), Some(after)) = (before, store.written_bytes()) {
                let all = std::mem::replace(&mut spent.written_bytes, after - before);
                let is_counted = round >= rounds.warm_up as u64;
                stray_bytes.set(stray_bytes.get() + if is_counted { all.saturating_sub(after - before) } else { 0 });
            }
            Ok(spent)
        })?;
        Ok(Self { series, stray_bytes: stray_bytes.get() as f64 })
    }
}

/// Waits until this process does next to nothing.
pub fn rest() {
    for _ in 0..LOOKS_MAX {
        let before = process_cpu();
        std::thread::sleep(LOOK);
        if process_cpu().saturating_sub(before) < REST {
            return;
        }
    }
}
