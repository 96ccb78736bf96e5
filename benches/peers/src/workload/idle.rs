//! What a process does that has 16 observed stores open and nothing to do, in ten seconds.

use crate::Result;
use crate::bench::Bench;
use crate::child;
use crate::interleave::Comparison;
use crate::report::{Goal, Report};

pub const NAME: &str = "idle";

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    if !cfg!(target_os = "linux") {
        eprintln!("  left out: this system does not tell when a thread wakes up");
        return Ok(());
    }
    let idle = child::idle(bench.folder())?;
    report.add(NAME, "16 stores: wake-ups", "in 10 s", Comparison::alone(idle.wake_ups), &[Goal::DkvAtMost(0.0)]);
    report.add(NAME, "16 stores: threads", "threads", Comparison::alone(idle.threads), &[]);
    Ok(())
}
