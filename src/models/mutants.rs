//! Each model notices what it is for: the library is broken in one place, and the model fails.
//!
//! A model that fails leaves threads in the middle of things, so each of these runs in a process of its own.

use std::process::Command;

use super::SCHEDULES;
use crate::concurrency::vices::ASKED;

/// Schedules in which a fault must show. The first one that fails ends the search: most need a few, the rarest some 700.
const SCHEDULES_MAX: &str = "20000";

/// The vice, the model that notices it, and what the model says.
const MUTANTS: &[(&str, &str, &str)] = &[
    (
        "syncs",
        "models::writes::what_is_acknowledged_survives_a_power_cut_right_behind_it",
        "an acknowledged write is lost",
    ),
    ("deaf client/request.rs", "models::writes::what_is_acknowledged_survives_a_power_cut_right_behind_it", "deadlock"),
    ("deaf engine/lane.rs", "models::writes::what_is_acknowledged_survives_a_power_cut_right_behind_it", "deadlock"),
    (
        "deaf engine/here.rs",
        "models::writes::a_read_sees_what_its_thread_has_issued_before_whatever_others_do",
        "deadlock",
    ),
    (
        "deaf engine/pins.rs",
        "models::writes::a_read_sees_what_its_thread_has_issued_before_whatever_others_do",
        "deadlock",
    ),
    (
        "deaf engine/backups.rs",
        "models::writes::a_read_sees_what_its_thread_has_issued_before_whatever_others_do",
        "deadlock",
    ),
    (
        "deaf engine/readers.rs",
        "models::closing::everything_is_answered_when_its_store_is_closed_meanwhile",
        "deadlock",
    ),
    (
        "deaf engine/published.rs",
        "models::closing::everything_is_answered_when_its_store_is_closed_meanwhile",
        "deadlock",
    ),
    ("deaf engine/threads.rs", "models::closing::a_handle_is_closed_once_whoever_tries", "deadlock"),
    (
        "deaf engine/lane.rs",
        "engine::lane::models::each_item_is_taken_once_and_in_order_by_one_consumer_at_a_time",
        "deadlock",
    ),
    ("deaf capi/queue.rs", "capi::queue::models::a_host_that_waits_is_told_when_its_queue_is_freed", "deadlock"),
    ("torn engine/hold.rs", "models::closing::a_handle_is_closed_once_whoever_tries", "one of them closes it"),
];

#[test]
fn every_model_notices_the_fault_that_it_is_for() {
    let program = std::env::current_exe().unwrap();
    let mut unnoticed = Vec::new();
    for (vice, model, says) in MUTANTS {
        let mut command = Command::new(&program);
        command.args([model, "--exact", "--nocapture"]).env(ASKED, vice).env(SCHEDULES, SCHEDULES_MAX);
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        if output.status.success() || !said.contains(says) {
            unnoticed.push(format!("{model} under `{vice}` should say `{says}`:\n{said}"));
        }
    }
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
}
