//! Handles, closing and deleting (`store.md` 3 and 11.8).

mod common;

use std::sync::mpsc::{self, Sender};
use std::thread;

use common::{
    BUNDLE, CLOSED, INVALID_ARGUMENT, NOT_FOUND, OUTCOME_UNKNOWN, PATIENCE, Place, Random, answered, code, device,
    failure, keys, manager, seed, single, with,
};
use dkv::{Entry, KvStore, Manager, Op, Options, Outcome, Request, SecurityLevel, Value};

/// Asserts that no operation of the handle works any more.
fn assert_dead(store: &KvStore) {
    assert_eq!(code(store.put("key", 1).wait()), CLOSED);
    assert_eq!(code(store.get("key").wait()), CLOSED);
    assert_eq!(code(store.delete("key").wait()), CLOSED);
    assert_eq!(code(store.put_batch(vec![Entry::new("key", 1)]).wait()), CLOSED);
    assert_eq!(code(store.put_batch(Vec::new()).wait()), CLOSED);
    assert_eq!(code(store.delete_batch(vec!["key".to_owned()]).wait()), CLOSED);
    assert_eq!(code(store.get_entries("^").wait()), CLOSED);
    assert_eq!(code(store.flush().wait()), CLOSED);
    assert_eq!(code(store.get_now("key")), CLOSED);
    assert_eq!(code(store.try_get("key")), CLOSED);
    assert_eq!(code(store.duplicate()), CLOSED);
    let never = |_| panic!("a refused operation must not answer");
    assert_eq!(code(store.submit(Op::Flush, never)), CLOSED);
    assert_eq!(code(store.close_then(Box::new(|_| panic!("a refused close must not answer")))), CLOSED);
    // What is wrong with the arguments matters less than that the store is closed.
    assert_eq!(code(store.put("", 1).wait()), CLOSED);
    assert_eq!(code(store.get_now("")), CLOSED);
}

fn close_handle(store: &KvStore) {
    answered(|answer| store.close_then(answer)).unwrap().unwrap();
}

#[test]
fn a_handle_is_dead_after_its_own_close_and_the_others_are_not() {
    let place = Place::new();
    let (first, second) = (place.open("notes", single()), place.open("notes", single()));
    first.put("key", 1).wait().unwrap();
    close_handle(&first);
    assert_dead(&first);
    assert_eq!(second.get("key").wait().unwrap(), Value::from(1));
    close_handle(&second);
    assert_dead(&first);
    assert_dead(&second);
}

#[test]
fn opens_by_id_need_as_many_closes_by_id_and_until_then_every_handle_works() {
    let place = Place::new();
    let handles: Vec<KvStore> = (0..4).map(|_| place.open("notes", single())).collect();
    for round in 0..3 {
        place.close("notes").unwrap();
        for handle in &handles {
            handle.put("round", round).wait().unwrap();
        }
    }
    place.close("notes").unwrap();
    handles.iter().for_each(assert_dead);
    place.close("notes").unwrap();
}

#[test]
fn closes_by_handle_and_by_id_count_together() {
    let place = Place::new();
    let (first, second, third) =
        (place.open("notes", single()), place.open("notes", single()), place.open("notes", single()));
    let fourth = third.duplicate().unwrap();
    place.close("notes").unwrap();
    close_handle(&first);
    place.close("notes").unwrap();
    for handle in [&second, &third, &fourth] {
        handle.put("key", 1).wait().unwrap();
    }
    close_handle(&fourth);
    for handle in [first, second, third, fourth] {
        assert_dead(&handle);
    }
}

#[test]
fn closed_handles_do_not_revive_with_a_later_open() {
    let place = Place::new();
    let old = place.open("notes", single());
    old.put("key", 1).wait().unwrap();
    place.close("notes").unwrap();
    let new = place.open("notes", single());
    assert_dead(&old);
    drop(old);
    assert_eq!(new.get("key").wait().unwrap(), Value::from(1));
}

