//! Requests as futures: any executor, any thread, no runtime.

mod common;

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use common::{CLOSED, INVALID_ARGUMENT, NOT_FOUND, PATIENCE, Place, code, single};
use dkv::limits::QUEUE_BYTES_MAX;
use dkv::{Entry, KvStore, Op, Request, Result, Value};

/// A waker that counts.
#[derive(Default)]
struct Counter {
    woken: Mutex<usize>,
    changed: Condvar,
}

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        *self.woken.lock().unwrap() += 1;
        self.changed.notify_all();
    }
}

impl Counter {
    fn wait_for_one(&self) -> usize {
        let woken = self.woken.lock().unwrap();
        let (woken, waited) = self.changed.wait_timeout_while(woken, PATIENCE, |woken| *woken == 0).unwrap();
        assert!(!waited.timed_out(), "nobody was woken");
        *woken
    }

    fn count(&self) -> usize {
        *self.woken.lock().unwrap()
    }
}

fn poll<T: Send + 'static>(request: &mut Request<T>, waker: &Arc<Counter>) -> Poll<Result<T>> {
    let waker = Waker::from(Arc::clone(waker));
    Pin::new(request).poll(&mut Context::from_waker(&waker))
}

/// Keeps the answers of a store back until the sender is dropped.
fn hold_answers(store: &KvStore) -> Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (entered, inside) = mpsc::channel();
    store
        .submit(Op::Flush, move |_| {
            entered.send(()).unwrap();
            released.recv().unwrap_or_default();
        })
        .unwrap();
    inside.recv_timeout(PATIENCE).unwrap();
    release
}

#[test]
fn a_request_wakes_its_waker_once_and_is_ready_then() {
    let place = Place::new();
    let store = place.open("notes", single());
    store.put("key", "value").wait().unwrap();
    let release = hold_answers(&store);
    let (mut put, mut get, mut missing) = (store.put("key", 2), store.get("key"), store.get("missing"));
    let wakers: Vec<Arc<Counter>> = (0..3).map(|_| Arc::default()).collect();
    assert!(poll(&mut put, &wakers[0]).is_pending());
    assert!(poll(&mut get, &wakers[1]).is_pending());
    assert!(poll(&mut missing, &wakers[2]).is_pending());
    assert!(wakers.iter().all(|waker| waker.count() == 0));
    drop(release);
    assert!(wakers.iter().all(|waker| waker.wait_for_one() == 1));
    assert!(matches!(poll(&mut put, &wakers[0]), Poll::Ready(Ok(()))));
    assert!(matches!(poll(&mut get, &wakers[1]), Poll::Ready(Ok(value)) if value == Value::from(2)));
    assert!(matches!(poll(&mut missing, &wakers[2]), Poll::Ready(Err(error)) if error.code() == NOT_FOUND));
    assert!(wakers.iter().all(|waker| waker.count() == 1));
}

#[test]
fn the_waker_of_the_last_poll_is_the_one_that_is_woken() {
    let place = Place::new();
    let store = place.open("notes", single());
    let release = hold_answers(&store);
    let mut put = store.put("key", 1);
    let (first, last) = (Arc::<Counter>::default(), Arc::<Counter>::default());
    for _ in 0..3 {
        assert!(poll(&mut put, &first).is_pending());
    }
    assert!(poll(&mut put, &last).is_pending());
    drop(release);
    assert_eq!(last.wait_for_one(), 1);
    assert_eq!(first.count(), 0);
    assert!(poll(&mut put, &first).is_ready());
}

#[test]
fn a_request_that_was_polled_can_be_waited_for() {
    let place = Place::new();
    let store = place.open("notes", single());
    let release = hold_answers(&store);
    let waker = Arc::<Counter>::default();
    let mut put = store.put("key", 1);
    assert!(poll(&mut put, &waker).is_pending());
    drop(release);
    put.wait().unwrap();
}

#[test]
fn a_request_that_was_refused_is_ready_at_once() {
    let place = Place::new();
    let waker = Arc::<Counter>::default();
    let mut bad = place.manager().get_store("bad-id", single());
    assert!(matches!(poll(&mut bad, &waker), Poll::Ready(Err(error)) if error.code() == INVALID_ARGUMENT));
    let store = place.open("notes", single());
    place.close("notes").unwrap();
    let mut put = store.put("key", 1);
    assert!(matches!(poll(&mut put, &waker), Poll::Ready(Err(error)) if error.code() == CLOSED));
    assert_eq!(waker.count(), 0);
}

#[test]
fn a_dropped_request_wakes_nobody_into_anything_that_is_gone() {
    let place = Place::new();
    let store = place.open("notes", single());
    let release = hold_answers(&store);
    let waker = Arc::<Counter>::default();
    let mut put = store.put("key", 1);
    assert!(poll(&mut put, &waker).is_pending());
    drop(put);
    drop(release);
    store.flush().wait().unwrap();
    assert_eq!(store.get("key").wait().unwrap(), Value::from(1));
}

struct Parked(Thread, AtomicUsize);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.unpark();
    }
}

/// The smallest executor there is.
fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Parked(thread::current(), AtomicUsize::new(0))));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn everything_can_be_awaited_without_a_runtime() {
    let place = Place::new();
    let manager = place.manager();
    block_on(async {
        let store = manager.get_store("notes", single()).await.unwrap();
        for number in 0..200 {
            store.put("key", number).await.unwrap();
            assert_eq!(store.get("key").await.unwrap(), Value::from(number));
        }
        assert_eq!(store.get_entries("^").await.unwrap().len(), 1);
        store.delete("key").await.unwrap();
        assert_eq!(code(store.get("key").await), NOT_FOUND);
        store.close().await.unwrap();
        assert_eq!(manager.all_store_ids(common::BUNDLE).await.unwrap(), ["notes"]);
        manager.delete_store(common::BUNDLE, "notes", None).await.unwrap();
    });
}

#[test]
fn operations_one_after_the_other_never_find_the_queue_full() {
    let place = Place::new();
    let store = place.open("notes", single());
    for _ in 0..300 {
        // Each of them alone exceeds the bound of the queue. The value is too large as well, so that nothing is written;
        // nobody touches its zeros, so they cost nothing.
        let huge = || vec![Entry::new("key", vec![0; QUEUE_BYTES_MAX])];
        assert_eq!(code(store.put_batch(huge()).wait()), INVALID_ARGUMENT);
        assert_eq!(code(block_on(store.put_batch(huge()))), INVALID_ARGUMENT);
    }
}

#[test]
fn requests_and_handles_go_to_other_threads() {
    let place = Place::new();
    let store = Arc::new(place.open("notes", single()));
    let requests: Vec<Request<()>> = (0..8).map(|number| store.put(format!("key{number}"), number)).collect();
    thread::scope(|scope| {
        for (number, request) in requests.into_iter().enumerate() {
            let store = Arc::clone(&store);
            scope.spawn(move || {
                if number % 2 == 0 {
                    block_on(request).unwrap()
                } else {
                    request.wait().unwrap()
                }
                assert_eq!(store.get_now(&format!("key{number}")).unwrap(), Value::from(number as i32));
            });
        }
    });
}
