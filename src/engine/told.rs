//! What the observers are told of a commit: gathered where it is written, made into a notification if anybody listens.

use super::session::{Session, Work, WriteJob};
use crate::error::Result;
use crate::model::{Change, SubscribeType};
use crate::store::{Changes, Effect, Removed, Write};

/// What a notification is made of.
pub enum Told {
    Nothing,
    Changes(Changes),
    Overflow,
    /// What was received from a device is gone.
    Removed {
        device_id: String,
        removed: Removed,
    },
}

impl Told {
    /// What a write that is a commit of its own has to tell.
    pub fn of(write: Write, mut effects: Vec<Effect>) -> Self {
        match (write, effects.pop()) {
            (Write::RemoveDevice(removal), Some(Effect::Removed(removed))) => {
                Self::Removed { device_id: removal.device_id, removed }
            }
            (write, last) => {
                let mut changes = Changes::default();
                changes.add(write, effects.into_iter().chain(last));
                Self::Changes(changes)
            }
        }
    }

    /// What is told of writes whose changes nobody kept.
    pub fn unrecorded(jobs: &[WriteJob]) -> Vec<Self> {
        let removal = |job: &WriteJob| match &job.work {
            Work::Write(Write::RemoveDevice(removal)) => {
                Some(Self::Removed { device_id: removal.device_id.clone(), removed: Removed::too_large() })
            }
            _ => None,
        };
        std::iter::once(Self::Overflow).chain(jobs.iter().filter_map(removal)).collect()
    }

    /// True if an observer of this type is told.
    pub fn concerns(&self, kind: SubscribeType) -> bool {
        match self {
            Self::Nothing | Self::Changes(_) | Self::Overflow => kind.includes_local(),
            Self::Removed { .. } => kind.includes_remote(),
        }
    }

    /// The notification, if there is anything to tell.
    ///
    /// # Errors
    ///
    /// `Corrupted` if a stored key is not one that the store wrote.
    pub fn into_change(self, session: &Session) -> Result<Option<Change>> {
        let facts = &session.facts;
        match self {
            Self::Nothing => Ok(None),
            Self::Overflow => Ok(Some(Change::overflow(facts.device_id.clone()))),
            Self::Changes(changes) => changes.into_notification(facts.kind, &facts.device_id),
            Self::Removed { device_id, removed } if removed.is_too_large => Ok(Some(Change::overflow(device_id))),
            Self::Removed { device_id, removed } => {
                Ok(Some(Change { device_id, deleted: removed.entries, ..Change::default() }))
            }
        }
    }
}
