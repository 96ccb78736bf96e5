//! What must hold of a volume after a crash.

use dkv::simulation::{Loss, Random, Volume};
use dkv::{Entry, ErrorKind, KvStore, Options};

use crate::driver::{Expected, STORE, manager, read};
use crate::patience::answer;
use crate::schemas;
use crate::world::{Content, World};

/// One state in so many is checked to the last page.
const DEEP_ONE_IN: u64 = 8;

/// Opens what a crash has left, and compares it with the worlds that are allowed.
pub fn check(
    volume: &Volume,
    expected: &Expected,
    losses: &[Loss],
    nested_one_in: u64,
    random: &mut Random,
) -> Result<(), String> {
    if random.below(nested_one_in) == 0 {
        return crash_again(volume, expected, losses, random);
    }
    if expected.options.schema.is_some() && random.below(2) == 0 {
        look_at_indexes(volume, expected)?;
    }
    let upgraded = schemas::upgraded_worlds(expected);
    let Expected { worlds: allowed, options, .. } = &upgraded;
    let Some((store, found)) = open(volume, allowed, options)? else { return create(volume, options) };
    let device_id = answer(manager(volume).local_device_id()).map_err(|error| format!("the device id: {error}"))?;
    if device_id != expected.device_id {
        return Err("the store lives on, but the device has another id".to_owned());
    }
    if random.below(DEEP_ONE_IN) == 0 {
        answer(store.check_integrity(true)).map_err(|error| format!("the check of the pages: {error}"))?;
    }
    let marked = mark(&store, found.clone())?;
    check_leftovers(volume)?;
    close(store)?;
    let Some((store, _)) = open(volume, &[World { content: Some(marked), ..World::default() }], options)? else {
        return Err("the store was lost by a clean close".to_owned());
    };
    let matching: Vec<&World> = allowed.iter().filter(|world| world.content.as_ref() == Some(&found)).collect();
    check_backups(&store, &matching)?;
    close(store)
}

/// Opens the store. Nothing if it does not exist, and need not.
fn open(volume: &Volume, allowed: &[World], options: &Options) -> Result<Option<(KvStore, Content)>, String> {
    let mut options = options.clone();
    options.create_if_missing = false;
    let store = match answer(manager(volume).get_store(STORE, options)) {
        Ok(store) => store,
        Err(error) if error.kind() == ErrorKind::InvalidArgument => {
            let may_be_missing = allowed.iter().any(|world| world.content.is_none());
            return if may_be_missing { Ok(None) } else { Err(format!("the store is lost: {error}")) };
        }
        Err(error) => return Err(format!("the store does not open: {} {error}", error.code())),
    };
    let content = read(&store).map_err(|error| format!("the store cannot be read: {} {error}", error.code()))?;
    if allowed.iter().all(|world| world.content.as_ref() != Some(&content)) {
        return Err(difference(&content, allowed));
    }
    Ok(Some((store, content)))
}

/// Makes the store that does not exist, in what is left of its making or deletion.
fn create(volume: &Volume, options: &Options) -> Result<(), String> {
    let store = answer(manager(volume).get_store(STORE, options.clone()));
    let store = store.map_err(|error| format!("the store cannot be made anew: {} {error}", error.code()))?;
    mark(&store, Content::new())?;
    check_leftovers(volume)?;
    close(store)
}

/// Opens the store without a schema, which would build what is missing: the indexes that the crash left are those of
/// the entries.
fn look_at_indexes(volume: &Volume, expected: &Expected) -> Result<(), String> {
    let mut options = expected.options.clone();
    options.schema = None;
    let Some((store, _)) = open(volume, &expected.worlds, &options)? else { return Ok(()) };
    answer(store.check_integrity(true)).map_err(|error| format!("the check of the indexes: {error}"))?;
    close(store)
}

/// A further write.
fn mark(store: &KvStore, mut content: Content) -> Result<Content, String> {
    let entry = Entry::new("mark", schemas::document(1, "written after the crash"));
    answer(store.put(entry.key.as_str(), entry.value.clone())).map_err(|error| format!("a further write: {error}"))?;
    content.insert(entry.key, entry.value.into());
    Ok(content)
}

