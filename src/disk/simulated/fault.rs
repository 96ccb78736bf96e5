//! Operations that fail on demand.

use std::io;

use super::content::PAGE_BYTES;

/// What fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// One change or sync fails with an I/O error, the next ones work.
    Once,
    /// A change or sync fails with an I/O error, and so does every change and sync behind it.
    ForEver,
    /// From some write on, none that needs room finds it; what overwrites finds its place.
    NoSpace,
    /// One sync fails.
    Sync,
    /// So many pages are left on the disk, and the volume says so. A write that needs more is refused.
    Full,
    /// A write that needs room is done by half, and then there is no room, as for `NoSpace`.
    ShortWrite,
    /// One read fails.
    Read,
    /// One look at a name fails: what has it, which file that is, what a folder holds; or the opening of a file.
    Look,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Once, Self::ForEver, Self::NoSpace, Self::Full, Self::Sync, Self::ShortWrite, Self::Read, Self::Look];
}

/// An operation that may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A write; how many pages it needs that are not there.
    Write(u64),
    /// Any other change: length, names.
    Change,
    Sync,
    Read,
    /// A question about a name, or the opening of a file.
    Look,
}

/// The failure that is planned, and how many operations it might have been so far.
#[derive(Debug, Default)]
pub struct Faults {
    plan: Option<(Fault, u64)>,
    counted: u64,
    happened: u64,
}

impl Faults {
    /// Plans a failure of the operation with this number, counted from 0 and from now, among those that it concerns.
    pub fn plan(&mut self, fault: Fault, at: u64) {
        *self = Self { plan: Some((fault, at)), ..Self::default() };
    }

    /// Operations that the plan might have hit, and how many it has hit.
    pub fn counts(&self) -> (u64, u64) {
        (self.counted, self.happened)
    }

    /// Bytes that the disk has left, if it says so.
    pub fn available(&self) -> Option<u64> {
        match self.plan {
            Some((Fault::Full, left)) => Some((left - self.counted).saturating_mul(PAGE_BYTES)),
            _ => None,
        }
    }

    /// What becomes of an operation: nothing out of the way, or its failure.
    pub fn meet(&mut self, operation: Operation) -> Result<(), Failure> {
        let Some((fault, at)) = self.plan else { return Ok(()) };
        let concerned = match fault {
            Fault::Once | Fault::ForEver => !matches!(operation, Operation::Read | Operation::Look),
            Fault::NoSpace | Fault::Full | Fault::ShortWrite => matches!(operation, Operation::Write(1..)),
            Fault::Sync => operation == Operation::Sync,
            Fault::Read => operation == Operation::Read,
            Fault::Look => operation == Operation::Look,
        };
        if !concerned {
            return Ok(());
        }
        if let (Fault::Full, Operation::Write(pages)) = (fault, operation) {
            return self.take(pages, at);
        }
        let number = self.counted;
        self.counted += 1;
        let lasts = matches!(fault, Fault::ForEver | Fault::NoSpace | Fault::ShortWrite);
        if number < at || (number > at && !lasts) {
            return Ok(());
        }
        self.happened += 1;
        Err(match fault {
            Fault::NoSpace => Failure { half: false, forgets: false, kind: io::ErrorKind::StorageFull },
            Fault::ShortWrite => Failure { half: number == at, forgets: false, kind: io::ErrorKind::StorageFull },
            _ => Failure { half: false, forgets: !lasts, kind: io::ErrorKind::Other },
        })
    }

    /// Takes pages of those that the disk has left.
    fn take(&mut self, pages: u64, left: u64) -> Result<(), Failure> {
        if self.counted + pages <= left {
            self.counted += pages;
            return Ok(());
        }
        self.happened += 1;
        Err(Failure { half: false, forgets: false, kind: io::ErrorKind::StorageFull })
    }
}

/// How an operation fails.
#[derive(Debug, Clone, Copy)]
pub struct Failure {
    /// Half of it is done before.
    pub half: bool,
    /// If it is a sync: the system takes for written what the sync was to write, and no later one writes it. Of a disk
    /// that stays broken this is not assumed: nobody could bear it who begins anew, in a process that has seen nothing.
    pub forgets: bool,
    kind: io::ErrorKind,
}

impl Failure {
    pub fn error(self) -> io::Error {
        match self.kind {
            io::ErrorKind::StorageFull => io::Error::new(self.kind, "simulated: no space left on device"),
            kind => io::Error::new(kind, "simulated: input/output error"),
        }
    }
}