#[test]
fn closing_what_is_not_open_succeeds() {
    let place = Place::new();
    place.close("never").unwrap();
    let store = place.open("notes", single());
    close_handle(&store);
    place.close("notes").unwrap();
    place.close("notes").unwrap();
    assert_eq!(place.ids(), ["notes"], "a close creates nothing and removes nothing");
}

#[test]
fn a_close_with_another_application_id_succeeds_and_closes_nothing() {
    let place = Place::new();
    let store = place.open("notes", single());
    for app_id in ["appId", "com.example.other"] {
        place.manager().close_store(app_id, "notes", None).wait().unwrap();
        manager(app_id, place.path()).close_store(app_id, "notes", None).wait().unwrap();
    }
    store.put("key", 1).wait().unwrap();
}

#[test]
fn a_deletion_force_closes_an_open_store() {
    let place = Place::new();
    let (first, second) = (place.open("notes", single()), place.open("notes", single()));
    first.put("key", vec![1; 100_000]).wait().unwrap();
    place.delete("notes").unwrap();
    assert_dead(&first);
    assert_dead(&second);
    assert!(!place.store_folder("notes").exists());
    let new = place.open("notes", single());
    assert_eq!(code(new.get("key").wait()), NOT_FOUND);
}

#[test]
fn a_second_deletion_and_one_of_what_never_was_find_nothing() {
    let place = Place::new();
    assert_eq!(code(place.delete("never")), NOT_FOUND);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    place.open("notes", single());
    place.delete("notes").unwrap();
    let error = failure(place.delete("notes"));
    assert_eq!(error.code(), NOT_FOUND);
    assert!(error.message().contains("notes"), "{error}");
}

#[test]
fn a_deletion_with_another_application_id_finds_nothing_and_names_both() {
    let place = Place::new();
    let store = place.open("notes", single());
    store.put("key", 1).wait().unwrap();
    let other = manager("com.example.other", place.path());
    for deleted in [
        place.manager().delete_store("com.example.other", "notes", None).wait(),
        other.delete_store(BUNDLE, "notes", None).wait(),
        other.delete_store("com.example.other", "notes", None).wait(),
    ] {
        let error = failure(deleted);
        assert_eq!(error.code(), NOT_FOUND);
        assert!(error.message().contains(BUNDLE) && error.message().contains("com.example.other"), "{error}");
    }
    assert_eq!(store.get("key").wait().unwrap(), Value::from(1));
    close_handle(&store);
    assert_eq!(code(other.delete_store("com.example.other", "notes", None).wait()), NOT_FOUND);
    assert_eq!(place.open("notes", single()).get("key").wait().unwrap(), Value::from(1));
}

#[test]
fn a_reopen_right_behind_an_unawaited_close_sees_everything() {
    let place = Place::new();
    for round in 0..50 {
        let store = place.open("notes", single());
        let puts: Vec<_> = (0..20).map(|number| store.put(format!("{round:02}/{number:02}"), number)).collect();
        drop(store.close());
        let reopened = place.manager().get_store("notes", single());
        drop(puts);
        let reopened = reopened.wait().unwrap();
        assert_eq!(reopened.get_entries(format!("{round:02}/")).wait().unwrap().len(), 20);
        // By id as well: the close is queued, the open behind it makes a store anew.
        drop(place.manager().close_store(BUNDLE, "notes", None));
        let again = place.open("notes", single());
        assert_eq!(again.get_entries("^").wait().unwrap().len(), 20 * (round + 1));
        drop((reopened, again));
    }
}

