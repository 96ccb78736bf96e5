//! Turns: the machine's moods must hit all stores alike.

use crate::Result;
use crate::clock::Spent;
use crate::stats::{mean, median};

/// How many turns are counted, and how many before them are not.
#[derive(Clone, Copy)]
pub struct Rounds {
    /// Turns whose figures are dropped: caches fill, files grow to their size.
    pub warm_up: usize,
    /// Turns that count.
    pub counted: usize,
}

/// One who takes turns: a name, and the work of a turn, which is told the number of the turn.
pub struct Runner<'work> {
    name: &'static str,
    work: Box<dyn FnMut(u64) -> Result<Spent> + 'work>,
}

impl<'work> Runner<'work> {
    /// One who does this work.
    pub fn new(name: &'static str, work: impl FnMut(u64) -> Result<Spent> + 'work) -> Self {
        Self { name, work: Box::new(work) }
    }
}

/// Neighbouring turns: what each took for the same work.
pub struct Series {
    names: Vec<&'static str>,
    /// In the order of the names, for each turn.
    turns: Vec<Vec<Spent>>,
}

/// A figure of dkv beside those of others.
#[derive(Clone, Default)]
pub struct Comparison {
    /// What dkv took.
    pub dkv: f64,
    /// What the others took.
    pub peers: Vec<Against>,
}

/// A figure of one that dkv is compared with.
#[derive(Clone, Copy)]
pub struct Against {
    /// Who it is.
    pub name: &'static str,
    /// What it took.
    pub figure: f64,
    /// What dkv took, divided by that.
    pub ratio: f64,
}

/// Runs dkv and raw redb in turns.
pub fn interleave(
    rounds: Rounds,
    dkv: impl FnMut(u64) -> Result<Spent>,
    redb: impl FnMut(u64) -> Result<Spent>,
) -> Result<Series> {
    take_turns(rounds, vec![Runner::new("dkv", dkv), Runner::new("redb", redb)])
}

/// Runs all in turns, another one going first in every turn. The first is dkv.
pub fn take_turns(rounds: Rounds, mut runners: Vec<Runner<'_>>) -> Result<Series> {
    let count = runners.len();
    let mut turns = Vec::with_capacity(rounds.counted);
    for round in 0..rounds.warm_up + rounds.counted {
        let mut turn = vec![Spent::default(); count];
        for place in 0..count {
            let at = (round + place) % count;
            turn[at] = (runners[at].work)(round as u64)?;
        }
        if round >= rounds.warm_up {
            turns.push(turn);
        }
    }
    Ok(Series { names: runners.iter().map(|runner| runner.name).collect(), turns })
}

impl Series {
    /// The number of its turns.
    pub fn len(&self) -> usize {
        self.turns.len()
    }

    /// Compares a figure that the machine's moods move: medians, and the median of the ratios of neighbouring turns.
    pub fn compare(&self, figure: impl Fn(&Spent) -> f64) -> Comparison {
        let all = self.figures(figure);
        let ratio_of = |peer: &[f64]| {
            let ratios: Vec<f64> = all[0].iter().zip(peer).map(|(dkv, peer)| ratio(*dkv, *peer)).collect();
            median(&ratios)
        };
        let against =
            |(name, peer): (&&'static str, &Vec<f64>)| Against { name, figure: median(peer), ratio: ratio_of(peer) };
        Comparison { dkv: median(&all[0]), peers: self.names.iter().zip(&all).skip(1).map(against).collect() }
    }

    /// Compares a figure that is counted and not timed: means, so that what happens every tenth turn shows.
    pub fn compare_counts(&self, figure: impl Fn(&Spent) -> f64) -> Comparison {
        self.compare_by(figure, mean)
    }

    /// Compares one figure of all turns of each.
    pub fn compare_by(&self, figure: impl Fn(&Spent) -> f64, of_all: impl Fn(&[f64]) -> f64) -> Comparison {
        Comparison::of(&self.names, &self.figures(figure).iter().map(|turns| of_all(turns)).collect::<Vec<f64>>())
    }

    /// The figures of each, turn by turn.
    fn figures(&self, figure: impl Fn(&Spent) -> f64) -> Vec<Vec<f64>> {
        (0..self.names.len()).map(|at| self.turns.iter().map(|turn| figure(&turn[at])).collect()).collect()
    }
}

impl Comparison {
    /// A figure for each name, the first of which is dkv.
    pub fn of(names: &[&'static str], figures: &[f64]) -> Self {
        let dkv = figures.first().copied().unwrap_or(f64::NAN);
        let against =
            |(name, figure): (&&'static str, &f64)| Against { name, figure: *figure, ratio: ratio(dkv, *figure) };
        Self { dkv, peers: names.iter().zip(figures).skip(1).map(against).collect() }
    }

    /// A figure of dkv alone.
    pub fn alone(dkv: f64) -> Self {
        Self { dkv, peers: Vec::new() }
    }

    /// With the peers of another comparison, each of which stays beside the turns of dkv that were its neighbours.
    pub fn and(mut self, other: Self) -> Self {
        self.peers.extend(other.peers);
        self
    }
}

/// `dkv` divided by `peer`.
fn ratio(dkv: f64, peer: f64) -> f64 {
    if peer > 0.0 { dkv / peer } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_mood_that_hits_neighbours_alike_leaves_the_ratio() {
        let spent = |us: u64| Spent { wall: Duration::from_micros(us), ..Spent::default() };
        let mood = |round: u64| if round > 2 { 30 } else { 1 };
        let rounds = Rounds { warm_up: 1, counted: 5 };
        let runner = |name, us: u64| Runner::new(name, move |round| Ok(spent(us * mood(round))));
        let series = take_turns(rounds, vec![runner("dkv", 200), runner("one", 100), runner("other", 400)]);
        let wall = series.map(|series| series.compare(|spent| spent.wall_us(1))).unwrap_or_default();
        let ratios: Vec<f64> = wall.peers.iter().map(|peer| peer.ratio).collect();
        assert_eq!(ratios, [2.0, 0.5]);
    }
}
