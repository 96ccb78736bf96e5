//! The rules of the sealed layout, each a test. The crash campaign in `tests/crash` breaks none of them; these say why.

use std::io;
use std::ops::{Bound, Range};
use std::sync::Arc;

use redb::{Database, ReadableDatabase, ReadableTableMetadata, StorageBackend, TableDefinition};

use super::cipher::{Cipher, DataKey};
use super::file::SealedFile;
use super::layout::{BLOCK_BYTES, ENTRY_BYTES, Layout, header_at};
use super::meta::MetaCache;
use super::seal::Seal;
use crate::disk::test_disk::Disk;

const TABLE: TableDefinition<u64, &[u8]> = TableDefinition::new("data");

/// All kinds of seal, each as often as it is asked for.
fn kinds() -> [Box<dyn Fn() -> Seal>; 3] {
    let key = DataKey::random().unwrap();
    [
        Box::new(|| Seal::Checksum { file_id: [1; 16], layout: Layout::Wide }),
        Box::new(|| Seal::Checksum { file_id: [1; 16], layout: Layout::Dense }),
        Box::new(move || Seal::Cipher(Box::new(Cipher::new(key.clone(), [1; 16]).unwrap()))),
    ]
}

fn create(disk: &Disk, seal: Seal) -> Database {
    Database::builder().create_with_backend(SealedFile::create(disk.clone(), seal).unwrap()).unwrap()
}

fn open(disk: &Disk, seal: Seal) -> Result<Database, redb::DatabaseError> {
    let file = SealedFile::open(disk.clone(), seal).unwrap().expect("a copy of the header is whole");
    Database::builder().create_with_backend(file)
}

/// Puts a row with 2,000 bytes of this number in each of the places.
fn put(database: &Database, rows: std::ops::Range<u64>, content: u8) {
    let transaction = database.begin_write().unwrap();
    {
        let mut table = transaction.open_table(TABLE).unwrap();
        for row in rows {
            table.insert(row, [content; 2000].as_slice()).unwrap();
        }
    }
    transaction.commit().unwrap();
}

/// What every row holds, if all hold the same.
fn content(database: &Database) -> Result<Option<u8>, redb::Error> {
    let transaction = database.begin_read()?;
    let table = transaction.open_table(TABLE)?;
    let mut found = None;
    for row in 0..table.len()? {
        let value = table.get(row)?.expect("no row is missing");
        assert!(value.value().len() == 2000 && value.value().iter().all(|byte| *byte == value.value()[0]));
        assert_eq!(*found.get_or_insert(value.value()[0]), value.value()[0], "a mixture of two commits");
    }
    Ok(found)
}

fn copies_written(disk: &Disk, layout: Layout, groups: u64) -> Vec<(u64, u64)> {
    let inside = disk.inside();
    let both = [(header_at(0), header_at(1))].into_iter();
    let both = both.chain((0..groups).map(|group| (layout.meta_at(group, 0), layout.meta_at(group, 1))));
    both.flat_map(|pair| {
        let times = |at| inside.written.iter().filter(|written| **written == at).count() as u64;
        let counts = (times(pair.0), times(pair.1));
        assert!(counts.0 == 0 || counts.1 == 0, "both copies of one thing were written between two syncs");
        (counts != (0, 0)).then_some(if counts.0 > 0 { pair } else { (pair.1, pair.0) })
    })
    .collect()
}

#[test]
fn only_the_copy_that_the_last_sync_did_not_make_durable_is_written() {
    for seal in kinds() {
        let layout = seal().layout();
        let disk = Disk::default();
        let file = SealedFile::create(disk.clone(), seal()).unwrap();
        file.set_len(301 * BLOCK_BYTES as u64).unwrap();
        let mut last: Vec<(u64, u64)> = Vec::new();
        for round in 0..6u8 {
            file.write(0, &[round; 320]).unwrap();
            file.write(5 * BLOCK_BYTES as u64, &vec![round; 250 * BLOCK_BYTES]).unwrap();
            // The disk's own sync comes last, so the writes are looked at when it fails.
            disk.inside().sync_fails = true;
            assert!(file.sync_data().is_err());
            let now = copies_written(&disk, layout, 3);
            let groups = layout.group_of(254) - layout.group_of(5) + 1;
            assert_eq!(now.len() as u64, 1 + groups, "the header and the groups");
            let failed = now.iter().all(|(written, _)| last.iter().all(|(durable, _)| durable != written));
            assert!(failed, "the durable copy was written over");
            // A sync that failed makes nothing durable: the same copies are written again.
            file.write(0, &[round; 320]).unwrap();
            file.write(5 * BLOCK_BYTES as u64, &vec![round; 250 * BLOCK_BYTES]).unwrap();
            assert!(file.sync_data().is_err());
            assert_eq!(copies_written(&disk, layout, 3), now);
            file.write(0, &[round; 320]).unwrap();
            disk.inside().sync_fails = false;
            file.write(5 * BLOCK_BYTES as u64, &vec![round; 250 * BLOCK_BYTES]).unwrap();
            file.sync_data().unwrap();
            last = now;
        }
    }
}

