//! Several processes on one store, a fork, and the end of the library in a process.

mod common;

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use common::{
    BUNDLE, CANNOT_OPEN, CLOSED, PATIENCE, Partner, Place, WOULD_BLOCK, child, child_folder, code, failure, manager,
    run_child, say, single, wait_for_parent,
};
use dkv::{Op, Value};

/// Runs `body` in a process of its own, because it does something to the whole process.
fn alone(test: &str, body: impl FnOnce(&Path)) {
    match child_folder() {
        Some(folder) => body(&folder),
        None => run_child(child(test, tempfile::tempdir().unwrap().path())),
    }
}

#[test]
fn a_store_that_is_open_here_is_refused_at_once_to_another_process() {
    const TEST: &str = "a_store_that_is_open_here_is_refused_at_once_to_another_process";
    if let Some(folder) = child_folder() {
        let manager = manager(BUNDLE, &folder);
        for _ in 0..10 {
            let error = failure(manager.get_store("notes", single()).wait());
            assert_eq!(error.code(), CANNOT_OPEN);
            let parent = std::env::var("DKV_TEST_PARENT").unwrap();
            assert!(error.message().contains(&parent), "the message names the process that has it: {error}");
            assert_eq!(code(manager.delete_store(BUNDLE, "notes", None).wait()), CANNOT_OPEN);
        }
        assert_eq!(manager.all_store_ids(BUNDLE).wait().unwrap(), ["notes"]);
        // A close finds nothing open in this process, and lets go of nothing in the other one.
        manager.close_store(BUNDLE, "notes", None).wait().unwrap();
        return manager.get_store("other", single()).wait().unwrap().close().wait().unwrap();
    }
    let place = Place::new();
    let store = place.open("notes", single());
    store.put("before", 1).wait().unwrap();
    let mut other = child(TEST, place.path());
    other.env("DKV_TEST_PARENT", std::process::id().to_string());
    run_child(other);
    store.put("after", 2).wait().unwrap();
    store.close().wait().unwrap();
    let reopened = place.open("notes", single());
    assert_eq!(reopened.get_entries("^").wait().unwrap().len(), 2);
    assert_eq!(place.ids(), ["notes", "other"]);
}

#[test]
fn a_store_changes_hands_when_the_other_process_closes_it_or_is_killed() {
    const TEST: &str = "a_store_changes_hands_when_the_other_process_closes_it_or_is_killed";
    if let Some(folder) = child_folder() {
        let store = manager(BUNDLE, &folder).get_store("notes", single()).wait().unwrap();
        store.put("key", "from the child").wait().unwrap();
        say("open");
        wait_for_parent();
        return store.close().wait().unwrap();
    }
    for killed in [false, true] {
        let place = Place::new();
        let mut other = Partner::start(child(TEST, place.path()));
        other.hear("open").unwrap();
        let error = failure(place.manager().get_store("notes", single()).wait());
        assert_eq!(error.code(), CANNOT_OPEN);
        assert!(error.message().contains(&other.id().to_string()), "{error}");
        if killed {
            other.kill();
        } else {
            other.finish();
        }
        let store = place.open("notes", single());
        assert_eq!(store.get("key").wait().unwrap(), Value::from("from the child"));
    }
}

#[test]
fn processes_that_create_one_store_at_once_make_one_store() {
    const TEST: &str = "processes_that_create_one_store_at_once_make_one_store";
    if let Some(folder) = child_folder() {
        let manager = manager(BUNDLE, &folder);
        wait_for_parent();
        for number in 0..20 {
            match manager.get_store(&format!("s{number}"), single()).wait() {
                Ok(store) => {
                    let before = store.get_entries("^").wait().unwrap().len();
                    store.put(format!("process{}", std::process::id()), number).wait().unwrap();
                    assert_eq!(store.get_entries("^").wait().unwrap().len(), before + 1);
                    say(&format!("wrote {number}"));
                    store.close().wait().unwrap();
                }
                Err(error) => assert_eq!(error.code(), CANNOT_OPEN, "{error}"),
            }
        }
        return;
    }
    let place = Place::new();
    let mut others: Vec<Partner> = (0..3).map(|_| Partner::start(child(TEST, place.path()))).collect();
    let mut wrote = [0; 20];
    for other in &mut others {
        other.release();
    }
    for mut other in others {
        while let Some(number) = other.hear("wrote ") {
            wrote[number.parse::<usize>().unwrap()] += 1;
        }
        other.finish();
    }
    for (number, writers) in wrote.into_iter().enumerate() {
        assert!(writers > 0, "somebody made s{number}");
        let store = place.open(&format!("s{number}"), single());
        assert_eq!(store.get_entries("^").wait().unwrap().len(), writers, "s{number}");
        store.close().wait().unwrap();
    }
}

