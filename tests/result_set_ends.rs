//! How many result sets there may be, and how they end: by their close, a drop, a shutdown (`query_device_sync.md` 3.2).

mod common;
#[path = "common/sets.rs"]
mod sets;

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use common::{BUNDLE, CLOSED, OVER_LIMITS, PATIENCE, Place, Random, code, failure, manager, seed, single};
use dkv::{KeyRange, ResultSet};
use sets::{
    DATABASE, SETS_MAX, alone, assert_ended, assert_readable, numbered, open_all, relaxed, room, store_and_set,
};

#[test]
fn eight_sets_of_a_store_may_be_open_over_all_its_handles() {
    let place = Place::new();
    let first = place.open("notes", single());
    let handles = [first.duplicate().unwrap(), place.open("notes", single()), first];
    let mut sets: Vec<_> = (0..SETS_MAX).map(|number| open_all(&handles[number % 3])).collect();
    for handle in &handles {
        let error = failure(handle.get_result_set("^").wait());
        assert_eq!(error.code(), OVER_LIMITS);
        assert!(error.message().contains('8'), "{error}");
    }
    assert_eq!(room(&place.open("other", single())), SETS_MAX, "another store has its own eight");
    for (ended, handle) in [(3, 0), (7, 1), (0, 2)] {
        sets[ended].close().unwrap();
        assert_eq!(code(sets[ended].close()), CLOSED);
        sets[ended] = open_all(&handles[handle]);
        assert_eq!(code(handles[2].get_result_set("^").wait()), OVER_LIMITS, "a second close frees no second place");
    }
    // Dropping ends one too, but not before its last clone.
    let clone = sets[5].clone();
    drop(sets.remove(5));
    assert_eq!(code(handles[0].get_result_set("^").wait()), OVER_LIMITS);
    drop(clone);
    sets.push(open_all(&handles[0]));
    // With their handle gone they still count.
    let [last, ..] = handles;
    assert_eq!(room(&last), 0);
    sets.clear();
    assert_eq!(room(&last), SETS_MAX);
}

#[test]
fn a_set_that_nobody_waits_for_takes_no_place() {
    let place = Place::new();
    let store = place.open("notes", relaxed());
    for round in 0..100 {
        drop(store.put("key", round));
        drop(store.get_result_set(if round % 2 == 0 { "key" } else { "elsewhere" }));
        // Its answer leaves behind those before it.
        store.flush().wait().unwrap();
    }
    assert_eq!(room(&store), SETS_MAX);
    // What is refused takes none either.
    (0..20).for_each(|_| assert!(store.get_result_set("").wait().is_err()));
    store.start_transaction().wait().unwrap();
    (0..20).for_each(|_| assert_eq!(code(store.get_result_set("^").wait()), DATABASE));
    store.rollback().wait().unwrap();
    assert_eq!(room(&store), SETS_MAX);
}

#[test]
fn threads_that_open_and_end_sets_never_have_more_than_eight_and_lose_no_place() {
    let place = Place::new();
    let store = place.open("notes", relaxed());
    store.put("key", 1).wait().unwrap();
    let (open, opened, refused) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let work = |thread: u64| {
        let mut random = Random::new(thread);
        let mut held = Vec::new();
        for _ in 0..300 {
            if random.one_in(5) {
                drop(store.put("key", 2));
            }
            match store.get_result_set("key").wait() {
                Ok(set) => {
                    assert!(open.fetch_add(1, Ordering::SeqCst) < SETS_MAX);
                    opened.fetch_add(1, Ordering::SeqCst);
                    held.push(set);
                }
                Err(error) => {
                    assert_eq!(error.code(), OVER_LIMITS);
                    refused.fetch_add(1, Ordering::SeqCst);
                }
            }
            while held.len() > random.below(4) {
                let set: ResultSet = held.swap_remove(random.below(held.len()));
                open.fetch_sub(1, Ordering::SeqCst);
                if random.one_in(2) { set.close().unwrap() } else { drop(set) }
            }
        }
        open.fetch_sub(held.len(), Ordering::SeqCst);
    };
    let seed = seed();
    thread::scope(|scope| (0..6).for_each(|number| drop(scope.spawn(move || work(seed ^ number)))));
    assert!(opened.into_inner() > 0);
    assert!(refused.into_inner() < 1800);
    assert_eq!(room(&store), SETS_MAX);
}

#[test]
fn every_call_after_the_close_of_a_set_reports_closed_for_all_clones() {
    let place = Place::new();
    let (store, set) = store_and_set(&place, "notes", single());
    let other = open_all(&store);
    let clone = set.clone();
    set.close().unwrap();
    assert_ended(&set);
    assert_ended(&clone);
    assert_readable(&other);
    store.close().wait().unwrap();
    other.close().unwrap();
    assert_ended(&other);
}

