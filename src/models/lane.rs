//! A lane between its producers, its consumer, and whoever keeps it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use shuttle::thread::{self, JoinHandle};

use super::{Lane, Next};
use crate::models::explore_part;

/// What the consumers of a lane have in common.
#[derive(Default)]
struct Taken {
    items: Mutex<Vec<(u8, u8)>>,
    consumers: Mutex<Vec<JoinHandle<()>>>,
    consuming: AtomicUsize,
}

fn consume(lane: &Lane<(u8, u8)>, taken: &Taken) {
    assert_eq!(taken.consuming.fetch_add(1, Ordering::SeqCst), 0, "a lane has one consumer");
    loop {
        match lane.next(None) {
            Next::Items(items) => taken.items.lock().unwrap().extend(items),
            Next::Deadline => panic!("no deadline was named"),
            Next::Retired => break,
        }
        thread::yield_now();
    }
}

#[test]
fn each_item_is_taken_once_and_in_order_by_one_consumer_at_a_time() {
    explore_part(|| {
        let (lane, taken) = (Arc::new(Lane::new()), Arc::new(Taken::default()));
        let producers = (0..2).map(|producer| {
            let (lane, taken) = (Arc::clone(&lane), Arc::clone(&taken));
            thread::spawn(move || {
                for item in 0..2 {
                    if lane.push((producer, item)) {
                        // Whoever is told to starts the thread: the one before has retired.
                        taken.consuming.store(0, Ordering::SeqCst);
                        let (consumed, log) = (Arc::clone(&lane), Arc::clone(&taken));
                        let consumer = thread::spawn(move || consume(&consumed, &log));
                        taken.consumers.lock().unwrap().push(consumer);
                    }
                }
            })
        });
        let producers: Vec<_> = producers.collect();
        lane.keep(true);
        thread::yield_now();
        lane.keep(false);
        producers.into_iter().for_each(|producer| producer.join().unwrap());
        let consumers = std::mem::take(&mut *taken.consumers.lock().unwrap());
        consumers.into_iter().for_each(|consumer| consumer.join().unwrap());
        assert!(lane.is_idle());
        let items = taken.items.lock().unwrap();
        for producer in 0..2 {
            let own: Vec<_> = items.iter().filter(|(of, _)| *of == producer).map(|(_, item)| *item).collect();
            assert_eq!(own, [0, 1], "each item once and in order");
        }
    });
}
