//! What is left of a volume after a crash.

use std::collections::HashMap;
use std::path::Path;

use super::content::Content;
use super::image::{FileNumber, Image, Step};
use super::random::Random;

const SECTOR_BYTES: u64 = 512;
const BLOCK_BYTES: u64 = 4096;

/// What became of the changes that were not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// All of them are there: the process was killed, the system lives on. They can still be lost later.
    Killed,
    /// None of the bytes is there.
    All,
    /// Some writes are there.
    Writes,
    /// Some 4 KiB blocks of each write are there.
    Blocks,
    /// Some 512-byte sectors of each write are there.
    Sectors,
    /// Of each write there is the beginning.
    Prefixes,
    /// Of some writes any of the bytes are there.
    Bytes,
    /// As `Sectors`, and one sector that was being written holds neither old nor new bytes.
    Garbage,
}

impl Loss {
    /// Those that leave a sector old or new: what any database has to bear.
    pub const LAWFUL: [Self; 7] =
        [Self::Killed, Self::All, Self::Writes, Self::Blocks, Self::Sectors, Self::Prefixes, Self::Bytes];
    /// All of them.
    pub const EVERY: [Self; 8] = [
        Self::Killed,
        Self::All,
        Self::Writes,
        Self::Blocks,
        Self::Sectors,
        Self::Prefixes,
        Self::Bytes,
        Self::Garbage,
    ];
}

/// The image that a disk holds after the steps and a loss of power.
pub fn after_power_loss(base: &Image, steps: &[Step], loss: Loss, random: &mut Random) -> Image {
    let mut image = base.clone();
    let synced = Synced::of(steps);
    names(&mut image, steps, &synced, random);
    let mut torn = Torn::new(loss, random);
    torn.choose_victim(steps.iter().enumerate().filter(|(at, step)| !synced.covers(*at, step)).map(|(_, step)| step));
    for (at, step) in steps.iter().enumerate() {
        match step.file() {
            Some(file) if !synced.covers(at, step) => torn.apply(image.content(file), step),
            Some(_) => image.apply(step),
            None => {}
        }
    }
    torn.spoil(&mut image);
    image
}

/// How far each file and folder is synced: what comes before that place in the log is durable.
struct Synced<'a> {
    files: HashMap<FileNumber, usize>,
    folders: HashMap<&'a Path, usize>,
    /// Stretches of the log in which nothing of the file is durable, because the sync at their end failed.
    doubtful: Vec<(FileNumber, std::ops::Range<usize>)>,
}

impl<'a> Synced<'a> {
    fn of(steps: &'a [Step]) -> Self {
        let mut synced = Self { files: HashMap::new(), folders: HashMap::new(), doubtful: Vec::new() };
        for (at, step) in steps.iter().enumerate() {
            match step {
                Step::SyncFile { file } => drop(synced.files.insert(*file, at)),
                Step::FailedSync { file } => {
                    let begin = synced.files.get(file).map_or(0, |last| last + 1);
                    synced.doubtful.push((*file, begin..at));
                }
                Step::SyncFolder { path } => drop(synced.folders.insert(path, at)),
                _ => {}
            }
        }
        synced
    }

    /// True if a change of a file is durable.
    fn covers(&self, at: usize, step: &Step) -> bool {
        let Some(file) = step.file() else { return false };
        // A length is no page: it is not forgotten that it has to be written.
        let is_write = matches!(step, Step::Write { .. });
        let in_doubt =
            is_write && self.doubtful.iter().any(|(doubtful, range)| *doubtful == file && range.contains(&at));
        !in_doubt && self.files.get(&file).is_some_and(|synced| at < *synced)
    }
}

/// Changes the names: those that were synced, and of the others none, all, the first ones, or some.
fn names(image: &mut Image, steps: &[Step], synced: &Synced<'_>, random: &mut Random) {
    let is_open = |(at, step): (usize, &Step)| {
        step.folder().is_some_and(|folder| synced.folders.get(folder).is_none_or(|synced| at > *synced))
    };
    let open = steps.iter().enumerate().filter(|step| is_open(*step)).count() as u64;
    let way = random.below(4);
    let first = random.below(open + 1);
    let mut met = 0;
    for (at, step) in steps.iter().enumerate().filter(|(_, step)| step.folder().is_some()) {
        if is_open((at, step)) {
            let kept = match way {
                0 => false,
                1 => true,
                2 => met < first,
                _ => random.tenths(5),
            };
            met += 1;
            if !kept {
                continue;
            }
        }
        image.apply(step);
    }
}

