//! Group commit: many operations, one transaction, one flush, answers in order.

use std::time::{SystemTime, UNIX_EPOCH};

use super::dispatch::Outbox;
use super::session::{Session, Work, WriteJob};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{GROUP_BYTES_MAX, GROUP_OPERATIONS_MAX};
use crate::model::StoreKind;
use crate::storage::{Rows, Stamps, Transaction};
use crate::store::{self, Effect, Outcome, Write};

/// Operations gathered for one commit.
#[derive(Default)]
pub struct Group {
    jobs: Vec<WriteJob>,
    bytes: usize,
}

impl Group {
    /// Adds an operation. True if the group is full.
    pub fn add(&mut self, job: WriteJob) -> bool {
        self.bytes += job.bytes;
        self.jobs.push(job);
        self.jobs.len() >= GROUP_OPERATIONS_MAX || self.bytes >= GROUP_BYTES_MAX
    }

    /// The operations, leaving an empty group.
    pub fn take(&mut self) -> Vec<WriteJob> {
        self.bytes = 0;
        std::mem::take(&mut self.jobs)
    }
}

/// What a group did.
pub struct Applied {
    /// One answer for each operation, in order.
    pub outcomes: Vec<Result<Outcome>>,
    /// What the changes of each operation found, in order, if that was asked for.
    pub effects: Vec<Vec<Effect>>,
    /// Bytes that were written but are not durable yet.
    pub unflushed_bytes: usize,
    /// Something was committed.
    pub committed: bool,
    /// The commit failed: whether the outcomes came true is to be found out.
    pub doubt: Option<Error>,
}

impl Applied {
    fn refused(jobs: &[WriteJob], error: &Error) -> Self {
        let outcomes = refuse_all(jobs, error);
        Self { outcomes, effects: Vec::new(), unflushed_bytes: 0, committed: false, doubt: None }
    }

    /// Nothing of the group was written.
    pub fn refuse(&mut self, jobs: &[WriteJob], error: &Error) {
        *self = Self::refused(jobs, error);
    }
}

/// Applies the operations of a group in one transaction and commits it.
///
/// Whatever fails beneath fails every operation of the group: none of them happened then. Only a commit that fails leaves
/// a doubt, which the caller resolves.
pub fn apply(session: &Session, stamps: &mut Stamps, jobs: &[WriteJob], durable: bool, record: bool) -> Applied {
    let result = if jobs.iter().any(|job| changes_something(&job.work)) {
        transact(session, stamps, jobs, durable, record)
    } else {
        let outcomes = read_only(session, jobs);
        outcomes.map(|outcomes| Applied {
            outcomes,
            effects: Vec::new(),
            unflushed_bytes: 0,
            committed: false,
            doubt: None,
        })
    };
    result.unwrap_or_else(|error| Applied::refused(jobs, &error))
}

/// Makes what was committed without a flush durable.
///
/// # Errors
///
/// `Database` if it is not, `OutcomeUnknown` if nobody knows.
pub fn flush(session: &Session, stamps: &mut Stamps) -> Result<()> {
    session.published.begin(true)?.commit(stamps)?;
    // The newest snapshot is that of the commit before, and so says its number: a file that is copied from it would look
    // as if this commit were lost.
    session.published.forget_snapshot();
    Ok(())
}

/// Answers the operations of a group with one wake of the dispatch thread. Each completion is followed by what `told`
/// makes of the operation's changes.
pub fn answer(
    session: &Session,
    jobs: Vec<WriteJob>,
    outcomes: Vec<Result<Outcome>>,
    effects: Vec<Vec<Effect>>,
    mut told: impl FnMut(Write, Vec<Effect>, &mut Outbox),
) -> Outbox {
    session.settle(&jobs);
    let mut outbox = Outbox::new(&session.dispatch, jobs.len());
    let effects = effects.into_iter().chain(std::iter::repeat_with(Vec::new));
    for ((job, outcome), effects) in jobs.into_iter().zip(outcomes).zip(effects) {
        let done = outcome.is_ok();
        job.ticket.answer_into(outcome, &mut outbox);
        if let Work::Write(write) = job.work
            && done
            && !effects.is_empty()
        {
            told(write, effects, &mut outbox);
        }
    }
    outbox
}

fn changes_something(work: &Work) -> bool {
    matches!(work, Work::Write(write) if write.can_change())
}

