//! Reads and questions that are answered on the caller's thread.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::promise::Ticket;
use super::published::{Published, View};
use super::session::{Session, Work};
use crate::concurrency::{Condvar, Mutex, Ordering, PoisonError};
use crate::error::{Error, ErrorKind, Result};
use crate::model::Statistics;
use crate::storage::{Found, Stored};
use crate::store::{self, Checked, Op, Outcome, Touched};

impl Session {
    /// Looks for a value on this thread and hands it to `found`. Waits where a queued write could change the answer.
    ///
    /// # Errors
    ///
    /// `NotFound`, `InvalidArgument`, `Closed`, `Forked`, `Corrupted` or `Database`, and what `found` fails with.
    pub fn get_now<R>(self: &Arc<Self>, key: &str, found: impl FnOnce(Stored<'_>) -> Result<R>) -> Result<R> {
        match self.try_read(key)? {
            Attempt::Now(view, key) => store::look_at_value(view.snapshot(), &key, found),
            Attempt::Conflict => match self.wait_for(Op::Get { key: key.to_owned() })? {
                Outcome::Value(value) => found(Stored::Here(Found::Blob(value))),
                _ => Err(Error::internal("A read was answered with something else. Report this.")),
            },
        }
    }

    /// As `get_now`, but does not wait.
    ///
    /// # Errors
    ///
    /// Those of `get_now`, and `WouldBlock` where a queued write could change the answer.
    pub fn try_get<R>(self: &Arc<Self>, key: &str, found: impl FnOnce(Stored<'_>) -> Result<R>) -> Result<R> {
        match self.try_read(key)? {
            Attempt::Now(view, key) => store::look_at_value(view.snapshot(), &key, found),
            Attempt::Conflict if self.published.health().has_failed() => {
                self.ask_to_heal();
                Err(Error::new(ErrorKind::WouldBlock, "The store is opened again after an I/O error. Try again."))
            }
            Attempt::Conflict => Err(Error::new(
                ErrorKind::WouldBlock,
                "A write of this key is queued. Wait for its completion, or use the call that waits.",
            )),
        }
    }

    fn try_read<'a>(&'a self, key: &'a str) -> Result<Attempt<'a>> {
        self.check_usable(true)?;
        let key = crate::model::check_key(key, self.facts.kind)?;
        let key = store::stored_key(self.facts.kind, key);
        // Before the snapshot: a write leaves this count only after its snapshot was published.
        let queued = self.writes_queued.load(Ordering::SeqCst) > 0 && self.order().changes(Touched::Key(&key));
        let conflict = queued || self.published.health().has_failed();
        if conflict { Ok(Attempt::Conflict) } else { Ok(Attempt::Now(self.published.view_here()?, key)) }
    }

    /// Runs an operation through the queue and waits, without the dispatch thread: a callback may be waiting there.
    fn wait_for(self: &Arc<Self>, op: Op) -> Result<Outcome> {
        let answer = Arc::new((Mutex::new(None), Condvar::new()));
        let waiter = {
            let answer = Arc::clone(&answer);
            Ticket::waiter(Box::new(move |outcome| {
                *answer.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
                answer.1.notify_one();
            }))
        };
        let bytes = op.bytes();
        let Checked::Read(read) = store::check(op, self.facts.kind, &self.facts.rules)? else {
            return Err(Error::internal("Only reads wait on the caller's thread. Report this."));
        };
        {
            let _order = self.order();
            if self.is_closed() {
                return Err(Error::closed());
            }
            self.queue(Work::Read(read), bytes, waiter);
        }
        let mut outcome = answer.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(outcome) = outcome.take() {
                return outcome;
            }
            outcome = answer.1.wait(outcome).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What the store has done and what it holds, on this thread.
    ///
    /// # Errors
    ///
    /// `Closed`, `Forked`, or `Database` if the file cannot be read.
    pub fn statistics(&self) -> Result<Statistics> {
        self.check_usable(true)?;
        let published = &self.published;
        if published.health().has_failed() {
            self.ask_to_heal();
        }
        let entries = published.view()?.snapshot().rows()?;
        let traffic = published.traffic();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let cache = published.cache()?;
        let (commits, operations, largest_group) = published.counters.read();
        let (queued_operations, queued_bytes) = self.admission.depth();
        Ok(Statistics {
            entries,
            file_bytes: read(&traffic.file_bytes),
            read_bytes: read(&traffic.read_bytes),
            written_bytes: read(&traffic.written_bytes),
            flushes: read(&traffic.flushes),
            cache_hits: cache.hits,
            cache_misses: cache.misses,
            cache_bytes: cache.used_bytes,
            commits,
            operations,
            largest_group,
            query_passes: published.counters.queries.passes(),
            queued_operations: queued_operations as u64,
            queued_bytes: queued_bytes as u64,
            handles: self.order().handles as u64,
            observers: self.observers.lock().len() as u64,
            holders: published.pins.holders(),
        })
    }
}

enum Attempt<'a> {
    Now(View<&'a Published>, Cow<'a, [u8]>),
    Conflict,
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::engine::{self, OpenRequest};
    use crate::model::{AppId, Options, SecurityLevel, StoreId};

    /// A session of a new store, with the handle that holds it.
    fn open(folder: &std::path::Path) -> engine::Hold {
        let (told, tell) = mpsc::channel();
        let request = OpenRequest {
            app_id: AppId::new("com.example").unwrap(),
            volume: crate::disk::system(),
            base_dir: folder.to_owned(),
            store_id: StoreId::new("store").unwrap(),
            options: Options::single(SecurityLevel::S1),
            root_key: crate::disk::RootKey::in_file(),
            open_stores_max: 16,
        };
        engine::open(request, Box::new(move |hold| told.send(hold).unwrap())).unwrap();
        tell.recv().unwrap().unwrap()
    }

    #[test]
    fn a_panic_of_the_writer_answers_what_was_in_flight_and_the_store_opens_again() {
        let folder = tempfile::tempdir().unwrap();
        let hold = open(folder.path());
        let session = Arc::clone(hold.session().unwrap());
        let (told, tell) = mpsc::channel();
        let submit = |name: &'static str| {
            let told = told.clone();
            let op = Op::Put { key: name.to_owned(), value: 1.into() };
            session.submit(
                op,
                Box::new(move |outcome, _slot| {
                    told.send((name, outcome.map(drop).map_err(|error| error.code()))).unwrap()
                }),
            )
        };
        let mut accepted = 1;
        submit("before").unwrap();
        // The writer answers this one itself, and its waiter panics there.
        let read = Work::Read(crate::store::Read::Get(Arc::from(*b"before")));
        {
            let _order = session.order();
            session.queue(read, 1, Ticket::waiter(Box::new(|_| panic!("planted"))));
        }
        while submit("behind").is_ok() {
            accepted += 1;
        }
        drop((hold, told));
        // Ends when the last completion has run, or was dropped.
        let answers: Vec<_> = tell.iter().collect();
        assert_eq!(answers.len(), accepted, "each operation is answered exactly once");
        assert!(answers.contains(&("before", Ok(()))), "what was committed is answered so");
        drop(open(folder.path()));
    }
}
