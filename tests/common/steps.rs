//! Steps on one store, each in a process of its own, and how much memory each of them has held.
//!
//! The most that a process has ever held is what Linux tells of it, so these tests are for Linux.
#![allow(dead_code, reason = "each test binary takes what it needs")]

use std::path::Path;

use dkv::{KvStore, Options};

use crate::common::{BUNDLE, Place, child, child_folder, manager, run_child};

const STEP: &str = "DKV_TEST_STEP";

/// What a process held, in KiB.
pub struct Held {
    /// When the store was open.
    pub before: u64,
    /// At most, until now.
    pub most: u64,
}

impl Held {
    pub fn grown(&self) -> u64 {
        self.most - self.before
    }
}

/// A step, and what is right about what it has held.
pub type Step = (&'static str, fn(&KvStore), fn(&Held));

/// What a step holds is not its subject.
pub fn anything(_: &Held) {}

/// Runs the steps one after the other on one store, each in a process of its own.
pub fn run_steps(test: &str, options: Options, steps: &[Step]) {
    let Some(folder) = child_folder() else {
        let place = Place::new();
        for (name, ..) in steps {
            let mut command = child(test, place.path());
            command.env(STEP, name);
            run_child(command);
        }
        return;
    };
    let name = std::env::var(STEP).unwrap();
    let (_, step, expected) = steps.iter().find(|(known, ..)| *known == name).unwrap();
    run_step(&folder, options, *step, *expected, &name);
}

fn run_step(folder: &Path, options: Options, step: fn(&KvStore), expected: fn(&Held), name: &str) {
    let store = manager(BUNDLE, folder).get_store("notes", options).wait().unwrap();
    let before = status_kib("VmRSS:");
    step(&store);
    let held = Held { before, most: status_kib("VmHWM:") };
    println!("{name}: {} KiB when open, {} KiB at most", held.before, held.most);
    expected(&held);
    store.close().wait().unwrap();
}

/// A number of KiB from what the system tells of this process.
fn status_kib(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim_matches(|character: char| !character.is_ascii_digit()).parse().unwrap()
}
