//! A completion queue between those who fill it, the host that waits, and whoever frees it.

use std::sync::Arc;

use shuttle::thread;

use super::{Queue, Record};
use crate::models::{NEVER, explore_part};

const RECORDS: u64 = 2;

#[test]
fn a_host_that_waits_is_woken_for_every_record() {
    explore_part(|| {
        let queue = Arc::new(Queue::new());
        let fillers = (0..RECORDS).map(|tag| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.push(Record::done(tag, Ok(()))))
        });
        let fillers: Vec<_> = fillers.collect();
        let record = Record::done(0, Ok(())).bytes().len();
        let (mut drained, mut buffer) = (0, vec![0; record * RECORDS as usize]);
        while drained < record * RECORDS as usize {
            queue.wait(NEVER).unwrap();
            let (written, needed) = queue.drain(&mut buffer);
            assert_eq!((written % record, needed), (0, 0));
            drained += written;
        }
        fillers.into_iter().for_each(|filler| filler.join().unwrap());
        assert_eq!(queue.drain(&mut buffer), (0, 0));
    });
}

#[test]
fn a_host_that_waits_is_told_when_its_queue_is_freed() {
    explore_part(|| {
        let queue = Arc::new(Queue::new());
        let (filled, freed) = (Arc::clone(&queue), Arc::clone(&queue));
        let filler = thread::spawn(move || filled.push(Record::done(1, Ok(()))));
        let freer = thread::spawn(move || freed.hang_up());
        // It finds the record, or is told: it does not wait for ever.
        let mut buffer = [0; 256];
        while queue.wait(NEVER).is_ok() {
            queue.drain(&mut buffer);
        }
        filler.join().unwrap();
        freer.join().unwrap();
        assert_eq!(queue.drain(&mut buffer), (0, 0), "what comes to a freed queue is dropped");
    });
}
