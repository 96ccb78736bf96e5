//! Turns: the machine's moods must hit both stores alike.

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

/// Neighbouring turns: what dkv and what raw redb took for the same work.
pub struct Series {
    pairs: Vec<(Spent, Spent)>,
}

/// Two figures and how they compare.
#[derive(Clone, Copy)]
pub struct Comparison {
    /// What dkv took.
    pub dkv: f64,
    /// What raw redb took.
    pub redb: f64,
    /// The first divided by the second.
    pub ratio: f64,
}

/// Runs both in turns, the one that goes first changing with every turn. Each is told the number of the turn.
pub fn interleave(
    rounds: Rounds,
    mut dkv: impl FnMut(u64) -> Result<Spent>,
    mut redb: impl FnMut(u64) -> Result<Spent>,
) -> Result<Series> {
    let mut pairs = Vec::with_capacity(rounds.counted);
    for round in 0..(rounds.warm_up + rounds.counted) as u64 {
        let pair = if round % 2 == 0 {
            let first = dkv(round)?;
            (first, redb(round)?)
        } else {
            let first = redb(round)?;
            (dkv(round)?, first)
        };
        if round >= rounds.warm_up as u64 {
            pairs.push(pair);
        }
    }
    Ok(Series { pairs })
}

impl Series {
    /// Compares a figure that the machine's moods move: medians, and the median of the ratios of neighbouring turns.
    pub fn compare(&self, figure: impl Fn(&Spent) -> f64) -> Comparison {
        let (dkv, redb) = self.figures(figure);
        let ratios: Vec<f64> = dkv.iter().zip(&redb).map(|(dkv, redb)| ratio(*dkv, *redb)).collect();
        Comparison { dkv: median(&dkv), redb: median(&redb), ratio: median(&ratios) }
    }

    /// Compares a figure that is counted and not timed: means, so that what happens every tenth turn shows.
    pub fn compare_counts(&self, figure: impl Fn(&Spent) -> f64) -> Comparison {
        let (dkv, redb) = self.figures(figure);
        let (dkv, redb) = (mean(&dkv), mean(&redb));
        Comparison { dkv, redb, ratio: ratio(dkv, redb) }
    }

    /// The figures of both, turn by turn.
    pub fn figures(&self, figure: impl Fn(&Spent) -> f64) -> (Vec<f64>, Vec<f64>) {
        self.pairs.iter().map(|(dkv, redb)| (figure(dkv), figure(redb))).unzip()
    }
}

/// `dkv` divided by `redb`.
pub fn ratio(dkv: f64, redb: f64) -> f64 {
    if redb > 0.0 { dkv / redb } else { f64::NAN }
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
        let series = interleave(rounds, |round| Ok(spent(200 * mood(round))), |round| Ok(spent(100 * mood(round))));
        let wall = series.map(|series| series.compare(|spent| spent.wall_us(1)));
        assert!(wall.is_ok_and(|wall| (wall.ratio - 2.0).abs() < 1e-9));
    }
}
