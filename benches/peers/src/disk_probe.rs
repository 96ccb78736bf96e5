//! What a flush costs on this disk, in this very run.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

use crate::Result;
use crate::stats::median;

const BLOCK_BYTES: usize = 4096;
const BLOCKS: u64 = 256;
const SAMPLES: u64 = 40;

/// Writes 4 KiB into a file that is already that long, flushes, and takes the time.
pub struct DiskProbe {
    file: File,
    costs_us: Vec<f64>,
    medians_us: Vec<f64>,
}

impl DiskProbe {
    /// A probe in `folder`.
    pub fn new(folder: &Path) -> Result<Self> {
        let mut file = File::create(folder.join("probe"))?;
        file.write_all(&vec![1; BLOCK_BYTES * BLOCKS as usize])?;
        file.sync_all()?;
        Ok(Self { file, costs_us: Vec::new(), medians_us: Vec::new() })
    }

    /// Takes some samples. Called between the workloads, so that the figures span the run.
    pub fn sample(&mut self) -> Result<()> {
        let mut costs = Vec::new();
        for number in 0..SAMPLES {
            let block = crate::data::mix(number) % BLOCKS;
            let since = Instant::now();
            self.file.seek(SeekFrom::Start(block * BLOCK_BYTES as u64))?;
            self.file.write_all(&[number as u8; BLOCK_BYTES])?;
            self.file.sync_data()?;
            costs.push(since.elapsed().as_secs_f64() * 1e6);
        }
        self.medians_us.push(median(&costs));
        self.costs_us.append(&mut costs);
        Ok(())
    }

    /// The median of all samples, in microseconds.
    pub fn median_us(&self) -> f64 {
        median(&self.costs_us)
    }

    /// The smallest and the largest median between two workloads, in microseconds.
    pub fn range_us(&self) -> (f64, f64) {
        let smallest = self.medians_us.iter().copied().fold(f64::INFINITY, f64::min);
        (smallest, self.medians_us.iter().copied().fold(0.0, f64::max))
    }
}
