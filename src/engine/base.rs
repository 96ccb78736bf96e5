//! The open file of a store, for as long as a session or a result set needs it.

use std::sync::Arc;

use super::backups::Source;
use super::published::Published;
use super::registry::OpenPlace;
use crate::disk::{Health, StoreLock, Traffic};
use crate::error::Result;
use crate::model::{AppId, Options, Recovery, SecurityLevel, StoreKind};
use crate::schema::Schema;
use crate::storage::{Database, Stamps, Tuning};

/// What is known of the open store, whoever opened it.
#[derive(Debug, Clone)]
pub struct Known {
    pub app_id: AppId,
    pub kind: StoreKind,
    pub security_level: SecurityLevel,
    /// The device id of this installation.
    pub own_device: String,
    /// What its backups are made of and where they lie.
    pub source: Arc<Source>,
    /// The schema that the file has.
    pub schema: Option<Arc<Schema>>,
    /// How the file is used.
    pub tuning: Tuning,
    /// What the opening did with a damaged file.
    pub recovery: Option<Arc<Recovery>>,
}

/// What opening a file gives.
pub struct Opened {
    pub database: Database,
    pub stamps: Stamps,
    pub traffic: Arc<Traffic>,
    pub health: Arc<Health>,
}

/// The open file of a store.
pub struct Base {
    pub known: Known,
    pub published: Arc<Published>,
    pub stamps: Stamps,
    /// Number of the last commit that is durable for certain: a file without it is damaged.
    pub durable_commit: u64,
    // Declared in the order in which they are given up: the file's lock first, then the place among the open stores.
    _lock: StoreLock,
    _place: OpenPlace,
}

impl Base {
    pub fn new(known: Known, opened: Opened, lock: StoreLock, place: OpenPlace) -> Self {
        let published = Published::new(opened.database, opened.traffic, opened.health);
        let durable_commit = opened.stamps.commit();
        Self { known, published, stamps: opened.stamps, durable_commit, _lock: lock, _place: place }
    }

    /// The same file for another session, which has options of its own.
    pub fn reopened(mut self: Box<Self>, options: &Options) -> Box<Self> {
        self.known.source = Arc::new(Source { backup: options.backup, ..(*self.known.source).clone() });
        self
    }

    /// True if result sets or iterators keep the file open.
    pub fn is_pinned(&self) -> bool {
        !self.published.pins.is_empty()
    }

    /// Closes the file and gives up its lock and its place. What still holds a snapshot of it is ended.
    ///
    /// # Errors
    ///
    /// `Database` if redb's own bookkeeping could not be written. Nothing acknowledged is lost by that.
    pub fn close(self) -> Result<()> {
        self.published.pins.revoke_all();
        self.published.close().map_or(Ok(()), Database::close)
    }
}