#[test]
fn metadata_and_header_wait_for_the_sync() {
    let disk = Disk::default();
    let layout = Layout::Wide;
    let file = SealedFile::create(disk.clone(), kinds()[0]()).unwrap();
    file.set_len(1001 * BLOCK_BYTES as u64).unwrap();
    file.write(0, &[1; 320]).unwrap();
    file.write(BLOCK_BYTES as u64, &vec![1; 1000 * BLOCK_BYTES]).unwrap();
    assert!(!disk.inside().written.is_empty(), "a long write does not wait as a whole");
    assert!(copies_written(&disk, layout, 10).is_empty());
    disk.inside().sync_fails = true;
    assert!(file.sync_data().is_err());
    assert_eq!(copies_written(&disk, layout, 10).len(), 11);
}

#[test]
fn neighbours_go_to_the_file_in_one_write() {
    let disk = Disk::default();
    let layout = Layout::Wide;
    let file = SealedFile::create(disk.clone(), kinds()[0]()).unwrap();
    file.set_len(1001 * BLOCK_BYTES as u64).unwrap();
    for block in (1..=60u64).rev() {
        file.write(block * BLOCK_BYTES as u64, &[block as u8; BLOCK_BYTES]).unwrap();
    }
    let mut read = vec![0; 60 * BLOCK_BYTES];
    file.read(BLOCK_BYTES as u64, &mut read).unwrap();
    assert!(disk.inside().written.is_empty(), "they wait, and are read from where they wait");
    assert!((1..=60u64).all(|block| read[(block as usize - 1) * BLOCK_BYTES] == block as u8));
    disk.inside().sync_fails = true;
    assert!(file.sync_data().is_err());
    assert_eq!(disk.inside().written, [layout.block_at(1), layout.meta_at(0, 0)]);
}

#[test]
fn over_a_commit_that_was_closed_a_block_that_does_not_open_is_an_error() {
    for seal in kinds() {
        let layout = seal().layout();
        let disk = Disk::default();
        let database = create(&disk, seal());
        put(&database, 0..120, 1);
        database.close().unwrap();
        let whole = disk.bytes();
        let mut errors = 0;
        for block in 1..130 {
            let mut bytes = whole.clone();
            let Some(byte) = bytes.get_mut(layout.block_at(block) as usize + 77) else { break };
            *byte ^= 4;
            match open(&Disk::of(bytes), seal()).map_err(redb::Error::from).and_then(|database| content(&database)) {
                Ok(found) => assert_eq!(found, Some(1), "wrong data"),
                Err(_) => errors += 1,
            }
        }
        assert!(errors > 30, "{errors}");
    }
}

#[test]
fn over_a_commit_of_one_phase_a_block_that_does_not_open_takes_redb_back_to_the_commit_before() {
    for seal in kinds() {
        let layout = seal().layout();
        let disk = Disk::default();
        let database = create(&disk, seal());
        put(&database, 0..120, 1);
        disk.inside().written.clear();
        put(&database, 0..120, 2);
        let newest = disk.bytes();
        std::mem::forget(database);
        // The power goes while the second commit is written: its header is there, one of its blocks is not.
        let mut fallen_back = 0;
        for block in (1..130).step_by(3) {
            let mut bytes = newest.clone();
            bytes[layout.block_at(block) as usize + 77] ^= 4;
            let torn = Disk::of(bytes);
            let found = open(&torn, seal()).map_err(redb::Error::from).and_then(|database| content(&database));
            match found {
                Ok(found) => {
                    assert!([Some(1), Some(2)].contains(&found), "{found:?}");
                    fallen_back += usize::from(found == Some(1));
                }
                Err(error) => panic!("a commit that was not finished made the file unusable: {error}"),
            }
        }
        assert!(fallen_back > 10, "{fallen_back}");
    }
}

