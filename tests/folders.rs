//! Where stores lie: base folders, folders of their own, links, permissions (`store.md` 1.2, 2.3.8, 2.3.9).

mod common;

use std::path::{Path, PathBuf};

use common::{BUNDLE, CANNOT_OPEN, INVALID_ARGUMENT, NOT_FOUND, Place, answered, code, failure, manager, single, with};
use dkv::{Options, Value};

fn rooted(root_dir: &Path) -> Options {
    with(single(), |options| options.root_dir = Some(root_dir.to_owned()))
}

#[test]
fn stores_of_different_folders_with_the_same_id_never_share() {
    let (here, there) = (Place::new(), Place::new());
    let (first, second) = (here.open("notes", single()), there.open("notes", single()));
    first.put("key", "here").wait().unwrap();
    second.put("key", "there").wait().unwrap();
    assert_eq!(first.get("key").wait().unwrap(), Value::from("here"));
    here.delete("notes").unwrap();
    assert_eq!(second.get("key").wait().unwrap(), Value::from("there"));
    assert_eq!(there.ids(), ["notes"]);
}

#[test]
fn managers_over_one_folder_share_its_stores_by_whatever_path() {
    let place = Place::new();
    let store = place.open("notes", single());
    let dotted = place.path().join(".").join("sub").join("..");
    std::fs::create_dir(place.path().join("sub")).unwrap();
    let mut paths = vec![place.path().to_owned(), dotted];
    let elsewhere = tempfile::tempdir().unwrap();
    #[cfg(unix)]
    {
        let link = elsewhere.path().join("link");
        std::os::unix::fs::symlink(place.path(), &link).unwrap();
        paths.push(link);
    }
    for (number, path) in paths.iter().enumerate() {
        let other = manager(BUNDLE, path);
        let shared = other.get_store("notes", single()).wait().unwrap();
        shared.put("path", number as i32).wait().unwrap();
        assert_eq!(store.get("path").wait().unwrap(), Value::from(number as i32));
        shared.close().wait().unwrap();
        store.put("key", 1).wait().unwrap();
    }
    drop(elsewhere);
}

#[test]
fn a_store_with_a_root_folder_is_another_store_and_is_not_listed() {
    let place = Place::new();
    let root = tempfile::tempdir().unwrap();
    let (default, own) = (place.open("notes", single()), place.open("notes", rooted(root.path())));
    default.put("key", "default").wait().unwrap();
    own.put("key", "own").wait().unwrap();
    place.open("rooted", rooted(root.path()));
    assert_eq!(default.get("key").wait().unwrap(), Value::from("default"));
    assert_eq!(own.get("key").wait().unwrap(), Value::from("own"));
    assert_eq!(place.ids(), ["notes"]);
    assert!(root.path().join("kvdb/s.notes/store.dkv").is_file());
    assert!(!place.store_folder("rooted").exists());
}

#[test]
fn a_store_with_a_root_folder_is_closed_and_deleted_through_that_folder_only() {
    let place = Place::new();
    let root = tempfile::tempdir().unwrap();
    let manager = place.manager();
    let store = place.open("notes", rooted(root.path()));
    store.put("key", "value").wait().unwrap();
    // Without the folder, both calls mean the store of the default folder: not open, and not there.
    place.close("notes").unwrap();
    assert_eq!(code(place.delete("notes")), NOT_FOUND);
    assert_eq!(store.get("key").wait().unwrap(), Value::from("value"));
    manager.close_store(BUNDLE, "notes", Some(root.path())).wait().unwrap();
    assert_eq!(code(store.get("key").wait()), common::CLOSED);
    let store = place.open("notes", rooted(root.path()));
    assert_eq!(store.get("key").wait().unwrap(), Value::from("value"));
    manager.delete_store(BUNDLE, "notes", Some(root.path())).wait().unwrap();
    assert_eq!(code(store.get("key").wait()), common::CLOSED);
    assert!(!root.path().join("kvdb/s.notes").exists());
    assert_eq!(code(manager.delete_store(BUNDLE, "notes", Some(root.path())).wait()), NOT_FOUND);
}

#[test]
fn a_root_folder_that_is_the_managers_own_is_the_default_store() {
    let place = Place::new();
    let default = place.open("notes", single());
    let own = place.open("notes", rooted(place.path()));
    own.put("key", 1).wait().unwrap();
    assert_eq!(default.get("key").wait().unwrap(), Value::from(1));
}

#[test]
fn a_root_folder_that_cannot_be_used_is_a_wrong_argument() {
    let place = Place::new();
    let file = place.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    let mut unusable = vec![place.path().join("missing"), file, PathBuf::new()];
    if cfg!(target_os = "linux") {
        unusable.push(PathBuf::from("/proc"));
    }
    for root_dir in unusable {
        let opened = answered(|answer| place.manager().get_store_then("notes", rooted(&root_dir), answer)).unwrap();
        assert_eq!(code(opened), INVALID_ARGUMENT, "{}", root_dir.display());
    }
    assert!(!place.path().join("kvdb").exists() && !place.path().join("missing").exists());
    assert_eq!(std::fs::read(place.path().join("file")).unwrap(), b"not a folder");
}

