//! The keyring of a desktop session on Linux: a real one, started for each test on a session bus of its own.
#![cfg(target_os = "linux")]

mod common;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{BUNDLE, CORRUPTED, failure, single, with};
use dkv::{Error, KvStore, Manager, ManagerOptions, Options, RootKey, Value};

const KEY_UNAVAILABLE: i32 = 15_100_006;
/// Tells this very test binary that it runs in the session, and where its stores lie.
const SESSION: &str = "DKV_KEYRING_SESSION";
/// The collection that the daemon makes the default one when it is unlocked for the first time.
const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";
const PROGRAMS: [&str; 3] = ["dbus-run-session", "dbus-send", "gnome-keyring-daemon"];

fn encrypted() -> Options {
    with(single(), |options| options.encrypt = true)
}

fn open(folder: &Path, store: &str) -> Result<KvStore, Error> {
    let mut options = ManagerOptions::new(BUNDLE, folder);
    options.root_key = RootKey::in_system_keyring().unwrap();
    Manager::new(options).unwrap().get_store(store, encrypted()).wait()
}

fn is_installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

/// Runs a test of this binary again inside a session of its own, with its keyring unlocked.
fn in_a_session(test: &str, act: impl FnOnce(&Path)) {
    if let Some(folder) = std::env::var_os(SESSION) {
        return act(Path::new(&folder));
    }
    if let Some(missing) = PROGRAMS.into_iter().find(|program| !is_installed(program)) {
        println!("skipped: {missing} is not installed");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let stores = home.path().join("stores");
    std::fs::create_dir(&stores).unwrap();
    let script = "printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec \"$@\"";
    let mut command = Command::new("dbus-run-session");
    command.args(["--", "sh", "-c", script, "sh"]).arg(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(SESSION, &stores);
    for (variable, folder) in [("HOME", "home"), ("XDG_RUNTIME_DIR", "run"), ("XDG_DATA_HOME", "data")] {
        let folder = home.path().join(folder);
        std::fs::create_dir(&folder).unwrap();
        command.env(variable, folder);
    }
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

fn dbus(object: &str, method: &str, arguments: &[String]) {
    let mut command = Command::new("dbus-send");
    command.args(["--session", "--print-reply", "--dest=org.freedesktop.secrets", object, method]).args(arguments);
    assert!(command.stdout(Stdio::null()).status().unwrap().success(), "{method}");
}

fn lock() {
    let collection = format!("array:objpath:{COLLECTION}");
    dbus("/org/freedesktop/secrets", "org.freedesktop.Secret.Service.Lock", &[collection]);
}

#[test]
fn a_store_opens_again_with_its_root_key_in_the_keyring_of_the_session() {
    in_a_session("a_store_opens_again_with_its_root_key_in_the_keyring_of_the_session", |folder| {
        let store = open(folder, "notes").unwrap();
        store.put("key", "value").wait().unwrap();
        store.backup("one").wait().unwrap();
        store.rekey().wait().unwrap();
        store.close().wait().unwrap();
        let store = open(folder, "notes").unwrap();
        assert_eq!(store.get("key").wait().unwrap(), Value::from("value"));
        store.restore("one").wait().unwrap();
        store.close().wait().unwrap();
        let named = std::fs::read_to_string(folder.join("key/root.1")).unwrap();
        assert!(named.starts_with("dkv keyring ") && named.len() == 45, "{named}");
    });
}

#[test]
fn a_locked_keyring_that_nobody_unlocks_is_told_of_within_its_time() {
    in_a_session("a_locked_keyring_that_nobody_unlocks_is_told_of_within_its_time", |folder| {
        open(folder, "notes").unwrap().close().wait().unwrap();
        lock();
        for store in ["notes", "other"] {
            let begun = Instant::now();
            let error = failure(open(folder, store));
            assert_eq!(error.code(), KEY_UNAVAILABLE, "{error}");
            println!("{store}: {error} ({:?})", begun.elapsed());
            assert!(begun.elapsed() < Duration::from_secs(70), "{:?}", begun.elapsed());
        }
    });
}

#[test]
fn an_entry_that_was_removed_is_missed_and_no_new_one_is_made() {
    in_a_session("an_entry_that_was_removed_is_missed_and_no_new_one_is_made", |folder| {
        open(folder, "notes").unwrap().close().wait().unwrap();
        dbus(&format!("{COLLECTION}/1"), "org.freedesktop.Secret.Item.Delete", &[]);
        for store in ["notes", "other"] {
            let error = failure(open(folder, store));
            assert_eq!(error.code(), CORRUPTED, "{error}");
            assert!(error.message().contains("is missing"), "{error}");
        }
        assert!(!folder.join("key/root.2").exists());
    });
}

#[test]
fn without_a_session_the_keyring_cannot_be_reached_and_nothing_is_made() {
    const TEST: &str = "without_a_session_the_keyring_cannot_be_reached_and_nothing_is_made";
    let Some(folder) = std::env::var_os(SESSION) else {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", TEST, "--nocapture"]).env(SESSION, folder.path());
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus").env_remove("DISPLAY");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return;
    };
    let folder = Path::new(&folder);
    let error = failure(open(folder, "notes"));
    assert_eq!(error.code(), KEY_UNAVAILABLE, "{error}");
    assert!(error.message().contains("cannot be used"), "{error}");
    assert!(!folder.join("key/root.1").exists() && !folder.join("kvdb/s.notes").exists());
}