fn close(store: KvStore) -> Result<(), String> {
    answer(store.close()).map_err(|error| format!("the close: {error}"))
}

fn check_leftovers(volume: &Volume) -> Result<(), String> {
    let left: Vec<_> = volume
        .files()
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "tmp"))
        .collect();
    if left.is_empty() { Ok(()) } else { Err(format!("temporary files are left: {left:?}")) }
}

/// Restores each backup that may be there. What is there is whole, and of one world with the store.
fn check_backups(store: &KvStore, worlds: &[&World]) -> Result<(), String> {
    let names: std::collections::BTreeSet<&String> = worlds.iter().flat_map(|world| world.backups.keys()).collect();
    let mut found = Vec::new();
    for name in names {
        let restored = match answer(store.restore(name)) {
            Ok(()) => Some(read(store).map_err(|error| format!("after restoring {name}: {error}"))?),
            Err(error) if error.kind() == ErrorKind::InvalidArgument => None,
            Err(error) => return Err(format!("the backup {name} is not whole: {} {error}", error.code())),
        };
        found.push((name, restored));
    }
    let agrees = |world: &&World| found.iter().all(|(name, content)| world.backups.get(*name) == content.as_ref());
    if worlds.iter().any(agrees) {
        return Ok(());
    }
    Err("the backups are of no world that is allowed".to_owned())
}

/// Opens the volume, perhaps writes, and crashes again: while it recovers, or soon after.
fn crash_again(volume: &Volume, expected: &Expected, losses: &[Loss], random: &mut Random) -> Result<(), String> {
    let upgraded = schemas::upgraded_worlds(expected);
    let Expected { worlds: allowed, options, .. } = &upgraded;
    let first = volume.position();
    let mut promises = Vec::new();
    let issued = volume.position();
    let (store, mut content) = match open(volume, allowed, options)? {
        Some(opened) => opened,
        None => {
            let made = answer(manager(volume).get_store(STORE, options.clone()));
            let store = made.map_err(|error| format!("the store cannot be made anew: {} {error}", error.code()))?;
            promises.push((issued, volume.position(), Content::new()));
            (store, Content::new())
        }
    };
    for number in 0..random.below(3) {
        let issued = volume.position();
        let entry = Entry::new(format!("again{number}"), schemas::document(7, "again"));
        answer(store.put(entry.key.as_str(), entry.value.clone()))
            .map_err(|error| format!("a further write: {error}"))?;
        answer(store.flush()).map_err(|error| format!("a further flush: {error}"))?;
        content.insert(entry.key, entry.value.into());
        promises.push((issued, volume.position(), content.clone()));
    }
    close(store)?;
    // In one half of the cases around the opening's syncs: what was not synced before the first crash can still be lost.
    let syncs: Vec<usize> = volume.positions_before_syncs().into_iter().filter(|at| *at >= first).take(3).collect();
    let position = match random.below(2) {
        0 if !syncs.is_empty() => random.choose(&syncs),
        _ => first + random.below((volume.position() - first) as u64 + 1) as usize,
    };
    let mut worlds = allowed.to_vec();
    for (issued, promised, content) in promises {
        let world = World { content: Some(content), ..World::default() };
        if promised <= position {
            worlds = vec![world];
        } else if issued <= position {
            worlds.push(world);
        }
    }
    let loss = random.choose(losses);
    let crashed = volume.crash(position, loss, random);
    match open(&crashed, &worlds, options)
        .map_err(|error| format!("after a second crash ({loss:?} at {position}): {error}"))?
    {
        Some((store, found)) => mark(&store, found).and_then(|_| close(store)),
        None => Ok(()),
    }
}

fn difference(found: &Content, allowed: &[World]) -> String {
    let keys = |content: &Content| content.keys().cloned().collect::<Vec<_>>();
    let last = allowed.last().and_then(|world| world.content.clone()).unwrap_or_default();
    let wrong: Vec<_> =
        found.iter().filter(|(key, value)| last.get(*key) != Some(*value)).map(|(key, _)| key).collect();
    format!(
        "the store holds none of the {} contents that are allowed; it has {:?}, the newest would have {:?}, differing in {wrong:?}",
        allowed.len(),
        keys(found),
        keys(&last)
    )
}
