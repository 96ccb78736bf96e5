//! Synchronisation as far as it goes without a transport.

#[path = "common/home.rs"]
mod common;

use std::sync::mpsc;
use std::time::Duration;

use common::{BUNDLE_NAME, Home};
use dkv::{ErrorKind, KvStore, Options, SecurityLevel, Subscription, SyncMode, SyncStatus};

const PATIENCE: Duration = Duration::from_secs(60);

fn listen(store: &KvStore) -> (Subscription, mpsc::Receiver<Vec<SyncStatus>>) {
    let (sender, receiver) = mpsc::channel();
    let subscription = store.subscribe_sync_complete(move |statuses| sender.send(statuses.to_vec()).unwrap()).unwrap();
    (subscription, receiver)
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[test]
fn every_device_is_reported_offline_in_ascending_order() {
    let home = Home::new();
    for store in [home.single("single"), home.device("device")] {
        let (_first, first) = listen(&store);
        let (_second, second) = listen(&store.duplicate().unwrap());
        for mode in [SyncMode::PullOnly, SyncMode::PushOnly, SyncMode::PushPull] {
            store.sync(ids(&["b", "a", "b", "Z"]), mode, Some(50)).unwrap();
            for receiver in [&first, &second] {
                let statuses = receiver.recv_timeout(PATIENCE).unwrap();
                let statuses: Vec<_> = statuses.iter().map(|status| (status.device_id.as_str(), status.code)).collect();
                assert_eq!(statuses, [("Z", 27_459_627), ("a", 27_459_627), ("b", 27_459_627)]);
            }
        }
        store.flush().wait().unwrap();
        assert!(first.try_recv().is_err() && second.try_recv().is_err(), "each is called once");
    }
}

#[test]
fn sync_refuses_a_call_without_devices_and_a_closed_store() {
    let home = Home::new();
    let store = home.single("store");
    let (_subscription, told) = listen(&store);
    assert_eq!(store.sync(Vec::new(), SyncMode::PullOnly, None).unwrap_err().kind(), ErrorKind::InvalidArgument);
    home.manager.close_store(BUNDLE_NAME, "store", None).wait().unwrap();
    assert_eq!(store.sync(ids(&["a"]), SyncMode::PullOnly, None).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(store.sync(Vec::new(), SyncMode::PullOnly, None).unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert!(told.recv_timeout(Duration::from_millis(50)).is_err());
    assert!(SyncMode::from_code(3).is_err() && SyncMode::from_code(-1).is_err());
}

#[test]
fn an_ended_subscription_is_told_nothing() {
    let home = Home::new();
    let store = home.single("store");
    let (ended, quiet) = listen(&store);
    let (_kept, told) = listen(&store);
    drop(ended);
    store.sync(ids(&["a"]), SyncMode::PushPull, None).unwrap();
    told.recv_timeout(PATIENCE).unwrap();
    assert!(quiet.try_recv().is_err());
}

#[test]
fn a_callback_may_synchronise_again_and_end_itself() {
    let home = Home::new();
    let store = std::sync::Arc::new(home.single("store"));
    let (sender, receiver) = mpsc::channel();
    let again = std::sync::Arc::clone(&store);
    let own: std::sync::Arc<std::sync::Mutex<Option<Subscription>>> = std::sync::Arc::default();
    let ending = std::sync::Arc::clone(&own);
    let subscription = store.subscribe_sync_complete(move |statuses| {
        if statuses[0].device_id == "first" {
            again.sync(ids(&["second"]), SyncMode::PushPull, None).unwrap();
        } else {
            drop(ending.lock().unwrap().take());
        }
        sender.send(statuses[0].device_id.clone()).unwrap();
    });
    *own.lock().unwrap() = Some(subscription.unwrap());
    store.sync(ids(&["first"]), SyncMode::PushPull, None).unwrap();
    assert_eq!(receiver.recv_timeout(PATIENCE).unwrap(), "first");
    assert_eq!(receiver.recv_timeout(PATIENCE).unwrap(), "second");
}

#[test]
fn calls_whose_completion_has_not_returned_fill_the_queue() {
    let home = Home::new();
    let store = home.single("store");
    let (go, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let _subscription = store.subscribe_sync_complete(move |_| assert!(wait.lock().unwrap().recv().is_err())).unwrap();
    let full = (0..=dkv::limits::QUEUE_OPERATIONS_MAX)
        .find_map(|_| store.sync(ids(&["a"]), SyncMode::PushPull, None).err())
        .expect("the queue has a bound");
    assert_eq!(full.kind(), ErrorKind::QueueFull);
    drop(go);
}

#[test]
fn settings_are_checked() {
    let home = Home::new();
    let store = home.single("store");
    store.enable_sync(false).wait().unwrap();
    store.enable_sync(true).wait().unwrap();
    store.set_sync_range(ids(&["a"]), ids(&["b", "c"])).wait().unwrap();
    for (local, remote) in [(ids(&[]), ids(&["a"])), (ids(&["a"]), ids(&[])), (ids(&[]), ids(&[]))] {
        let error = store.set_sync_range(local, remote).wait().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
    for delay in [0, 100, 500, 86_400_000] {
        store.set_sync_param(delay).wait().unwrap();
    }
    for delay in [1, 99, 86_400_001, u32::MAX] {
        assert_eq!(store.set_sync_param(delay).wait().unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
}

#[test]
fn settings_succeed_on_a_closed_store_and_its_security_level_does_not() {
    let home = Home::new();
    let store = home.single("store");
    assert_eq!(store.security_level().wait().unwrap(), SecurityLevel::S1);
    home.manager.close_store(BUNDLE_NAME, "store", None).wait().unwrap();
    store.enable_sync(false).wait().unwrap();
    store.set_sync_range(ids(&["a"]), ids(&["b"])).wait().unwrap();
    store.set_sync_param(100).wait().unwrap();
    assert_eq!(store.set_sync_param(99).wait().unwrap_err().kind(), ErrorKind::InvalidArgument);
    let error = store.set_sync_range(Vec::new(), ids(&["b"])).wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(store.subscribe_sync_complete(|_| {}).is_ok());
    assert_eq!(store.security_level().wait().unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn the_security_level_is_the_one_in_effect() {
    let home = Home::new();
    for (code, level) in
        [(2, SecurityLevel::S1), (3, SecurityLevel::S2), (5, SecurityLevel::S3), (6, SecurityLevel::S4)]
    {
        let store = home.manager.get_store("store", Options::single(level)).wait().unwrap();
        assert_eq!(store.security_level().wait().unwrap().code(), code);
        store.close().wait().unwrap();
    }
}

#[test]
fn the_end_of_the_service_is_never_told() {
    let home = Home::new();
    let subscription = home.manager.subscribe_service_death(|| panic!("there is no service"));
    let store = home.single("store");
    store.close().wait().unwrap();
    drop(subscription);
}
