//! The head of a report: where, when and in what company it was made.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::args::Args;
use crate::disk_probe::DiskProbe;
use crate::scale::Scale;

/// What a reader must know before believing a figure.
pub struct Head {
    date: String,
    cores: usize,
    processor: String,
    load_before: String,
    load_after: String,
    rows: u64,
    cache_bytes: u64,
    slow_flush_us: u64,
    flush_us: f64,
    flush_range_us: (f64, f64),
    began: Instant,
    seconds: f64,
}

impl Head {
    /// The head of a run that begins now.
    pub fn begin(args: &Args) -> Self {
        let scale = if args.quick { Scale::QUICK } else { Scale::FULL };
        Self {
            date: date_of(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            processor: processor(),
            load_before: load_average(),
            load_after: String::new(),
            rows: scale.rows,
            cache_bytes: args.cache_bytes,
            slow_flush_us: args.slow_flush_us,
            flush_us: 0.0,
            flush_range_us: (0.0, 0.0),
            began: Instant::now(),
            seconds: 0.0,
        }
    }

    /// Adds what is known when the run is over.
    pub fn end(&mut self, probe: &DiskProbe) {
        self.load_after = load_average();
        self.flush_us = probe.median_us();
        self.flush_range_us = probe.range_us();
        self.seconds = self.began.elapsed().as_secs_f64();
    }

    /// The head as lines of text.
    pub fn text(&self) -> String {
        let (least, most) = self.flush_range_us;
        format!(
            "dkv beside other stores: all durable, in turns\n\
             date    {}, run of {:.0} s\n\
             machine {} cores, {}\n\
             load    {} before, {} after\n\
             flush   4 KiB pwrite + fdatasync: median {:.0} us ({least:.0} to {most:.0} between the workloads), {} us of it added\n\
             stores  {} rows, keys of 21 bytes, values of 100 bytes, page cache {} MiB each unless a line says otherwise; LMDB has none\n\n",
            self.date,
            self.seconds,
            self.cores,
            self.processor,
            self.load_before,
            self.load_after,
            self.flush_us,
            self.slow_flush_us,
            self.rows,
            self.cache_bytes / (1024 * 1024),
        )
    }

    /// The head as one line.
    pub fn line(&self) -> String {
        format!(
            "{}; {}, {} cores; {} rows; a flush of 4 KiB takes {:.0} us",
            self.date, self.processor, self.cores, self.rows, self.flush_us
        )
    }

    /// The head as JSON.
    pub fn json(&self) -> Value {
        json!({
            "date": self.date, "seconds": self.seconds, "cores": self.cores, "processor": self.processor,
            "load_before": self.load_before, "load_after": self.load_after, "rows": self.rows,
            "cache_bytes": self.cache_bytes, "slow_flush_us": self.slow_flush_us, "flush_us_median": self.flush_us,
            "flush_us_median_min": self.flush_range_us.0, "flush_us_median_max": self.flush_range_us.1,
        })
    }
}

fn load_average() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let averages: Vec<&str> = load.split_whitespace().take(3).collect();
    if averages.is_empty() { "unknown".to_owned() } else { averages.join(" ") }
}

fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name"));
    name.map_or_else(|| std::env::consts::ARCH.to_owned(), |name| name.trim_matches([' ', '\t', ':']).to_owned())
}

/// The moment `seconds` after 1970 began, in UTC.
fn date_of(seconds: u64) -> String {
    let (mut days, of_day) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970;
    let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02} {:02}:{:02} UTC", days + 1, of_day / 3600, of_day % 3600 / 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_know_leap_years() {
        assert_eq!(date_of(0), "1970-01-01 00:00 UTC");
        assert_eq!(date_of(951_782_400), "2000-02-29 00:00 UTC");
        assert_eq!(date_of(1_767_225_599), "2025-12-31 23:59 UTC");
    }
}
