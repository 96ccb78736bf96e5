//! Reading the pages of a damaged file without redb, which gives up on a file with the first page that is not whole.
//!
//! Only what lies in the tree of a commit is read, from its root down, and every page is held against the checksum that
//! its parent has for it: a page that is damaged, or that is older than its parent, is left out with what is below it.
//! redb is pinned to one release, whose `docs/design.md` draws the pages. docs/FORMAT.md says what lies beneath them.

use std::collections::BTreeMap;

use redb::StorageBackend;
use xxhash_rust::xxh3::xxh3_128;

use crate::disk::StoreBackend;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{PAGE_BYTES, TREE_LEVELS_MAX};

const HEADER_BYTES: usize = 320;
const FLAGS_AT: usize = 9;
const PRIMARY_SLOT: u8 = 1;
const PAGE_BYTES_AT: usize = 12;
const REGION_HEADER_PAGES_AT: usize = 16;
const REGION_DATA_PAGES_AT: usize = 20;
const SLOTS_AT: usize = 64;
const SLOT_BYTES: usize = 128;
const SLOT_CHECKED_BYTES: usize = SLOT_BYTES - 16;
const SLOT_USER_ROOT_AT: usize = 8;

const LEAF: u8 = 1;
const BRANCH: u8 = 2;

/// Where a tree begins, and what its first page must add up to.
#[derive(Debug, Clone, Copy)]
struct Root {
    page: u64,
    checksum: u128,
}

impl Root {
    fn take(bytes: &[u8], at: usize) -> Option<Self> {
        Some(Self { page: u64_at(bytes, at)?, checksum: u128_at(bytes, at + 8)? })
    }
}

/// Widths of keys and values, where all of a tree have the same.
#[derive(Debug, Clone, Copy, Default)]
struct Widths {
    key: Option<usize>,
    value: Option<usize>,
}

/// A table as the tree of tables knows it.
#[derive(Debug, Clone, Copy)]
pub struct PagedTable {
    /// The number of its rows.
    pub rows: u64,
    root: Option<Root>,
    widths: Widths,
}

impl PagedTable {
    fn parse(definition: &[u8]) -> Option<Self> {
        let width = |at: usize| match definition.get(at)? {
            0 => Some(None),
            _ => Some(Some(u32_at(definition, at + 1)? as usize)),
        };
        let root = if *definition.get(9)? == 0 { None } else { Some(Root::take(definition, 10)?) };
        Some(Self { rows: u64_at(definition, 1)?, root, widths: Widths { key: width(42)?, value: width(47)? } })
    }
}

/// Called with the key and the value of each row.
pub type Visit<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> Result<()>;

/// The pages of a file.
pub struct Pages {
    file: StoreBackend,
    bytes: u64,
    region_header_bytes: u64,
    region_bytes: u64,
}

impl Pages {
    /// Reads the head of a file; gives also its tables, and how many pages of theirs were damaged.
    ///
    /// # Errors
    ///
    /// `Corrupted` if not even the names of the tables can be read, `Database` for I/O errors.
    pub fn open(file: StoreBackend) -> Result<(Self, BTreeMap<String, PagedTable>, u64)> {
        let mut header = [0; HEADER_BYTES];
        file.read(0, &mut header).map_err(unreadable)?;
        let number = |at| u32_at(&header, at).map_or(0, u64::from);
        let page = PAGE_BYTES as u64;
        if number(PAGE_BYTES_AT) != page {
            return Err(Error::corrupted("its pages have another size than any release gives them"));
        }
        let region_header_bytes = number(REGION_HEADER_PAGES_AT) * page;
        let region_bytes = region_header_bytes + number(REGION_DATA_PAGES_AT) * page;
        let bytes = file.len().map_err(unreadable)?;
        let pages = Self { file, bytes, region_header_bytes, region_bytes };
        // The other slot is the commit before, whose pages may be in use for something else by now.
        let slot = SLOTS_AT + SLOT_BYTES * usize::from(header[FLAGS_AT] & PRIMARY_SLOT);
        let slot = &header[slot..slot + SLOT_BYTES];
        if u128_at(slot, SLOT_CHECKED_BYTES) != Some(xxh3_128(&slot[..SLOT_CHECKED_BYTES])) {
            return Err(Error::corrupted("its last commit is not whole"));
        }
        let root = Root::take(slot, SLOT_USER_ROOT_AT).filter(|_| slot[1] != 0);
        let mut tables = BTreeMap::new();
        let master = PagedTable { rows: 0, root, widths: Widths::default() };
        let damaged = pages.walk(&master, &mut |name, definition| {
            if let (Ok(name), Some(table)) = (std::str::from_utf8(name), PagedTable::parse(definition)) {
                tables.insert(name.to_owned(), table);
            }
            Ok(())
        })?;
        if tables.is_empty() {
            return Err(Error::corrupted("the names of its tables cannot be read"));
        }
        Ok((pages, tables, damaged))
    }

