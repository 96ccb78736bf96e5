//! The bytes of one file: pages that copies share until one of them is written.

use std::sync::Arc;

/// Bytes of a page: what a disk is asked for at once.
pub const PAGE_BYTES: u64 = 4096;

type Page = [u8; PAGE_BYTES as usize];

/// What a file holds. Pages that were never written take no room and read as zeros.
#[derive(Debug, Clone, Default)]
pub struct Content {
    length: u64,
    pages: Vec<Option<Arc<Page>>>,
}

impl Content {
    pub fn length(&self) -> u64 {
        self.length
    }

    pub fn set_length(&mut self, length: u64) {
        self.pages.resize(length.div_ceil(PAGE_BYTES) as usize, None);
        if length < self.length
            && !length.is_multiple_of(PAGE_BYTES)
            && let Some(Some(page)) = self.pages.last_mut()
        {
            Arc::make_mut(page)[(length % PAGE_BYTES) as usize..].fill(0);
        }
        self.length = length;
    }

    /// Fills `out` from an offset. False if the file ends before.
    pub fn read(&self, offset: u64, out: &mut [u8]) -> bool {
        if offset + out.len() as u64 > self.length {
            return false;
        }
        each_page(offset, out.len(), |page, within, part| {
            let part = &mut out[part];
            match self.pages.get(page).and_then(Option::as_deref) {
                Some(bytes) => part.copy_from_slice(&bytes[within..within + part.len()]),
                None => part.fill(0),
            }
        });
        true
    }

    /// Writes, and makes the file longer if it must be.
    pub fn write(&mut self, offset: u64, bytes: &[u8]) {
        let end = offset + bytes.len() as u64;
        if end > self.length {
            self.set_length(end);
        }
        each_page(offset, bytes.len(), |page, within, part| {
            let page = self.pages[page].get_or_insert_with(|| Arc::new([0; PAGE_BYTES as usize]));
            Arc::make_mut(page)[within..within + part.len()].copy_from_slice(&bytes[part]);
        });
    }

    /// How many pages a write needs that the file does not have yet.
    pub fn needed_pages(&self, offset: u64, length: usize) -> u64 {
        let mut needed = 0;
        each_page(offset, length, |page, _, _| needed += u64::from(self.pages.get(page).is_none_or(Option::is_none)));
        needed
    }

    /// Bytes of the pages that were written.
    pub fn taken(&self) -> u64 {
        self.pages.iter().flatten().count() as u64 * PAGE_BYTES
    }
}

/// Calls `each` with the number of every page of a stretch, where in the page it begins, and which part of it that is.
fn each_page(offset: u64, length: usize, mut each: impl FnMut(usize, usize, std::ops::Range<usize>)) {
    let mut done = 0;
    while done < length {
        let at = offset + done as u64;
        let within = (at % PAGE_BYTES) as usize;
        let part = (PAGE_BYTES as usize - within).min(length - done);
        each((at / PAGE_BYTES) as usize, within, done..done + part);
        done += part;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_keeps_what_the_other_one_overwrites() {
        let mut first = Content::default();
        first.write(4_000, &[1; 200]);
        let copy = first.clone();
        first.write(4_090, &[2; 10]);
        first.set_length(4_095);
        first.set_length(5_000);
        let read = |content: &Content, length| {
            let mut bytes = vec![9; length];
            assert!(content.read(4_000, &mut bytes));
            bytes
        };
        assert_eq!(read(&copy, 200), [1; 200]);
        assert_eq!(read(&first, 200), [vec![1; 90], vec![2; 5], vec![0; 105]].concat());
        assert!(!copy.read(4_001, &mut [0; 200]));
        assert_eq!((copy.needed_pages(0, 9_000), copy.needed_pages(0, 4_200)), (1, 0));
        assert_eq!(copy.taken(), 2 * PAGE_BYTES);
    }
}
