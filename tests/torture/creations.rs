//! Stores that are created and deleted: a kill leaves a whole store or none.

use dkv::{Manager, Value};

use crate::common::{BUNDLE, NOT_FOUND, Place, single, with};
use crate::{lines_of, tell};

const PART: &str = "creations";
/// A store is deleted when so many have been made after it.
const BEHIND: u64 = 5;

fn id(number: u64) -> String {
    format!("s{number}")
}

/// Makes stores for ever, and deletes older ones.
pub fn work(manager: &Manager, first: u64) {
    for number in first.. {
        let store = manager.get_store(&id(number), single()).wait().unwrap();
        tell(PART, &format!("made {number}"));
        store.put("key", number as i64).wait().unwrap();
        tell(PART, &format!("wrote {number}"));
        store.close().wait().unwrap();
        if number >= first + BEHIND {
            manager.delete_store(BUNDLE, &id(number - BEHIND), None).wait().unwrap();
            tell(PART, &format!("deleted {}", number - BEHIND));
        }
    }
}

/// Asserts that what the child said is so, and that every other store is whole, or gone and can be made. Deletes them
/// all, and gives the newest number.
pub fn check(place: &Place, first: u64, said: &[String]) -> u64 {
    let lines = lines_of(said, PART);
    let was_said = |what: &str, number: u64| lines.contains(&format!("{what} {number}").as_str());
    let made = lines.iter().filter_map(|line| line.strip_prefix("made ")?.parse::<u64>().ok());
    let last = made.max().unwrap_or(first) + 1;
    let listed = place.ids();
    for number in first..=last {
        let id = id(number);
        let exists = listed.contains(&id);
        // Once a store was written, the fifth one before it may be on its way out.
        assert!(exists || !was_said("made", number) || was_said("wrote", number + BEHIND), "{id} was made");
        assert!(!exists || !was_said("deleted", number), "{id} was deleted");
        let store = place.open(&id, with(single(), |options| options.create_if_missing = !exists));
        match store.get("key").wait() {
            Ok(value) => assert!(exists && value == Value::from(number as i64)),
            Err(error) => {
                assert_eq!(error.code(), NOT_FOUND);
                assert!(!exists || !was_said("wrote", number), "{id} was written");
            }
        }
        store.put("key", number as i64).wait().unwrap();
        store.close().wait().unwrap();
        place.delete(&id).unwrap();
    }
    let others: Vec<_> =
        place.ids().into_iter().filter(|id| id.starts_with('s') && id[1..].parse::<u64>().is_ok()).collect();
    assert!(others.is_empty(), "stores that nobody made: {others:?}");
    last
}