    /// Calls `visit` with each row that can be read, in the order of the keys. Gives the number of pages that were left
    /// out with what is below them.
    ///
    /// # Errors
    ///
    /// `Database` for I/O errors, what `visit` fails with.
    pub fn walk(&self, table: &PagedTable, visit: Visit<'_>) -> Result<u64> {
        table.root.map_or(Ok(0), |root| self.walk_page(root, table.widths, TREE_LEVELS_MAX, visit))
    }

    fn walk_page(&self, at: Root, widths: Widths, levels: usize, visit: Visit<'_>) -> Result<u64> {
        let Some(page) = self.read(at.page)?.filter(|_| levels > 0) else { return Ok(1) };
        match Node::parse(&page, widths).filter(|node| node.is_whole(&page, at.checksum)) {
            None => Ok(1),
            Some(Node::Leaf { pairs, .. }) => {
                for (key, value) in pairs {
                    visit(key, value)?;
                }
                Ok(0)
            }
            Some(Node::Branch { children, .. }) => {
                let mut damaged = 0;
                for child in children {
                    damaged += self.walk_page(child, widths, levels - 1, visit)?;
                }
                Ok(damaged)
            }
        }
    }

    /// The bytes of a page; nothing if they are not what was written, or lie nowhere.
    fn read(&self, page: u64) -> Result<Option<Vec<u8>>> {
        let order = page >> 59;
        if order > 20 {
            return Ok(None);
        }
        let (index, region) = (page & (0x000f_ffff >> order), (page >> 20) & 0x000f_ffff);
        let length = (PAGE_BYTES as u64) << order;
        let start = PAGE_BYTES as u64 + region * self.region_bytes + self.region_header_bytes + index * length;
        if start + length > self.bytes {
            return Ok(None);
        }
        let mut bytes = vec![0; length as usize];
        match self.file.read(start, &mut bytes) {
            Ok(()) => Ok(Some(bytes)),
            // The sealed layer's word for a block that is not what was written.
            Err(error) if is_damage(&error) => Ok(None),
            Err(error) => Err(unreadable(error)),
        }
    }
}

fn is_damage(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof)
}

fn unreadable(error: std::io::Error) -> Error {
    if is_damage(&error) {
        return Error::corrupted(error);
    }
    Error::new(ErrorKind::Database, format!("The damaged store cannot be read now: {error}. It was left as it is."))
        .caused_by(error)
}

/// A page, taken apart. `end` is where its checksum ends.
enum Node<'a> {
    Leaf { pairs: Vec<(&'a [u8], &'a [u8])>, end: usize },
    Branch { children: Vec<Root>, end: usize },
}

impl<'a> Node<'a> {
    fn parse(page: &'a [u8], widths: Widths) -> Option<Self> {
        let count = usize::from(u16::from_le_bytes([*page.get(2)?, *page.get(3)?]));
        match *page.first()? {
            _ if count == 0 => None,
            LEAF => Self::parse_leaf(page, widths, count),
            BRANCH => Self::parse_branch(page, widths, count),
            _ => None,
        }
    }

    fn parse_leaf(page: &'a [u8], widths: Widths, count: usize) -> Option<Self> {
        let key_ends = 4;
        let value_ends = key_ends + if widths.key.is_none() { 4 * count } else { 0 };
        let keys = value_ends + if widths.value.is_none() { 4 * count } else { 0 };
        let end_of = |width: Option<usize>, ends: usize, start: usize, at: usize| match width {
            Some(width) => Some(start + width * (at + 1)),
            None => Some(u32_at(page, ends + 4 * at)? as usize),
        };
        let values = end_of(widths.key, key_ends, keys, count - 1)?;
        let (mut key, mut value, mut pairs) = (keys, values, Vec::with_capacity(count));
        for at in 0..count {
            let key_end = end_of(widths.key, key_ends, keys, at)?;
            let value_end = end_of(widths.value, value_ends, values, at)?;
            pairs.push((page.get(key..key_end)?, page.get(value..value_end)?));
            (key, value) = (key_end, value_end);
        }
        Some(Self::Leaf { pairs, end: value })
    }

    fn parse_branch(page: &'a [u8], widths: Widths, count: usize) -> Option<Self> {
        let checksums = 8;
        let pages = checksums + 16 * (count + 1);
        let key_ends = pages + 8 * (count + 1);
        let child =
            |at| Some(Root { page: u64_at(page, pages + 8 * at)?, checksum: u128_at(page, checksums + 16 * at)? });
        let children = (0..=count).map(child).collect::<Option<Vec<_>>>()?;
        let end = match widths.key {
            Some(width) => key_ends + width * count,
            None => u32_at(page, key_ends + 4 * (count - 1))? as usize,
        };
        Some(Self::Branch { children, end })
    }

    fn is_whole(&self, page: &[u8], checksum: u128) -> bool {
        let (Self::Leaf { end, .. } | Self::Branch { end, .. }) = self;
        page.get(..*end).is_some_and(|used| xxh3_128(used) == checksum)
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes)
}

fn u128_at(bytes: &[u8], at: usize) -> Option<u128> {
    bytes.get(at..at + 16)?.try_into().ok().map(u128::from_le_bytes)
}