#[test]
fn what_redb_did_not_miss_is_sealed_anew_and_opens_from_then_on() {
    for seal in kinds() {
        let layout = seal().layout();
        let disk = Disk::default();
        let file = SealedFile::create(disk.clone(), seal()).unwrap();
        file.set_len(20 * BLOCK_BYTES as u64).unwrap();
        file.write(0, b"redb\x1A\x0A\xA9\x0D\x0A\x00").unwrap();
        file.write(BLOCK_BYTES as u64, &[7; 10 * BLOCK_BYTES]).unwrap();
        file.sync_data().unwrap();
        disk.inside().bytes[layout.block_at(3) as usize + 5] ^= 1;
        let file = SealedFile::open(disk.clone(), seal()).unwrap().unwrap();
        let mut block = [9; BLOCK_BYTES];
        file.read(3 * BLOCK_BYTES as u64, &mut block).unwrap();
        assert_eq!(block, [0; BLOCK_BYTES], "zeros in its place");
        file.sync_data().unwrap();
        file.distrust(false);
        file.read(3 * BLOCK_BYTES as u64, &mut block).unwrap();
        file.read(BLOCK_BYTES as u64, &mut [0; 10 * BLOCK_BYTES]).unwrap();
        // One that opens again by then keeps its content, and one that was written meanwhile its new one.
        disk.inside().bytes[layout.block_at(4) as usize] ^= 1;
        disk.inside().bytes[layout.block_at(5) as usize] ^= 1;
        file.distrust(true);
        file.read(4 * BLOCK_BYTES as u64, &mut [0; 2 * BLOCK_BYTES]).unwrap();
        disk.inside().bytes[layout.block_at(4) as usize] ^= 1;
        file.write(5 * BLOCK_BYTES as u64, &[8; BLOCK_BYTES]).unwrap();
        file.sync_data().unwrap();
        file.read(4 * BLOCK_BYTES as u64, &mut block).unwrap();
        assert_eq!(block, [7; BLOCK_BYTES]);
        file.read(5 * BLOCK_BYTES as u64, &mut block).unwrap();
        assert_eq!(block, [8; BLOCK_BYTES]);
    }
}

#[test]
fn a_file_whose_making_was_interrupted_is_none() {
    let disk = Disk::default();
    let seal = &kinds()[0];
    assert!(SealedFile::open(disk.clone(), seal()).unwrap().is_none());
    let file = SealedFile::create(disk.clone(), seal()).unwrap();
    assert_eq!(file.len().unwrap(), 0, "redb takes it for a new one");
    assert!(SealedFile::open(disk.clone(), seal()).unwrap().is_none());
    file.set_len(20 * BLOCK_BYTES as u64).unwrap();
    file.write(0, &[0; 320]).unwrap();
    file.sync_data().unwrap();
    assert!(SealedFile::open(disk.clone(), seal()).unwrap().is_none(), "redb had not finished its header");
    drop(create(&disk, seal()));
    assert!(SealedFile::open(disk, seal()).unwrap().is_some());
}

#[test]
fn after_a_clean_close_one_bad_copy_of_the_header_takes_nothing() {
    for seal in kinds() {
        let disk = Disk::default();
        let database = create(&disk, seal());
        put(&database, 0..10, 1);
        put(&database, 0..10, 2);
        database.close().unwrap();
        let synced = disk.inside().synced.clone();
        assert!(synced == disk.bytes(), "the close was synced");
        for copy in 0..2 {
            let mut bytes = disk.bytes();
            bytes[header_at(copy) as usize..][..BLOCK_BYTES].fill(0xee);
            assert_eq!(content(&open(&Disk::of(bytes), seal()).unwrap()).unwrap(), Some(2));
        }
        let mut bytes = disk.bytes();
        bytes[header_at(0) as usize..][..2 * BLOCK_BYTES].fill(0xee);
        assert!(SealedFile::open(Disk::of(bytes), seal()).unwrap().is_none());
    }
}

#[test]
fn a_file_that_was_only_read_is_not_written_when_it_is_closed() {
    let disk = Disk::default();
    create(&disk, kinds()[0]()).close().unwrap();
    let file = SealedFile::open(disk.clone(), kinds()[0]()).unwrap().unwrap();
    file.read(0, &mut [0; 320]).unwrap();
    disk.inside().written.clear();
    file.close().unwrap();
    assert!(disk.inside().written.is_empty());
}

#[test]
fn all_six_lock_methods_reach_the_file() {
    let disk = Disk::default();
    let file = SealedFile::create(disk.clone(), kinds()[0]()).unwrap();
    let (start, end) = (Bound::Included(1), Bound::Excluded(2));
    assert!(file.try_lock_range(start, end).unwrap() && file.try_lock_shared_range(start, end).unwrap());
    file.lock_range(start, end).unwrap();
    file.lock_shared_range(start, end).unwrap();
    file.unlock_range(start, end).unwrap();
    assert!(file.query_lock_range(start, end).unwrap());
    let expected = [
        "try_lock_range",
        "try_lock_shared_range",
        "lock_range",
        "lock_shared_range",
        "unlock_range",
        "query_lock_range",
    ];
    assert_eq!(disk.inside().locks, expected);
}