#[test]
fn a_base_folder_that_cannot_be_used_cannot_be_opened() {
    let place = Place::new();
    let file = place.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    let mut unusable = vec![place.path().join("missing"), file];
    if cfg!(target_os = "linux") {
        // Nobody can make a folder there, not even root.
        unusable.push(PathBuf::from("/proc"));
    }
    for base_dir in unusable {
        let unusable = manager(BUNDLE, &base_dir);
        let error = failure(answered(|answer| unusable.get_store_then("notes", single(), answer)).unwrap());
        assert_eq!(error.code(), CANNOT_OPEN, "{error}");
        assert!(error.message().contains(base_dir.to_str().unwrap()), "{error}");
        // What cannot be open is closed already.
        unusable.close_store(BUNDLE, "notes", None).wait().unwrap();
    }
    assert!(!place.path().join("missing").exists());
}

#[test]
fn the_device_id_is_made_once_for_a_base_folder() {
    let place = Place::new();
    let path = place.path().join("device-id");
    let root = tempfile::tempdir().unwrap();
    place.open("notes", rooted(root.path()));
    let made = std::fs::read_to_string(&path).unwrap();
    assert_eq!(made.trim_end().len(), 64);
    assert!(made.trim_end().bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)), "{made}");
    place.open("other", single());
    place.delete("other").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), made);
    assert!(!root.path().join("device-id").exists());
    let elsewhere = Place::new();
    elsewhere.open("notes", single());
    assert_ne!(std::fs::read_to_string(elsewhere.path().join("device-id")).unwrap(), made);
}