/// How the writes that were not synced are torn.
struct Torn<'a> {
    loss: Loss,
    random: &'a mut Random,
    /// Of ten parts so many are kept.
    share: u64,
    /// The offset and file of the one write that is torn more than the others.
    victim: Option<(FileNumber, u64)>,
    /// Only the victim is torn, the other writes are there or not.
    victim_only: bool,
    garbage: Option<(FileNumber, u64, u64)>,
}

impl<'a> Torn<'a> {
    fn new(loss: Loss, random: &'a mut Random) -> Self {
        let share = 1 + random.below(9);
        let victim_only = random.below(3) == 0;
        Self { loss, random, share, victim: None, victim_only, garbage: None }
    }

    fn choose_victim<'s>(&mut self, steps: impl Iterator<Item = &'s Step>) {
        let writes: Vec<_> = steps
            .filter_map(|step| match step {
                Step::Write { file, offset, .. } => Some((*file, *offset)),
                _ => None,
            })
            .collect();
        self.victim = (!writes.is_empty()).then(|| self.random.choose(&writes));
    }

    fn apply(&mut self, content: &mut Content, step: &Step) {
        match step {
            Step::SetLength { length, .. } => {
                let kept = match self.loss {
                    Loss::Killed => true,
                    Loss::All => false,
                    _ => self.random.tenths(5),
                };
                if kept {
                    content.set_length(*length);
                }
            }
            Step::Write { file, offset, bytes, longer } => {
                // What was written behind an end that the disk never heard of is lost with it.
                let room = if *longer { u64::MAX } else { content.length().saturating_sub(*offset) };
                let bytes = &bytes[..usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len())];
                if !bytes.is_empty() {
                    self.write(content, *file, *offset, bytes);
                }
            }
            _ => {}
        }
    }

    fn write(&mut self, content: &mut Content, file: FileNumber, offset: u64, bytes: &[u8]) {
        let is_victim = self.victim == Some((file, offset));
        match self.loss {
            Loss::Killed => content.write(offset, bytes),
            Loss::All => {}
            Loss::Writes => self.whole(content, offset, bytes),
            Loss::Blocks => self.parts(content, offset, bytes, BLOCK_BYTES),
            Loss::Sectors => self.parts(content, offset, bytes, SECTOR_BYTES),
            Loss::Garbage => {
                if is_victim {
                    let first = offset / SECTOR_BYTES;
                    let sectors = (offset + bytes.len() as u64).div_ceil(SECTOR_BYTES) - first;
                    let from = (first + self.random.below(sectors)) * SECTOR_BYTES;
                    let end = (from + SECTOR_BYTES).min(offset + bytes.len() as u64);
                    self.garbage = Some((file, from.max(offset), end));
                }
                self.parts(content, offset, bytes, SECTOR_BYTES);
            }
            Loss::Prefixes if self.victim_only && !is_victim => self.whole(content, offset, bytes),
            Loss::Prefixes => {
                let length = self.random.below(bytes.len() as u64 + 1) as usize;
                content.write(offset, &bytes[..length]);
            }
            Loss::Bytes if is_victim || self.random.below(4) == 0 => self.mix(content, offset, bytes),
            Loss::Bytes => self.whole(content, offset, bytes),
        }
    }

    fn whole(&mut self, content: &mut Content, offset: u64, bytes: &[u8]) {
        if self.random.tenths(self.share) {
            content.write(offset, bytes);
        }
    }

    fn parts(&mut self, content: &mut Content, offset: u64, bytes: &[u8], part_bytes: u64) {
        let end = offset + bytes.len() as u64;
        let mut from = offset;
        while from < end {
            let to = ((from / part_bytes + 1) * part_bytes).min(end);
            self.whole(content, from, &bytes[(from - offset) as usize..(to - offset) as usize]);
            from = to;
        }
    }

    /// Each byte old or new.
    fn mix(&mut self, content: &mut Content, offset: u64, bytes: &[u8]) {
        let old_bytes = content.length().saturating_sub(offset).min(bytes.len() as u64);
        let mut mixed = vec![0; bytes.len()];
        content.read(offset, &mut mixed[..old_bytes as usize]);
        let mut bits = 0;
        for (at, byte) in bytes.iter().enumerate() {
            if at % 64 == 0 {
                bits = self.random.number();
            }
            if (bits >> (at % 64)) & 1 == 1 {
                mixed[at] = *byte;
            }
        }
        content.write(offset, &mixed);
    }

    fn spoil(&mut self, image: &mut Image) {
        if let Some((file, from, end)) = self.garbage {
            let end = end.min(image.content(file).length());
            let bytes = self.random.bytes(end.saturating_sub(from) as usize);
            image.content(file).write(from.min(end), &bytes);
        }
    }
}
