//! The bound of what a store's callers may have in flight.

use std::sync::Arc;

use crate::concurrency::{Mutex, MutexGuard, PoisonError};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{QUEUE_BYTES_MAX, QUEUE_OPERATIONS_MAX};

/// Counts operations and their bytes from submission until their completion has returned.
#[derive(Debug, Default)]
pub struct Admission {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    operations: usize,
    bytes: usize,
}

impl Admission {
    /// A place for an operation of `bytes`. One that alone exceeds the bound is admitted when nothing else is held.
    ///
    /// # Errors
    ///
    /// `QueueFull`, naming the limits and what is held.
    pub fn admit(self: &Arc<Self>, bytes: usize) -> Result<Slot> {
        let mut held = self.held();
        let too_many = held.operations >= QUEUE_OPERATIONS_MAX;
        let too_large = held.operations > 0 && held.bytes.saturating_add(bytes) > QUEUE_BYTES_MAX;
        if too_many || too_large {
            return Err(Error::new(
                ErrorKind::QueueFull,
                format!(
                    "The store's queue is full: {} operations of at most {QUEUE_OPERATIONS_MAX}, {} bytes of at most \
                     {QUEUE_BYTES_MAX}. Submit again after a completion has returned.",
                    held.operations, held.bytes
                ),
            ));
        }
        Ok(self.hold(&mut held, bytes))
    }

    /// A place for an operation that must not be refused, beyond the bound if need be.
    pub fn admit_always(self: &Arc<Self>, bytes: usize) -> Slot {
        self.hold(&mut self.held(), bytes)
    }

    fn hold(self: &Arc<Self>, held: &mut Held, bytes: usize) -> Slot {
        held.operations += 1;
        held.bytes += bytes;
        Slot { admission: Arc::clone(self), bytes }
    }

    /// Operations and bytes that are held now.
    pub fn depth(&self) -> (usize, usize) {
        let held = self.held();
        (held.operations, held.bytes)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one operation in its store's queue. Dropping it gives the place back.
#[derive(Debug)]
pub struct Slot {
    admission: Arc<Admission>,
    bytes: usize,
}

impl Slot {
    /// Holds more bytes: those of the answer, for answers that nobody takes keep further operations out, and those by
    /// which the operation grew.
    pub(super) fn hold_more(&mut self, bytes: usize) {
        if bytes > 0 {
            self.admission.held().bytes += bytes;
            self.bytes += bytes;
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut held = self.admission.held();
        held.operations -= 1;
        held.bytes -= self.bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_operation_above_the_byte_bound_is_admitted_alone() {
        let admission = Arc::new(Admission::default());
        let huge = admission.admit(QUEUE_BYTES_MAX + 1).unwrap();
        assert_eq!(admission.admit(1).unwrap_err().kind(), ErrorKind::QueueFull);
        drop(huge);
        let small = admission.admit(1).unwrap();
        assert!(admission.admit(QUEUE_BYTES_MAX).is_err());
        drop(small);
        assert!(admission.admit(QUEUE_BYTES_MAX).is_ok());
    }

    #[test]
    fn the_count_is_bounded_and_given_back() {
        let admission = Arc::new(Admission::default());
        let slots: Vec<Slot> = (0..QUEUE_OPERATIONS_MAX).map(|_| admission.admit(1).unwrap()).collect();
        assert!(admission.admit(1).is_err());
        drop(slots);
        assert!(admission.admit(1).is_ok());
    }

    #[test]
    fn an_answer_nobody_takes_keeps_others_out() {
        let admission = Arc::new(Admission::default());
        let mut slot = admission.admit(1).unwrap();
        slot.hold_more(QUEUE_BYTES_MAX);
        assert!(admission.admit(1).is_err());
    }
}