#[test]
fn a_shutdown_closes_everything_and_the_library_can_be_used_again() {
    alone("a_shutdown_closes_everything_and_the_library_can_be_used_again", |folder| {
        dkv::shutdown(PATIENCE).unwrap();
        let manager = manager(BUNDLE, folder);
        let stores: Vec<_> =
            (0..5).map(|number| manager.get_store(&format!("s{number}"), single()).wait().unwrap()).collect();
        let further = stores[0].duplicate().unwrap();
        let (sender, receiver) = mpsc::channel();
        for store in &stores {
            for number in 0..1000 {
                let sender = sender.clone();
                let op = Op::Put { key: format!("key{number:03}"), value: Value::from(number) };
                store.submit(op, move |outcome| sender.send(outcome).unwrap()).unwrap();
            }
        }
        drop(sender);
        dkv::shutdown(PATIENCE).unwrap();
        let outcomes: Vec<_> = receiver.try_iter().collect();
        assert_eq!(outcomes.len(), 5000, "after a shutdown nothing is under way");
        assert!(outcomes.iter().all(Result::is_ok));
        assert_eq!(code(further.get("key000").wait()), CLOSED);
        assert_eq!(code(stores[4].put("key", 1).wait()), CLOSED);
        assert_no_library_threads();
        for number in 0..5 {
            let store = manager.get_store(&format!("s{number}"), single()).wait().unwrap();
            assert_eq!(store.get_entries("key").wait().unwrap().len(), 1000);
        }
    });
}

/// Asserts that no thread of this process bears a name of the library, where the system tells. A thread that has left
/// the library may still be on its way out of the system.
fn assert_no_library_threads() {
    let deadline = Instant::now() + PATIENCE;
    while library_threads() > 0 {
        assert!(Instant::now() < deadline, "threads of the library are left");
        std::thread::yield_now();
    }
}

fn library_threads() -> usize {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return 0 };
    let names = threads.flatten().map(|thread| std::fs::read_to_string(thread.path().join("comm")).unwrap_or_default());
    names.filter(|name| name.starts_with("dkv-")).count()
}

#[test]
fn a_shutdown_that_may_take_for_ever_takes_as_long_as_it_needs() {
    alone("a_shutdown_that_may_take_for_ever_takes_as_long_as_it_needs", |folder| {
        let store = manager(BUNDLE, folder).get_store("notes", single()).wait().unwrap();
        store.put("key", 1).wait().unwrap();
        // More than the clock can count.
        dkv::shutdown(Duration::MAX).unwrap();
        assert_eq!(code(store.get("key").wait()), CLOSED);
        assert_no_library_threads();
    });
}

#[test]
fn a_shutdown_closes_what_was_only_asked_to_open() {
    alone("a_shutdown_closes_what_was_only_asked_to_open", |folder| {
        let manager = manager(BUNDLE, folder);
        for _ in 0..20 {
            let opening: Vec<_> = (0..4).map(|number| manager.get_store(&format!("s{number}"), single())).collect();
            dkv::shutdown(PATIENCE).unwrap();
            for opening in opening {
                // It came before the shutdown, so it has opened; and then it was closed.
                let store = opening.wait().unwrap();
                assert_eq!(code(store.put("key", 1).wait()), CLOSED);
            }
        }
    });
}

