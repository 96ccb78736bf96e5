//! When the automatic backup is due.
//!
//! Something has changed, a quiet spell has passed, and the last one is old enough. That is one deadline, which every
//! commit moves; a store that is idle and backed up has none.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::backups::{Source, now_ms};
use crate::error::Result;
use crate::limits::AUTO_BACKUP_RETRY_MS;
use crate::model::{AUTOMATIC_BACKUP, Options};
use crate::storage::Backup;

/// What the opening asked for.
#[derive(Debug, Clone, Copy)]
pub struct Rhythm {
    enabled: bool,
    quiet: Duration,
    interval: Duration,
}

impl Rhythm {
    pub fn of(options: &Options) -> Self {
        Self {
            enabled: options.backup,
            quiet: Duration::from_millis(options.auto_backup_quiet_ms),
            interval: Duration::from_millis(options.auto_backup_interval_ms),
        }
    }
}

/// The deadline of one session.
pub struct Automatic {
    rhythm: Rhythm,
    /// The last one is too young before this.
    not_before: Option<Instant>,
    due: Option<Instant>,
}

impl Automatic {
    /// An opening counts as a change: what the last session changed may not be backed up yet.
    pub fn new(rhythm: Rhythm) -> Self {
        let mut automatic = Self { rhythm, not_before: None, due: None };
        automatic.changed();
        automatic
    }

    /// Something changed now.
    pub fn changed(&mut self) {
        if self.rhythm.enabled {
            let quiet = Instant::now() + self.rhythm.quiet;
            self.due = Some(self.not_before.map_or(quiet, |young| young.max(quiet)));
        }
    }

    /// The one that was being made was ended, so nothing is known of its age. The next one looks.
    pub fn interrupted(&mut self) {
        self.not_before = None;
        self.changed();
    }

    /// Something else is being copied. Asked again later.
    pub fn postpone(&mut self) {
        let retry = Duration::from_millis(AUTO_BACKUP_RETRY_MS);
        self.due = Some(Instant::now() + self.rhythm.quiet.max(retry));
    }

    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// True if one must be made now. Asked once when it is due: there is no deadline afterwards but that of the age.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder cannot be read.
    pub fn begin(&mut self, source: &Arc<Source>, commit: u64) -> Result<bool> {
        self.due = None;
        let now = Instant::now();
        if let Some(last) = last(source)? {
            if last.row.commit == commit && last.identity.store_uuid == source.identity.store_uuid {
                return Ok(false);
            }
            // A time that has not come yet is that of a clock which was set back since.
            let age = now_ms().checked_sub(last.row.time_ms).map(Duration::from_millis);
            if let Some(young) =
                age.and_then(|age| self.rhythm.interval.checked_sub(age)).filter(|left| !left.is_zero())
            {
                self.not_before = Some(now + young);
                self.due = self.not_before;
                return Ok(false);
            }
        }
        self.not_before = Some(now + self.rhythm.interval);
        Ok(true)
    }
}

/// The last automatic backup, unless it is damaged: then it is worth nothing.
fn last(source: &Arc<Source>) -> Result<Option<Backup>> {
    let file = source.automatic_folder().open(AUTOMATIC_BACKUP)?;
    Ok(file.map(|file| Backup::open(file, &source.keys)).and_then(Result::ok))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{Identity, Keyring, RootKey, Tree, system};
    use crate::model::SecurityLevel;

    fn source(base: &std::path::Path) -> Arc<Source> {
        let tree = Tree::resolve(&system(), base).unwrap();
        let identity = Identity::example("notes", false);
        let keys = Keyring::new(tree.clone(), RootKey::in_file());
        Arc::new(Source { tree: tree.clone(), manager_tree: tree, identity, keys, backup: true })
    }

    #[test]
    fn an_idle_store_has_no_deadline_once_it_was_asked() {
        let base = tempfile::tempdir().unwrap();
        let mut automatic = Automatic::new(Rhythm::of(&Options::new(SecurityLevel::S1)));
        assert!(automatic.due().is_some(), "what the last session changed may not be backed up");
        assert!(automatic.begin(&source(base.path()), 7).unwrap());
        assert!(automatic.due().is_none());
        let begun = Instant::now();
        automatic.changed();
        assert!(automatic.due().unwrap() > begun + automatic.rhythm.quiet, "the last one is too young");
        automatic.interrupted();
        assert!(automatic.due().unwrap() <= Instant::now() + automatic.rhythm.quiet, "there is none after all");
    }

    #[test]
    fn a_store_that_wants_none_has_no_deadline() {
        let mut options = Options::new(SecurityLevel::S1);
        options.backup = false;
        let mut automatic = Automatic::new(Rhythm::of(&options));
        automatic.changed();
        automatic.interrupted();
        assert!(automatic.due().is_none());
    }
}
