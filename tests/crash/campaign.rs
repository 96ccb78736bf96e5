//! Many crashes of each workload, all from one seed.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use dkv::simulation::{Loss, Random, Volume};

use crate::check::check;
use crate::driver::Flaw;
use crate::workloads::Workload;

/// States of each workload that a plain run of the tests looks at; all workloads together make 20,000.
const STATES_DEFAULT: u64 = 20_000;
/// Crashes that are made of one run of a workload.
const STATES_PER_RUN: u64 = 150;
/// Failures that are shown.
const SHOWN_MAX: usize = 12;
/// One state in so many crashes again, unless a campaign says otherwise.
pub const NESTED_ONE_IN: u64 = 4;

/// What a campaign is asked for, by the variables that `cargo xtask crash` sets.
pub struct Plan {
    pub states: u64,
    pub seed: u64,
    /// Only this state of this run.
    pub only: Option<(u64, u64)>,
}

impl Plan {
    pub fn of_environment() -> Self {
        let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().expect(name));
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let only = std::env::var("DKV_CRASH_ONLY").ok().map(|text| {
            let (run, state) = text.split_once('.').expect("DKV_CRASH_ONLY is RUN.STATE");
            (run.parse().expect("a run"), state.parse().expect("a state"))
        });
        Self {
            states: number("DKV_CRASH_STATES").unwrap_or(STATES_DEFAULT),
            seed: number("DKV_CRASH_SEED").unwrap_or(clock.as_nanos() as u64 & 0xffff_ffff),
            only,
        }
    }
}

/// The number that stands for a part of a seed.
fn derived(seed: u64, part: u64) -> u64 {
    Random::new(seed ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15)).number()
}

fn one_of(positions: &[usize], random: &mut Random) -> Option<usize> {
    (!positions.is_empty()).then(|| random.choose(positions))
}

/// After how many steps the crash comes: anywhere, right before a sync, where most is at stake, or soon after a name was
/// made, changed or removed, which is rare.
pub fn place(volume: &Volume, random: &mut Random) -> usize {
    let steps = volume.position();
    match random.below(10) {
        0..6 => random.below(steps as u64 + 1) as usize,
        6..8 => one_of(&volume.positions_before_syncs(), random).unwrap_or(steps),
        _ => {
            let name = one_of(&volume.positions_of_names(), random).unwrap_or(steps);
            (name + random.below(3) as usize).min(steps)
        }
    }
}

/// Crashes of one workload.
pub struct Campaign<'a> {
    pub workload: Workload,
    pub losses: &'a [Loss],
    pub plan: Plan,
    /// What is wrong on purpose.
    pub flaw: Flaw,
    /// One state in so many crashes again while it recovers, or soon after.
    pub nested_one_in: u64,
}

/// What came of a campaign.
pub struct Findings {
    pub checked: u64,
    /// Each failure with what repeats it.
    pub failures: Vec<String>,
}

impl Campaign<'_> {
    /// Runs the workload again and again, and crashes each run many times.
    pub fn run(&self) -> Findings {
        let plan = &self.plan;
        let states = plan.states.div_ceil(Workload::ALL.len() as u64);
        let seed = derived(plan.seed, self.workload as u64);
        let mut findings = Findings { checked: 0, failures: Vec::new() };
        let begun = Instant::now();
        for run in 0..states.div_ceil(STATES_PER_RUN) {
            if plan.only.is_none_or(|(only, _)| only == run) {
                self.crash_one(
                    run,
                    derived(seed, run),
                    STATES_PER_RUN.min(states - run * STATES_PER_RUN),
                    &mut findings,
                );
            }
        }
        println!(
            "{:?}: {} states in {:.1} s, {} failures, seed {}",
            self.workload,
            findings.checked,
            begun.elapsed().as_secs_f64(),
            findings.failures.len(),
            plan.seed
        );
        findings
    }

    fn crash_one(&self, run: u64, seed: u64, states: u64, findings: &mut Findings) {
        let mut driver = self.workload.run(seed, self.flaw);
        let steps = driver.volume.position();
        for state in 0..states {
            if self.plan.only.is_some_and(|(_, only)| only != state) {
                continue;
            }
            let mut random = Random::new(derived(seed, state + 1));
            let position = place(&driver.volume, &mut random);
            let loss = random.choose(self.losses);
            let crashed = driver.volume.crash(position, loss, &mut random);
            let allowed = driver.history.allowed(position);
            findings.checked += 1;
            if let Err(failure) =
                check(&crashed, &driver.expected(allowed), self.losses, self.nested_one_in, &mut random)
            {
                let place = format!("{run}.{state} ({loss:?} after step {position} of {steps})");
                findings.failures.push(format!("{place}: {failure}"));
            }
        }
        driver.close();
    }

    /// Fails with every failure found.
    pub fn assert_none(&self) {
        let (workload, plan, Findings { checked, failures }) = (self.workload, &self.plan, self.run());
        assert!(
            failures.is_empty(),
            "{workload:?}, seed {}: {} of {checked} states failed. Repeat one with\n    \
             cargo xtask crash --workload {workload:?} --seed {} --states {} --only RUN.STATE\n{}",
            plan.seed,
            failures.len(),
            plan.seed,
            plan.states,
            failures[..failures.len().min(SHOWN_MAX)].join("\n")
        );
    }
}