#[test]
fn an_integrity_check_over_damaged_blocks_finds_them_and_does_not_panic() {
    for seal in kinds() {
        let layout = seal().layout();
        let disk = Disk::default();
        let database = create(&disk, seal());
        put(&database, 0..120, 1);
        database.close().unwrap();
        let whole = disk.bytes();
        let mut found = 0;
        for block in (1..130).step_by(3).take_while(|block| layout.block_at(*block) < whole.len() as u64) {
            let disk = Disk::of(whole.clone());
            let file = Arc::new(SealedFile::open(disk.clone(), seal()).unwrap().unwrap());
            let mut database = Database::builder().create_with_backend(Shared(Arc::clone(&file))).unwrap();
            disk.inside().bytes[layout.block_at(block) as usize + 9] ^= 1;
            file.distrust(true);
            found += usize::from(!matches!(database.check_integrity(), Ok(true)));
        }
        assert!(found > 10, "{found}");
    }
}

#[test]
fn the_metadata_in_memory_is_bounded_and_what_left_it_comes_back() {
    for seal in kinds() {
        let layout = seal().layout();
        bounded_metadata(layout, seal().used_part());
    }
}

fn bounded_metadata(layout: Layout, part: Range<usize>) {
    let disk = Disk::default();
    disk.set_len(layout.file_bytes((50 * layout.group_blocks() * BLOCK_BYTES) as u64)).unwrap();
    let bytes_max = 8 * layout.group_blocks() * part.len();
    let entry = |round: u8| {
        let mut entry = [0; ENTRY_BYTES];
        entry[part.clone()].fill(round);
        entry
    };
    let get = |metas: &mut MetaCache, group| {
        let mut entries = [[0; ENTRY_BYTES]; 3];
        metas.get(&disk, group, 2, &mut entries).unwrap();
        entries
    };
    let mut metas = MetaCache::new(bytes_max, layout, part.clone());
    for round in 1..5u8 {
        for group in 0..40 {
            metas.set(&disk, group, 3, &entry(round)).unwrap();
            assert!(metas.len() <= 8);
        }
        for group in 0..40 {
            assert_eq!(get(&mut metas, group), [entry(0), entry(round), entry(0)]);
        }
        // Whatever left memory went to the copies that are not durable: those of the round before are whole.
        let written = copies_written(&disk, layout, 40);
        let synced = disk.inside().synced.clone();
        let bytes = disk.bytes();
        for (_, other) in &written {
            let at = *other as usize;
            assert!(round == 1 || bytes[at..at + BLOCK_BYTES] == synced[at..at + BLOCK_BYTES]);
        }
        metas.begin_sync(&disk).unwrap();
        disk.sync_data().unwrap();
        metas.end_sync();
    }
    let mut fresh = MetaCache::new(bytes_max, layout, part.clone());
    assert!((0..40).all(|group| get(&mut fresh, group)[1] == entry(4)));
}

#[test]
fn one_bad_copy_of_a_groups_metadata_never_gives_wrong_data() {
    for seal in kinds() {
        let layout = seal().layout();
        let disk = Disk::default();
        let database = create(&disk, seal());
        put(&database, 0..600, 1);
        put(&database, 0..600, 2);
        database.close().unwrap();
        for (group, copy) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let mut bytes = disk.bytes();
            bytes[layout.meta_at(group, copy) as usize + 100] ^= 1;
            let found = open(&Disk::of(bytes), seal()).map_err(redb::Error::from).and_then(|found| content(&found));
            assert!(matches!(found, Ok(Some(2)) | Err(_)), "{found:?}");
        }
    }
}

#[test]
fn an_old_copy_of_a_block_is_no_block_of_today() {
    for seal in kinds() {
        let layout = seal().layout();
        let disk = Disk::default();
        let file = SealedFile::create(disk.clone(), seal()).unwrap();
        file.set_len(20 * BLOCK_BYTES as u64).unwrap();
        file.write(0, b"redb\x1A\x0A\xA9\x0D\x0A\x04").unwrap();
        file.write(BLOCK_BYTES as u64, &[1; BLOCK_BYTES]).unwrap();
        file.sync_data().unwrap();
        let old = disk.bytes()[layout.block_at(1) as usize..][..BLOCK_BYTES].to_vec();
        file.write(BLOCK_BYTES as u64, &[2; BLOCK_BYTES]).unwrap();
        file.sync_data().unwrap();
        disk.write(layout.block_at(1), &old).unwrap();
        let error = file.read(BLOCK_BYTES as u64, &mut [0; BLOCK_BYTES]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}

/// A file that a test keeps a hand on.
#[derive(Debug)]
struct Shared(Arc<SealedFile<Disk>>);

impl StorageBackend for Shared {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}