fn transact(session: &Session, stamps: &mut Stamps, jobs: &[WriteJob], durable: bool, record: bool) -> Result<Applied> {
    let mut effects = Vec::new();
    let transaction = session.published.begin(durable)?;
    make_room(&transaction, jobs)?;
    let outcomes = apply_all(session, &transaction, stamps, jobs, record.then_some(&mut effects))?;
    let doubt = match transaction.commit(stamps) {
        Ok(()) => None,
        Err(error) if error.kind() == ErrorKind::OutcomeUnknown => Some(error),
        Err(error) => return Err(error),
    };
    let unflushed_bytes = if durable { 0 } else { jobs.iter().map(|job| job.bytes).sum() };
    Ok(Applied { outcomes, effects, unflushed_bytes, committed: doubt.is_none(), doubt })
}

/// Makes sure that the disk has room for what operations write. Those that only delete are let through without: on a
/// full disk they are what makes room, and the file mostly has the few pages that they need.
///
/// # Errors
///
/// `Database` if there is none: nothing was written, and the transaction is as it was.
pub fn make_room(transaction: &Transaction, jobs: &[WriteJob]) -> Result<()> {
    let writes = || jobs.iter().filter_map(|job| if let Work::Write(write) = &job.work { Some(write) } else { None });
    if !writes().any(Write::adds_something) {
        return Ok(());
    }
    let (changes, bytes) = writes().fold((0, 0), |sum, write| (sum.0 + write.changes().len(), sum.1 + write.bytes()));
    transaction.make_room(changes, bytes)
}

/// Applies operations in a transaction that is open.
///
/// # Errors
///
/// `Corrupted` or `Database`: the whole transaction must then be undone.
pub fn apply_all(
    session: &Session,
    transaction: &Transaction,
    stamps: &mut Stamps,
    jobs: &[WriteJob],
    mut effects: Option<&mut Vec<Vec<Effect>>>,
) -> Result<Vec<Result<Outcome>>> {
    let kind = session.facts.kind;
    transaction.with_tables(stamps, wall_ms(), |tables| {
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            let mut found = effects.is_some().then(Vec::new);
            outcomes.push(match &job.work {
                Work::Write(write) => Ok(store::apply_write(tables, write, found.as_mut())?),
                other => answer_one(tables, other, kind),
            });
            if let Some(effects) = &mut effects {
                effects.extend(found);
            }
        }
        Ok(outcomes)
    })
}

/// The operations of a group that changes nothing.
fn read_only(session: &Session, jobs: &[WriteJob]) -> Result<Vec<Result<Outcome>>> {
    let kind = session.facts.kind;
    if jobs.iter().all(|job| !matches!(job.work, Work::Read(_))) {
        return Ok(jobs.iter().map(|job| refused_or_done(&job.work)).collect());
    }
    let view = session.published.view()?;
    Ok(jobs.iter().map(|job| answer_one(&**view.snapshot(), &job.work, kind)).collect())
}

fn answer_one(rows: &impl Rows, work: &Work, kind: StoreKind) -> Result<Outcome> {
    match work {
        Work::Read(read) => store::apply_read(rows, read, kind),
        other => refused_or_done(other),
    }
}

fn refused_or_done(work: &Work) -> Result<Outcome> {
    match work {
        Work::Refused(error) => Err(error.clone()),
        Work::Write(_) | Work::Read(_) | Work::Open(_) | Work::Check | Work::Upkeep(_) => Ok(Outcome::Done),
    }
}

/// The same failure for every operation that was not refused before.
pub fn refuse_all(jobs: &[WriteJob], error: &Error) -> Vec<Result<Outcome>> {
    jobs.iter()
        .map(|job| match &job.work {
            Work::Refused(refusal) => Err(refusal.clone()),
            Work::Write(_) | Work::Read(_) | Work::Open(_) | Work::Check | Work::Upkeep(_) => Err(error.clone()),
        })
        .collect()
}

/// The failure of every flush of a group.
pub fn refuse_flushes(jobs: &[WriteJob], outcomes: &mut [Result<Outcome>], error: &Error) {
    for (job, outcome) in jobs.iter().zip(outcomes) {
        if matches!(job.work, Work::Write(Write::Flush)) {
            *outcome = Err(error.clone());
        }
    }
}

/// Milliseconds since 1970 by the wall clock; before 1970 the store's own clock counts on.
fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