#[test]
fn a_shutdown_within_a_callback_and_one_that_a_callback_holds_up_are_told() {
    alone("a_shutdown_within_a_callback_and_one_that_a_callback_holds_up_are_told", |folder| {
        let store = manager(BUNDLE, folder).get_store("notes", single()).wait().unwrap();
        let (answer, from_callback) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        store
            .submit(Op::Flush, move |_| {
                answer.send(dkv::shutdown(PATIENCE)).unwrap();
                let _ = released.recv();
            })
            .unwrap();
        assert_eq!(code(from_callback.recv_timeout(PATIENCE).unwrap()), WOULD_BLOCK);
        assert_eq!(code(dkv::shutdown(Duration::ZERO)), WOULD_BLOCK);
        drop(release);
        dkv::shutdown(PATIENCE).unwrap();
        assert_no_library_threads();
    });
}

#[test]
fn the_last_close_ends_every_thread() {
    alone("the_last_close_ends_every_thread", |folder| {
        let manager = manager(BUNDLE, folder);
        let stores: Vec<_> =
            (0..3).map(|number| manager.get_store(&format!("s{number}"), single()).wait().unwrap()).collect();
        for store in &stores {
            store.put("key", 1).wait().unwrap();
            store.get("key").wait().unwrap();
        }
        stores.into_iter().for_each(|store| store.close().wait().unwrap());
        // It finds nothing to close; it only waits for the threads.
        dkv::shutdown(PATIENCE).unwrap();
        assert_no_library_threads();
    });
}

#[cfg(unix)]
mod fork {
    use super::*;
    use common::answered;

    const FORKED: i32 = -4;

    /// Forks this process. The child runs `body` and ends with its answer, without unwinding into the harness.
    fn fork(body: impl FnOnce() -> bool) -> libc::pid_t {
        // SAFETY: the child calls `body` and `_exit` only; it never returns into the test.
        let process = unsafe { libc::fork() };
        assert!(process >= 0);
        if process == 0 {
            let passed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(false);
            let status = i32::from(!passed);
            // SAFETY: ends the child without running any destructor.
            unsafe { libc::_exit(status) }
        }
        process
    }

    fn wait_for(process: libc::pid_t) -> i32 {
        let mut status = -1;
        // SAFETY: `status` is a live local.
        let ended = unsafe { libc::waitpid(process, &mut status, 0) };
        assert_eq!(ended, process);
        status
    }

    #[test]
    fn every_call_in_a_fork_says_so_and_the_parent_goes_on() {
        alone("fork::every_call_in_a_fork_says_so_and_the_parent_goes_on", |folder| {
            let manager = manager(BUNDLE, folder);
            let store = manager.get_store("notes", single()).wait().unwrap();
            store.put("key", 1).wait().unwrap();
            let forked = fork(|| {
                code(store.put("key", 2).wait()) == FORKED
                    && code(store.get("key").wait()) == FORKED
                    && code(store.get_now("key")) == FORKED
                    && code(store.try_get("key")) == FORKED
                    && code(manager.get_store("other", single()).wait()) == FORKED
                    && code(manager.close_store(BUNDLE, "notes", None).wait()) == FORKED
                    && code(manager.delete_store(BUNDLE, "notes", None).wait()) == FORKED
                    && code(manager.all_store_ids(BUNDLE).wait()) == FORKED
                    && code(dkv::shutdown(PATIENCE)) == FORKED
                    && code(answered(|answer| store.close_then(answer)).and_then(|closed| closed)) == FORKED
            });
            assert_eq!(wait_for(forked), 0, "a call in the fork gave another answer");
            assert_eq!(store.get("key").wait().unwrap(), Value::from(1));
            store.put("key", 3).wait().unwrap();
        });
    }

    #[test]
    fn a_fork_that_lives_on_does_not_keep_a_closed_store() {
        alone("fork::a_fork_that_lives_on_does_not_keep_a_closed_store", |folder| {
            let manager = manager(BUNDLE, folder);
            let store = manager.get_store("notes", single()).wait().unwrap();
            let forked = fork(|| {
                // SAFETY: waits for the signal that ends this process.
                unsafe { libc::pause() };
                true
            });
            store.close().wait().unwrap();
            let reopened = manager.get_store("notes", single()).wait();
            // SAFETY: `forked` is this process's own child, which was not waited for yet.
            assert_eq!(unsafe { libc::kill(forked, libc::SIGKILL) }, 0);
            wait_for(forked);
            reopened.unwrap();
        });
    }
}