#[test]
fn an_unawaited_open_close_and_deletion_happen_in_this_order() {
    let place = Place::new();
    for _ in 0..50 {
        let opened = place.manager().get_store("notes", single());
        let closed = place.manager().close_store(BUNDLE, "notes", None);
        let deleted = place.manager().delete_store(BUNDLE, "notes", None);
        let listed = place.manager().get_store("notes", with(single(), |options| options.create_if_missing = false));
        assert_dead(&opened.wait().unwrap());
        closed.wait().unwrap();
        deleted.wait().unwrap();
        assert_eq!(code(listed.wait()), INVALID_ARGUMENT);
    }
}

/// Opens the store `notes` again, and asks for `then`, while its first handle is busy; lets that one go only when both
/// are queued. Gives the first handle's successor.
fn reopen_behind_a_busy_handle(place: &Place, then: impl FnOnce(&Manager) -> Request<()>) -> KvStore {
    let first = place.open("notes", single());
    let large: Vec<Entry> = (0..8).map(|number| Entry::new(format!("key{number}"), vec![1; 4_000_000])).collect();
    let written = first.put_batch(large);
    let opened = place.manager().get_store("notes", single());
    let then = then(place.manager());
    // The manager takes one call after the other: when it has listed, the two before are with the store.
    place.ids();
    drop(first);
    written.wait().unwrap();
    then.wait().unwrap();
    opened.wait().unwrap()
}

#[test]
fn a_deletion_behind_an_open_behind_the_last_handle_deletes_what_was_opened() {
    for _ in 0..5 {
        let place = Place::new();
        let opened = reopen_behind_a_busy_handle(&place, |manager| manager.delete_store(BUNDLE, "notes", None));
        assert_dead(&opened);
        assert!(place.ids().is_empty());
    }
}

#[test]
fn a_close_behind_an_open_behind_the_last_handle_leaves_no_handle_over() {
    for _ in 0..5 {
        let place = Place::new();
        let opened = reopen_behind_a_busy_handle(&place, |manager| manager.close_store(BUNDLE, "notes", None));
        // Two were opened; one was let go, one was closed by its id.
        assert_dead(&opened);
    }
}

#[test]
fn operations_issued_before_a_close_complete_before_it() {
    let place = Place::new();
    for round in 0..20 {
        let store = place.open("notes", single());
        let (sender, receiver) = mpsc::channel();
        for number in 0..400 {
            let sender = sender.clone();
            let op = match number % 3 {
                0 => Op::Put { key: format!("key{number}"), value: Value::from(round) },
                1 => Op::Get { key: format!("key{}", number - 1) },
                _ => Op::Get { key: "missing".to_owned() },
            };
            let expected = if number % 3 == 2 { Some(NOT_FOUND) } else { None };
            store
                .submit(op, move |outcome| {
                    assert_eq!(outcome.err().map(|error| error.code()), expected);
                    sender.send(Some(number)).unwrap();
                })
                .unwrap();
        }
        store.close_then(Box::new(move |closed| sender.send(closed.err().map(|_| 0)).unwrap())).unwrap();
        let answers: Vec<_> = (0..=400).map(|_| receiver.recv_timeout(PATIENCE).unwrap()).collect();
        assert_eq!(answers.iter().position(Option::is_none), Some(400), "the close is answered last");
        assert!(receiver.recv().is_err(), "no answer comes twice");
    }
}