#[test]
fn a_deletion_leaves_what_is_not_dkvs() {
    let place = Place::new();
    place.open("notes", single()).close().wait().unwrap();
    let foreign = place.store_folder("notes").join("readme");
    std::fs::write(&foreign, "mine").unwrap();
    place.delete("notes").unwrap();
    assert_eq!(std::fs::read(&foreign).unwrap(), b"mine");
    assert!(!place.store_file("notes").exists());
    assert!(place.ids().is_empty());
    assert_eq!(code(place.delete("notes")), NOT_FOUND);
    let store = place.open("notes", single());
    assert!(store.get_entries("^").wait().unwrap().is_empty());
}

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::process::Command;

    use super::*;
    use common::{child, child_folder, run_child};

    /// Asserts that the store `notes` can be neither opened nor made, and that what the link names keeps its content.
    fn assert_link_refused(place: &Place, link: &Path, target: &Path) {
        symlink(target, link).unwrap();
        let before = contents(target);
        let error = failure(place.manager().get_store("notes", single()).wait());
        assert_eq!(error.code(), CANNOT_OPEN, "{}: {error}", link.display());
        assert!(fs::symlink_metadata(link).unwrap().is_symlink(), "the link itself stays");
        assert_eq!(contents(target), before, "{}", link.display());
    }

    /// Every file below the path, with its bytes.
    fn contents(path: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        if path.is_file() {
            return vec![(path.to_owned(), fs::read(path).unwrap())];
        }
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let mut found: Vec<_> = entries.flat_map(|entry| contents(&entry.path())).collect();
        found.push((path.to_owned(), Vec::new()));
        found.sort();
        found
    }

    #[test]
    fn a_link_in_place_of_the_folder_of_all_stores_is_refused() {
        let (place, outside) = (Place::new(), tempfile::tempdir().unwrap());
        assert_link_refused(&place, &place.path().join("kvdb"), outside.path());
    }

    #[test]
    fn a_link_in_place_of_a_stores_folder_is_refused() {
        let (place, outside) = (Place::new(), Place::new());
        outside.open("notes", single()).close().wait().unwrap();
        fs::create_dir(place.path().join("kvdb")).unwrap();
        assert_link_refused(&place, &place.store_folder("notes"), &outside.store_folder("notes"));
        assert_eq!(code(place.delete("notes")), CANNOT_OPEN);
        assert!(outside.store_file("notes").exists());
    }

    #[test]
    fn a_link_in_place_of_a_stores_file_is_refused() {
        let (place, outside) = (Place::new(), Place::new());
        outside.open("notes", single()).close().wait().unwrap();
        fs::create_dir_all(place.store_folder("notes")).unwrap();
        assert_link_refused(&place, &place.store_file("notes"), &outside.store_file("notes"));
        assert_eq!(code(place.delete("notes")), CANNOT_OPEN);
        assert!(outside.store_file("notes").exists());
    }

    #[test]
    fn a_link_in_place_of_a_lock_is_refused() {
        let place = Place::new();
        place.open("notes", single()).close().wait().unwrap();
        let victim = place.path().join("victim");
        fs::write(&victim, "content").unwrap();
        let lock = place.store_folder("notes").join("LOCK");
        fs::remove_file(&lock).unwrap();
        assert_link_refused(&place, &lock, &victim);
        fs::remove_file(&lock).unwrap();
        place.open("notes", single());
    }

    #[test]
    fn a_link_in_place_of_a_new_file_is_not_followed() {
        let place = Place::new();
        let victim = place.path().join("victim");
        fs::write(&victim, "content").unwrap();
        fs::create_dir_all(place.store_folder("notes")).unwrap();
        symlink(&victim, place.store_folder("notes").join("store.dkv.tmp")).unwrap();
        place.open("notes", single()).put("key", 1).wait().unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"content");
    }

    #[test]
    fn a_link_in_place_of_the_device_id_is_refused() {
        let place = Place::new();
        let victim = place.path().join("victim");
        fs::write(&victim, "0".repeat(64)).unwrap();
        assert_link_refused(&place, &place.path().join("device-id"), &victim);
        assert!(place.ids().is_empty());
        assert!(!place.store_folder("notes").exists(), "what could not be made leaves no folder");
    }

    #[test]
    fn stores_behind_a_link_are_not_listed() {
        let (place, outside) = (Place::new(), Place::new());
        outside.open("notes", single()).close().wait().unwrap();
        place.open("mine", single()).close().wait().unwrap();
        symlink(outside.store_folder("notes"), place.store_folder("notes")).unwrap();
        assert_eq!(place.ids(), ["mine"]);
    }

    #[test]
    fn stores_below_a_linked_folder_of_all_stores_are_not_listed() {
        let (place, outside) = (Place::new(), Place::new());
        outside.open("notes", single()).close().wait().unwrap();
        symlink(outside.path().join("kvdb"), place.path().join("kvdb")).unwrap();
        let listed = place.manager().all_store_ids(BUNDLE).wait();
        assert!(listed.map_or_else(|error| error.code() == CANNOT_OPEN, |ids| ids.is_empty()));
    }

    #[test]
    fn a_pipe_in_place_of_a_stores_file_is_refused_and_does_not_hang() {
        let place = Place::new();
        fs::create_dir_all(place.store_folder("notes")).unwrap();
        let made = Command::new("mkfifo").arg(place.store_file("notes")).status().unwrap();
        assert!(made.success());
        assert_eq!(place.refusal("notes", single()), CANNOT_OPEN);
        assert!(place.ids().is_empty());
    }

    fn assert_all_private(path: &Path) -> usize {
        let mut seen = 0;
        for entry in fs::read_dir(path).unwrap().flatten() {
            let metadata = entry.metadata().unwrap();
            let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(metadata.permissions().mode() & 0o7777, expected, "{}", entry.path().display());
            seen += 1;
            if metadata.is_dir() {
                seen += assert_all_private(&entry.path());
            }
        }
        seen
    }

    #[test]
    fn files_and_folders_are_private_under_every_umask() {
        const TEST: &str = "unix::files_and_folders_are_private_under_every_umask";
        if let Some(folder) = child_folder() {
            let manager = manager(BUNDLE, &folder);
            let store = manager.get_store("notes", single()).wait().unwrap();
            store.put("key", vec![1; 100_000]).wait().unwrap();
            return store.close().wait().unwrap();
        }
        for umask in ["000", "022", "777"] {
            let place = Place::new();
            // The umask belongs to a whole process, so one is started that has it.
            let plain = child(TEST, place.path());
            let mut masked = Command::new("sh");
            masked.args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")]).arg(plain.get_program());
            masked.args(plain.get_args());
            masked.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
            run_child(masked);
            // kvdb, the store's folder, its file, its lock, the device id.
            assert_eq!(assert_all_private(place.path()), 5, "umask {umask}");
        }
    }

    /// A user that nothing belongs to.
    const NOBODY: libc::uid_t = 65_534;

    #[test]
    fn a_folder_that_may_only_be_read_is_refused_and_named() {
        if let Some(folder) = child_folder() {
            // Permissions bind everybody but root.
            // SAFETY: changes this process alone, which runs one test.
            unsafe { libc::setuid(NOBODY) };
            let manager = manager(BUNDLE, &folder);
            for store_id in ["missing", "notes"] {
                let error = failure(manager.get_store(store_id, single()).wait());
                assert_eq!(error.code(), CANNOT_OPEN, "{error}");
                assert!(error.message().contains(folder.to_str().unwrap()), "{error}");
            }
            return;
        }
        let place = Place::new();
        place.open("notes", single()).close().wait().unwrap();
        let before = contents(place.path());
        for (path, _) in &before {
            let mode = if path.is_dir() { 0o555 } else { 0o444 };
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        run_child(child("unix::a_folder_that_may_only_be_read_is_refused_and_named", place.path()));
        assert_eq!(contents(place.path()), before);
        for (path, _) in before.iter().filter(|(path, _)| path.is_dir()) {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn a_store_of_another_user_is_refused_and_its_bytes_are_not_told() {
        const TEST: &str = "unix::a_store_of_another_user_is_refused_and_its_bytes_are_not_told";
        if let Some(folder) = child_folder() {
            // SAFETY: changes this process alone, which runs one test.
            let changed = unsafe { libc::setuid(NOBODY) } == 0;
            // Who is not root cannot become somebody else.
            if !changed {
                return;
            }
            let manager = manager(BUNDLE, &folder);
            for store_id in ["missing", "notes"] {
                let error = failure(manager.get_store(store_id, single()).wait());
                assert_eq!(error.code(), CANNOT_OPEN, "{error}");
                assert!(error.message().contains(folder.to_str().unwrap()), "{error}");
            }
            let refused = failure(manager.delete_store(BUNDLE, "notes", None).wait());
            assert_eq!(refused.code(), CANNOT_OPEN, "{refused}");
            let seen = fs::read_dir(folder.join("kvdb")).map(|_| ());
            assert_eq!(seen.unwrap_err().kind(), std::io::ErrorKind::PermissionDenied);
            return;
        }
        let place = Place::new();
        let store = place.open("notes", single());
        store.put("key", "private").wait().unwrap();
        store.close().wait().unwrap();
        // A folder in which everybody may work, as that for temporary files is.
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        let before = contents(place.path());
        run_child(child(TEST, place.path()));
        assert_eq!(contents(place.path()), before);
        assert_eq!(place.open("notes", single()).get("key").wait().unwrap(), Value::from("private"));
    }

    /// The command, for which the folder is on a disk that is mounted to be read, in a namespace of mounts of its own.
    /// `None` where the system gives none, neither to root nor to somebody who is root there alone.
    fn on_a_disk_to_be_read(command: &Command, folder: &Path) -> Option<Command> {
        const MOUNT: &str = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\"";
        let within = |options: &[&str]| {
            let mut within = Command::new("unshare");
            within.args(options).args(["sh", "-c", MOUNT]).arg(folder);
            within
        };
        let ways: [&[&str]; 2] = [&["--mount"], &["--map-root-user", "--mount"]];
        let works = |way: &&&[&str]| within(way).arg("true").output().is_ok_and(|output| output.status.success());
        let mut wrapped = within(ways.iter().find(works)?);
        wrapped.arg(command.get_program()).args(command.get_args());
        wrapped.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Some(wrapped)
    }

    #[test]
    fn a_disk_that_may_only_be_read_is_refused_and_named_and_keeps_its_stores() {
        const TEST: &str = "unix::a_disk_that_may_only_be_read_is_refused_and_named_and_keeps_its_stores";
        if let Some(folder) = child_folder() {
            assert_eq!(fs::write(folder.join("x"), "").unwrap_err().kind(), std::io::ErrorKind::ReadOnlyFilesystem);
            let manager = manager(BUNDLE, &folder);
            for store_id in ["missing", "notes"] {
                let error = failure(manager.get_store(store_id, single()).wait());
                assert_eq!(error.code(), CANNOT_OPEN, "{error}");
                assert!(error.message().contains(folder.to_str().unwrap()), "{error}");
            }
            assert_eq!(manager.all_store_ids(BUNDLE).wait().unwrap(), ["notes"], "a list needs no write");
            let refused = failure(manager.delete_store(BUNDLE, "notes", None).wait());
            assert!([CANNOT_OPEN, 27_459_594].contains(&refused.code()), "{refused}");
            return;
        }
        let place = Place::new();
        let store = place.open("notes", single());
        store.put("key", "kept").wait().unwrap();
        store.close().wait().unwrap();
        let before = contents(place.path());
        let Some(command) = on_a_disk_to_be_read(&child(TEST, place.path()), place.path()) else {
            return println!("not tried: the system gives this process no mounts of its own");
        };
        run_child(command);
        assert_eq!(contents(place.path()), before);
        assert_eq!(place.open("notes", single()).get("key").wait().unwrap(), Value::from("kept"));
    }

    #[test]
    fn a_reopened_store_keeps_its_file() {
        let place = Place::new();
        place.open("notes", single()).close().wait().unwrap();
        let inode = fs::metadata(place.store_file("notes")).unwrap().ino();
        place.open("notes", single()).put("key", 1).wait().unwrap();
        assert_eq!(fs::metadata(place.store_file("notes")).unwrap().ino(), inode);
    }
}
