//! What a piece of work took: time, CPU, bytes, flushes.

use std::time::{Duration, Instant};

use crate::Result;
use crate::flush_counter;
use crate::io_counter;

/// What a piece of work took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    /// Time on the wall.
    pub wall: Duration,
    /// CPU of all threads of the process: a library that works on threads of its own must not look cheap.
    pub cpu: Duration,
    /// CPU of the calling thread alone.
    pub caller_cpu: Duration,
    /// Bytes handed to the system's write calls.
    pub written_bytes: u64,
    /// Flushes of a file.
    pub flushes: u64,
}

impl Spent {
    /// Microseconds on the wall for each of `count` operations.
    pub fn wall_us(&self, count: u64) -> f64 {
        per(self.wall.as_secs_f64() * 1e6, count)
    }

    /// Microseconds of CPU for each of `count` operations.
    pub fn cpu_us(&self, count: u64) -> f64 {
        per(self.cpu.as_secs_f64() * 1e6, count)
    }

    /// Microseconds of the caller's CPU for each of `count` operations.
    pub fn caller_cpu_us(&self, count: u64) -> f64 {
        per(self.caller_cpu.as_secs_f64() * 1e6, count)
    }

    /// Bytes written for each of `count` operations.
    pub fn bytes(&self, count: u64) -> f64 {
        per(self.written_bytes as f64, count)
    }
}

fn per(total: f64, count: u64) -> f64 {
    total / count.max(1) as f64
}

/// Does the work and measures it.
pub fn spend(work: impl FnOnce() -> Result<()>) -> Result<Spent> {
    let written_before = io_counter::written_bytes();
    let flushes_before = flush_counter::flushes();
    let (cpu, caller_cpu, wall) = (process_cpu(), thread_cpu(), Instant::now());
    work()?;
    let wall = wall.elapsed();
    let (caller_cpu, cpu) = (thread_cpu().saturating_sub(caller_cpu), process_cpu().saturating_sub(cpu));
    let flushes = flush_counter::flushes() - flushes_before;
    let written_bytes = io_counter::written_bytes().saturating_sub(written_before);
    Ok(Spent { wall, cpu, caller_cpu, written_bytes, flushes })
}

/// CPU of all threads of this process so far.
#[cfg(unix)]
pub fn process_cpu() -> Duration {
    read_clock(libc::CLOCK_PROCESS_CPUTIME_ID)
}

#[cfg(unix)]
fn thread_cpu() -> Duration {
    read_clock(libc::CLOCK_THREAD_CPUTIME_ID)
}

#[cfg(unix)]
fn read_clock(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a live timespec for the call to fill.
    let failed = unsafe { libc::clock_gettime(clock, &raw mut time) } != 0;
    if failed { Duration::ZERO } else { Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32) }
}

/// Elsewhere CPU shows as zero and its ratios as a dash.
#[cfg(not(unix))]
pub fn process_cpu() -> Duration {
    Duration::ZERO
}

#[cfg(not(unix))]
fn thread_cpu() -> Duration {
    Duration::ZERO
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn work_of_another_thread_counts_as_cpu_of_the_process_but_not_of_the_caller() {
        let burn = || {
            let until = Instant::now() + Duration::from_millis(50);
            while Instant::now() < until {}
        };
        let spent = spend(|| std::thread::spawn(burn).join().map_err(|_| "the thread panicked".into()));
        let spent = spent.unwrap_or_default();
        assert!(spent.cpu > 4 * spent.caller_cpu, "{spent:?}");
    }
}
