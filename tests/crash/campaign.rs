//! Many crashes of each workload, all from one seed.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use dkv::simulation::{Loss, Random, Volume};

use crate::check::check;
use crate::workloads::Workload;

/// States of each workload that a plain run of the tests looks at; all workloads together make 20,000.
const STATES_DEFAULT: u64 = 20_000;
/// Crashes that are made of one run of a workload.
const STATES_PER_RUN: u64 = 150;
/// Failures that are shown.
const SHOWN_MAX: usize = 12;

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

/// After how many steps the crash comes: anywhere, or soon after a name was made, changed or removed, which is rare.
pub fn place(volume: &Volume, random: &mut Random) -> usize {
    let steps = volume.position();
    if random.tenths(7) {
        return random.below(steps as u64 + 1) as usize;
    }
    let names = volume.positions_of_names();
    if names.is_empty() { steps } else { (random.choose(&names) + random.below(3) as usize).min(steps) }
}

/// Runs a workload again and again, and crashes each run many times. Fails with every failure found, each with what
/// repeats it.
pub fn run(workload: Workload, losses: &[Loss], plan: &Plan) {
    let states = plan.states.div_ceil(Workload::ALL.len() as u64);
    let runs = states.div_ceil(STATES_PER_RUN);
    let seed = derived(plan.seed, workload as u64);
    let (begun, mut checked, mut failures) = (Instant::now(), 0, Vec::new());
    let mut live = Duration::ZERO;
    for run in 0..runs {
        if plan.only.is_some_and(|(only, _)| only != run) {
            continue;
        }
        let run_begun = Instant::now();
        let run_seed = derived(seed, run);
        let mut driver = workload.run(run_seed);
        live += run_begun.elapsed();
        let steps = driver.volume.position();
        for state in 0..STATES_PER_RUN.min(states - run * STATES_PER_RUN) {
            if plan.only.is_some_and(|(_, only)| only != state) {
                continue;
            }
            let mut random = Random::new(derived(run_seed, state + 1));
            let position = place(&driver.volume, &mut random);
            let loss = random.choose(losses);
            let crashed = driver.volume.crash(position, loss, &mut random);
            let allowed = driver.history.allowed(position);
            checked += 1;
            if let Err(failure) = check(&crashed, &driver.expected(allowed), losses, &mut random) {
                failures.push(format!("{run}.{state} ({loss:?} after step {position} of {steps}): {failure}"));
            }
        }
        driver.close();
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{workload:?}: {checked} states in {seconds:.1} s ({:.1} s at work), {} failures, seed {}",
        live.as_secs_f64(),
        failures.len(),
        plan.seed
    );
    assert!(
        failures.is_empty(),
        "{workload:?}, seed {}: {} of {checked} states failed. Repeat one with\n    cargo xtask crash --workload {workload:?} --seed {} --states {} --only RUN.STATE\n{}",
        plan.seed,
        failures.len(),
        plan.seed,
        plan.states,
        failures[..failures.len().min(SHOWN_MAX)].join("\n")
    );
}