#[test]
fn a_shutdown_ends_every_set_and_stream_and_returns() {
    alone("a_shutdown_ends_every_set_and_stream_and_returns", |folder| {
        let manager = manager(BUNDLE, folder);
        for _ in 0..3 {
            let open = |id: &str| manager.get_store(id, single()).wait().unwrap();
            let (open_store, closed_store) = (open("open"), open("closed"));
            let sets: Vec<_> = [&open_store, &closed_store, &closed_store].map(open_all).into();
            let streams = [&open_store, &closed_store].map(|store| store.entries(KeyRange::default()).wait().unwrap());
            sets.iter().for_each(|set| assert!(set.count().is_ok()));
            closed_store.close().wait().unwrap();
            dkv::shutdown(PATIENCE).unwrap();
            sets.iter().for_each(assert_ended);
            for mut stream in streams {
                assert_eq!(code(stream.next_page()), CLOSED);
                assert_eq!(code(stream.next().unwrap()), CLOSED);
                assert_eq!(code(stream.close()), CLOSED);
            }
            assert_eq!(code(open_store.get_result_set("^").wait()), CLOSED);
            drop(sets);
            assert_eq!(room(&open("open")), SETS_MAX, "the library can be used again");
            manager.delete_store(BUNDLE, "closed", None).wait().unwrap();
        }
    });
}

#[test]
fn a_shutdown_beside_a_walk_ends_it_between_two_calls() {
    alone("a_shutdown_beside_a_walk_ends_it_between_two_calls", |folder| {
        let manager = manager(BUNDLE, folder);
        let store = manager.get_store("notes", relaxed()).wait().unwrap();
        store.put_batch(numbered(5000)).wait().unwrap();
        let walking = Barrier::new(5);
        thread::scope(|scope| {
            for walk in 0..4 {
                let (set, walking) = (open_all(&store), &walking);
                scope.spawn(move || {
                    walking.wait();
                    let deadline = Instant::now() + PATIENCE;
                    // Until it is ended from outside.
                    let ended = loop {
                        assert!(Instant::now() < deadline, "nobody ends it");
                        let moved = if walk % 2 == 0 { set.move_to_next() } else { set.move_to_last() };
                        match moved
                            .and_then(|moved| if moved { set.entry().map(drop) } else { set.move_to(-1).map(drop) })
                        {
                            Ok(()) => {}
                            Err(error) => break error,
                        }
                    };
                    assert_eq!(ended.code(), CLOSED, "{ended}");
                });
            }
            walking.wait();
            dkv::shutdown(PATIENCE).unwrap();
        });
    });
}

#[cfg(unix)]
#[test]
fn every_call_of_a_set_and_a_stream_in_a_fork_says_so_and_the_parent_goes_on() {
    /// Never panics: a panic in the fork would end it as a success.
    fn says_forked<T>(answer: dkv::Result<T>) -> bool {
        answer.is_err_and(|error| error.code() == -4)
    }
    const TEST: &str = "every_call_of_a_set_and_a_stream_in_a_fork_says_so_and_the_parent_goes_on";
    alone(TEST, |folder| {
        let store = manager(BUNDLE, folder).get_store("notes", single()).wait().unwrap();
        store.put("key", 1).wait().unwrap();
        let (set, mut stream) = (open_all(&store), store.entries(KeyRange::default()).wait().unwrap());
        // SAFETY: the child makes the calls below and `_exit`; it never returns into the test.
        let process = unsafe { libc::fork() };
        assert!(process >= 0);
        if process == 0 {
            let forked = says_forked(set.count())
                && says_forked(set.position())
                && says_forked(set.move_to_next())
                && says_forked(set.is_first())
                && says_forked(set.entry())
                && says_forked(set.close())
                && says_forked(stream.next_page())
                && stream.next().is_some_and(says_forked)
                && says_forked(stream.close())
                && says_forked(store.get_result_set("^").wait())
                && says_forked(store.entries(KeyRange::default()).wait());
            // SAFETY: ends the child without running any destructor.
            unsafe { libc::_exit(i32::from(!forked)) }
        }
        let mut status = -1;
        // SAFETY: `status` is a live local.
        assert_eq!(unsafe { libc::waitpid(process, &raw mut status, 0) }, process);
        assert_eq!(status, 0, "a call in the fork gave another answer");
        assert_eq!(set.count().unwrap(), 1);
        assert_eq!(stream.next_page().unwrap().len(), 1);
    });
}