/// Puts with a callback that blocks, closes the store, and does something with it by its id.
fn behind_a_blocked_callback(then: impl FnOnce(&Place, Sender<&'static str>)) {
    let place = Place::new();
    let store = place.open("notes", single());
    let (told, order) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let (entered, inside) = mpsc::channel();
    let tell = told.clone();
    let put = Op::Put { key: "key".to_owned(), value: 1.into() };
    let blocked = move |outcome: dkv::Result<Outcome>| {
        entered.send(()).unwrap();
        let _ = released.recv();
        outcome.unwrap();
        tell.send("put").unwrap();
    };
    store.submit(put, blocked).unwrap();
    inside.recv_timeout(PATIENCE).unwrap();
    let tell = told.clone();
    store.close_then(Box::new(move |closed| tell.send(closed.map(|()| "closed").unwrap()).unwrap())).unwrap();
    then(&place, told);
    // What overtakes leaves through the manager's door, as these answers do.
    for _ in 0..200 {
        place.ids();
    }
    assert!(order.try_recv().is_err(), "an answer overtook the completion of a write that was issued before");
    drop(release);
    let told: Vec<_> = std::iter::from_fn(|| order.recv_timeout(PATIENCE).ok()).take(3).collect();
    assert_eq!(told, ["put", "closed", "then"]);
}

#[test]
fn a_deletion_is_answered_behind_the_writes_that_were_issued_before_the_close() {
    behind_a_blocked_callback(|place, told| {
        let deletion = place.manager().delete_store(BUNDLE, "notes", None);
        thread::spawn(move || told.send(deletion.wait().map(|()| "then").unwrap()).unwrap());
        while place.store_folder("notes").exists() {
            thread::yield_now();
        }
    });
}

#[test]
fn a_close_by_id_is_answered_behind_the_writes_that_were_issued_before_it() {
    behind_a_blocked_callback(|place, told| {
        let close = place.manager().close_store(BUNDLE, "notes", None);
        thread::spawn(move || told.send(close.wait().map(|()| "then").unwrap()).unwrap());
    });
}

#[test]
fn a_reopened_store_completes_its_writes_behind_those_of_before() {
    behind_a_blocked_callback(|place, told| {
        let opening = place.manager().get_store("notes", single());
        thread::spawn(move || {
            opening.wait().unwrap().put("key", 2).wait().unwrap();
            told.send("then").unwrap();
        });
    });
}

#[test]
fn dropping_the_last_handle_closes_the_store() {
    let place = Place::new();
    let store = place.open("notes", single());
    let second = store.duplicate().unwrap();
    drop(store.put("key", 1));
    drop(store);
    // Only a store that is closed takes on a higher level, and refuses the lower one from then on.
    drop(place.open("notes", Options::single(SecurityLevel::S4)));
    second.put("other", 2).wait().unwrap();
    drop(second);
    let raised = place.open("notes", Options::single(SecurityLevel::S4));
    assert_eq!(keys(&raised.get_entries("^").wait().unwrap()), ["key", "other"]);
    assert_eq!(place.refusal("notes", single()), common::OPTIONS_CHANGED);
}

#[test]
fn stores_outlive_their_manager() {
    let place = Place::new();
    let short_lived = manager(BUNDLE, place.path());
    let store = short_lived.get_store("notes", single()).wait().unwrap();
    let opening = short_lived.get_store("other", single());
    drop(short_lived);
    store.put("key", 1).wait().unwrap();
    assert_eq!(store.get("key").wait().unwrap(), Value::from(1));
    opening.wait().unwrap().put("key", 1).wait().unwrap();
}

#[test]
fn a_forgotten_open_holds_the_store_only_until_its_answer() {
    let place = Place::new();
    for _ in 0..20 {
        drop(place.manager().get_store("notes", single()));
        place.open("notes", Options::single(SecurityLevel::S1)).close().wait().unwrap();
    }
    // Every forgotten handle is dropped with its answer, so a deletion finds nothing that would keep the store.
    place.delete("notes").unwrap();
    assert!(place.ids().is_empty());
}

#[test]
fn a_store_whose_files_were_removed_while_it_was_closed_is_a_missing_one() {
    let place = Place::new();
    for what in ["file", "folder", "tree"] {
        let store = place.open("notes", single());
        store.put("key", 1).wait().unwrap();
        store.close().wait().unwrap();
        match what {
            "file" => std::fs::remove_file(place.store_file("notes")).unwrap(),
            "folder" => std::fs::remove_dir_all(place.store_folder("notes")).unwrap(),
            _ => {
                for entry in std::fs::read_dir(place.path()).unwrap().flatten() {
                    let path = entry.path();
                    if path.is_dir() {
                        std::fs::remove_dir_all(path).unwrap()
                    } else {
                        std::fs::remove_file(path).unwrap()
                    }
                }
            }
        }
        assert!(place.ids().is_empty(), "{what}");
        assert_eq!(code(place.delete("notes")), NOT_FOUND, "{what}");
        let existing_only = with(single(), |options| options.create_if_missing = false);
        assert_eq!(place.refusal("notes", existing_only), INVALID_ARGUMENT, "{what}");
        let anew = place.open("notes", single());
        assert_eq!(code(anew.get("key").wait()), NOT_FOUND, "{what}");
        anew.close().wait().unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_store_whose_folder_was_removed_while_it_was_open_can_be_closed_and_made_again() {
    let place = Place::new();
    let store = place.open("notes", single());
    std::fs::remove_dir_all(place.store_folder("notes")).unwrap();
    assert_eq!(code(store.put("key", 1).wait()), OUTCOME_UNKNOWN, "it goes nowhere, and nobody can look");
    assert_eq!(code(place.delete("notes")), NOT_FOUND);
    drop(store);
    place.close("notes").unwrap();
    let anew = place.open("notes", single());
    assert!(anew.get_entries("^").wait().unwrap().is_empty());
    anew.put("key", 2).wait().unwrap();
}

/// One of many threads that open, use, close and delete the same few stores.
fn stir(place: &Place, mut random: Random) {
    let manager = manager(BUNDLE, place.path());
    let mut held: Vec<KvStore> = Vec::new();
    for step in 0..150 {
        let id = *random.pick(&["a", "b", "c", "D"]);
        match random.below(6) {
            0 | 1 => held.push(manager.get_store(id, device()).wait().unwrap()),
            2 if !held.is_empty() => {
                let store = held.swap_remove(random.below(held.len()));
                if random.one_in(2) {
                    drop(store.close());
                }
            }
            3 => drop(manager.close_store(BUNDLE, id, None)),
            4 => match manager.delete_store(BUNDLE, id, None).wait() {
                Ok(()) => {}
                Err(error) => assert_eq!(error.code(), NOT_FOUND, "{error}"),
            },
            _ => {
                for store in &held {
                    if let Err(error) = store.put("step", step).wait() {
                        assert_eq!(error.code(), CLOSED, "{error}");
                    }
                }
            }
        }
    }
}

#[test]
fn many_threads_that_open_close_and_delete_leave_everything_consistent() {
    let place = Place::new();
    let seed = seed();
    thread::scope(|scope| {
        for number in 0..8 {
            let place = &place;
            scope.spawn(move || stir(place, Random::new(seed ^ number)));
        }
    });
    for id in ["a", "b", "c", "D"] {
        let listed = place.ids().iter().any(|listed| listed == id);
        let existing_only = with(device(), |options| options.create_if_missing = false);
        match place.manager().get_store(id, existing_only).wait() {
            Ok(store) => {
                assert!(listed, "{id}");
                store.put("last", 1).wait().unwrap();
                place.delete(id).unwrap();
            }
            Err(error) => {
                assert!(!listed, "{id}");
                assert_eq!(error.code(), INVALID_ARGUMENT);
            }
        }
    }
    assert!(place.ids().is_empty());
}

#[test]
fn many_stores_open_work_and_close_side_by_side() {
    let place = Place::new();
    thread::scope(|scope| {
        for number in 0..12 {
            let place = &place;
            scope.spawn(move || {
                let id = format!("store{number}");
                for round in 0..5 {
                    let store = place.open(&id, single());
                    store.put("round", round).wait().unwrap();
                    store.close().wait().unwrap();
                }
                let store = place.open(&id, single());
                assert_eq!(store.get("round").wait().unwrap(), Value::from(4));
            });
        }
    });
    assert_eq!(place.ids().len(), 12);
}
