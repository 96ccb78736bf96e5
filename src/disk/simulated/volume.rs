//! The volume itself, and what tests ask of it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use xxhash_rust::xxh3::Xxh3;

use super::crash::{Loss, after_power_loss};
use super::fault::{Fault, Faults, Operation};
use super::file::{Opening, SimulatedFile};
use super::image::{FileNumber, Image, Node, Step};
use super::locks::{Locks, OpeningNumber};
use super::random::Random;
use crate::disk::volume::{Access, FileIdentity, Kind, OpenFile, Volume};

/// The folder that every simulated volume has.
const BASE: &str = "/simulated";

/// Volumes are told apart by these numbers, also where two of them are the same to a test.
static NEXT_NUMBER: AtomicU64 = AtomicU64::new(1);

/// A volume in memory. Clones are the same volume, and the same process.
#[derive(Debug, Clone)]
pub struct SimulatedVolume {
    number: u64,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// The gate moved, or somebody stands before it.
    gate: Condvar,
}

/// How the volume betrays those who trust it: so tests make sure that they would notice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Vices {
    /// A sync does nothing.
    pub ignores_syncs: bool,
    /// The first sync of a file that was opened, and not made, does nothing.
    pub ignores_first_sync: bool,
    /// What is written to the second stretch of a file goes to the first one, and is read from there: offsets and length.
    pub folds: Option<(u64, u64, u64)>,
    /// A lock is no call that it knows, as on some file systems of a network.
    pub has_no_locks: bool,
}

/// Where syncs wait while a test fills the queue behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    Open,
    Closed,
    /// Closed, and a sync waits there.
    Waiting,
}

/// What is behind a volume.
#[derive(Debug)]
pub struct State {
    base: Image,
    pub live: Image,
    log: Vec<Step>,
    pub faults: Faults,
    pub locks: Locks,
    /// What is open.
    pub openings: BTreeMap<OpeningNumber, FileNumber>,
    next_file: FileNumber,
    next_opening: OpeningNumber,
    vices: Vices,
    gate: Gate,
}

impl State {
    /// Makes a change and remembers it.
    pub fn step(&mut self, step: Step) {
        self.live.apply(&step);
        let is_sync = matches!(step, Step::SyncFile { .. } | Step::SyncFolder { .. });
        if !(is_sync && self.vices.ignores_syncs) {
            self.log.push(step);
        }
    }

    /// Makes a change unless it is planned to fail.
    fn change(&mut self, step: Step) -> io::Result<()> {
        self.faults.meet(Operation::Change).map_err(|failure| failure.error())?;
        self.step(step);
        Ok(())
    }

    /// What has a name, for whoever looks there.
    fn look(&mut self, path: &Path) -> io::Result<Node> {
        self.faults.meet(Operation::Look).map_err(|failure| failure.error())?;
        self.node(path)
    }

    fn node(&self, path: &Path) -> io::Result<Node> {
        self.live.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn check_new(&self, path: &Path) -> io::Result<()> {
        if self.live.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        match path.parent() {
            Some(parent) if self.live.is_folder(parent) => Ok(()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Default for SimulatedVolume {
    fn default() -> Self {
        Self::new()
    }
}

impl SimulatedVolume {
    /// A volume with one empty folder, [`SimulatedVolume::base`].
    #[must_use]
    pub fn new() -> Self {
        Self::of(Image::new(Path::new(BASE)), Vec::new(), Vices::default())
    }

    fn of(base: Image, log: Vec<Step>, vices: Vices) -> Self {
        let mut live = base.clone();
        log.iter().for_each(|step| live.apply(step));
        let numbers = live.files.keys().copied().chain(live.names.values().filter_map(|node| match node {
            Node::File(file) => Some(*file),
            Node::Folder => None,
        }));
        let next_file = numbers.max().map_or(0, |last| last + 1);
        let state = State {
            base,
            live,
            log,
            faults: Faults::default(),
            locks: Locks::default(),
            openings: BTreeMap::new(),
            next_file,
            next_opening: 0,
            vices,
            gate: Gate::Open,
        };
        Self {
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
            shared: Arc::new(Shared { state: Mutex::new(state), gate: Condvar::new() }),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The folder to keep stores in.
    #[must_use]
    pub fn base(&self) -> &'static Path {
        Path::new(BASE)
    }

    /// The same files as another process sees them: it shares no store with this one, and meets its locks.
    #[must_use]
    pub fn as_another_process(&self) -> Self {
        Self { number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed), shared: Arc::clone(&self.shared) }
    }

    /// How many steps were made so far. A crash may come after any number of them.
    #[must_use]
    pub fn position(&self) -> usize {
        self.state().log.len()
    }

    /// The positions behind which a name was made, changed or removed.
    #[must_use]
    pub fn positions_of_names(&self) -> Vec<usize> {
        let state = self.state();
        let steps = state.log.iter().enumerate().filter(|(_, step)| step.folder().is_some());
        steps.map(|(at, _)| at + 1).collect()
    }

    /// The positions right before a sync of a file: most is at stake there.
    #[must_use]
    pub fn positions_before_syncs(&self) -> Vec<usize> {
        let state = self.state();
        let steps = state.log.iter().enumerate().filter(|(_, step)| matches!(step, Step::SyncFile { .. }));
        steps.map(|(at, _)| at).collect()
    }

    /// What there is after a crash behind the first `position` steps: another volume, without locks or faults.
    #[must_use]
    pub fn crash(&self, position: usize, loss: Loss, random: &mut Random) -> Self {
        let state = self.state();
        let steps = &state.log[..position.min(state.log.len())];
        match loss {
            Loss::Killed => Self::of(state.base.clone(), steps.to_vec(), state.vices),
            _ => Self::of(after_power_loss(&state.base, steps, loss, random), Vec::new(), state.vices),
        }
    }

    /// Forgets the steps so far: what is there now can never be lost.
    pub fn settle(&self) {
        let mut state = self.state();
        state.base = state.live.clone();
        state.log.clear();
    }

    /// Plans a failure of the operation with this number, counted from 0 and from now, among those that it concerns.
    pub fn fail(&self, fault: Fault, at: u64) {
        self.state().faults.plan(fault, at);
    }

    /// Refuses a lock on a volume that has none.
    pub(super) fn check_has_locks(&self) -> io::Result<()> {
        if self.state().vices.has_no_locks { Err(io::ErrorKind::Unsupported.into()) } else { Ok(()) }
    }

    /// No more operation fails.
    pub fn heal(&self) {
        self.state().faults = Faults::default();
    }

    /// Operations that the planned failure might have hit since it was planned, and how many it has hit.
    #[must_use]
    pub fn fault_counts(&self) -> (u64, u64) {
        self.state().faults.counts()
    }

    /// From now on syncs wait until [`SimulatedVolume::let_syncs_go`]: what is issued meanwhile is one group.
    pub fn hold_syncs(&self) {
        self.state().gate = Gate::Closed;
    }

    /// Waits until a sync waits.
    pub fn wait_for_sync(&self) {
        let mut state = self.state();
        while state.gate == Gate::Closed {
            state = self.shared.gate.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends [`SimulatedVolume::hold_syncs`].
    pub fn let_syncs_go(&self) {
        self.state().gate = Gate::Open;
        self.shared.gate.notify_all();
    }

    /// Makes what was done to a file or to a folder's names durable, when the gate is open and if nothing fails.
    pub(super) fn sync(&self, step: Step) -> io::Result<()> {
        let mut state = self.state();
        while state.gate != Gate::Open {
            state.gate = Gate::Waiting;
            self.shared.gate.notify_all();
            state = self.shared.gate.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if let Err(failure) = state.faults.meet(Operation::Sync) {
            if let Step::SyncFile { file } = step
                && failure.forgets
            {
                state.step(Step::FailedSync { file });
            }
            return Err(failure.error());
        }
        state.step(step);
        Ok(())
    }

    /// Flips a bit of every byte of a stretch of a file, durably: the medium decays.
    pub fn decay(&self, path: &Path, offset: u64, length: usize) {
        let mut state = self.state();
        if let Ok(Node::File(file)) = state.node(path) {
            let mut bytes = vec![0; length];
            if let Some(content) = state.live.file_of(&Node::File(file)) {
                content.read(offset, &mut bytes);
            }
            let bytes = bytes.iter().map(|byte| byte ^ 1).collect();
            state.step(Step::Write { file, offset, bytes, longer: false });
            state.step(Step::SyncFile { file });
        }
    }

    /// From now on the volume has these vices, and so have those that crashes leave of it.
    pub fn turn_bad(&self, vices: Vices) {
        self.state().vices = vices;
    }

    /// The paths of all files.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let state = self.state();
        let files = state.live.names.iter().filter(|(_, node)| matches!(node, Node::File(_)));
        files.map(|(path, _)| path.clone()).collect()
    }

    /// The bytes of a file, if there is one of this name.
    #[must_use]
    pub fn bytes(&self, path: &Path) -> Option<Vec<u8>> {
        let state = self.state();
        let content = state.live.names.get(path).and_then(|node| state.live.file_of(node))?;
        let mut bytes = vec![0; content.length() as usize];
        content.read(0, &mut bytes);
        Some(bytes)
    }

    /// Puts another file in the place of the one of this name, durably. Its folder is there.
    pub fn replace(&self, path: &Path, bytes: &[u8]) {
        let mut state = self.state();
        let file = state.next_file;
        state.next_file += 1;
        state.step(Step::Enter { path: path.to_owned(), node: Node::File(file) });
        state.step(Step::Write { file, offset: 0, bytes: bytes.into(), longer: true });
        state.step(Step::SyncFile { file });
        if let Some(folder) = path.parent() {
            state.step(Step::SyncFolder { path: folder.to_owned() });
        }
    }

    /// A digest of all names and bytes: two volumes with the same one hold the same.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let state = self.state();
        let mut hasher = Xxh3::new();
        for (path, node) in &state.live.names {
            hasher.update(path.as_os_str().as_encoded_bytes());
            if let Some(content) = state.live.file_of(node) {
                let mut bytes = vec![0; content.length() as usize];
                content.read(0, &mut bytes);
                hasher.update(&bytes);
            }
        }
        hasher.digest()
    }

    fn opened(&self, state: &mut State, file: FileNumber, access: Access, is_new: bool) -> Box<dyn OpenFile> {
        let opening = state.next_opening;
        state.next_opening += 1;
        state.openings.insert(opening, file);
        let ignores_sync = state.vices.ignores_first_sync && !is_new;
        Box::new(SimulatedFile::new(Opening::new(self.clone(), file, opening, access, ignores_sync, state.vices.folds)))
    }
}

impl Volume for SimulatedVolume {
    fn number(&self) -> u64 {
        self.number
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        match self.state().look(path)? {
            Node::Folder => Ok(path.to_owned()),
            Node::File(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn kind(&self, path: &Path) -> io::Result<Kind> {
        Ok(match self.state().look(path)? {
            Node::Folder => Kind::Folder,
            Node::File(_) => Kind::File,
        })
    }

    fn identity(&self, path: &Path) -> io::Result<FileIdentity> {
        match self.state().look(path)? {
            Node::File(file) => Ok(FileIdentity { device: 0, inode: file }),
            Node::Folder => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn OpenFile>> {
        let mut state = self.state();
        state.check_new(path)?;
        let file = state.next_file;
        state.change(Step::Enter { path: path.to_owned(), node: Node::File(file) })?;
        state.next_file += 1;
        Ok(self.opened(&mut state, file, Access::ReadWrite, true))
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn OpenFile>> {
        let mut state = self.state();
        match state.look(path)? {
            Node::File(file) => Ok(self.opened(&mut state, file, access, false)),
            Node::Folder => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        let node = state.node(from)?;
        state.check_new(to)?;
        state.change(Step::Enter { path: to.to_owned(), node })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.node(from)?;
        if from.parent() != to.parent() {
            return Err(io::ErrorKind::CrossesDevices.into());
        }
        // Not every Windows gives a name to another file while the file that has it is open.
        if let Ok(Node::File(replaced)) = state.node(to)
            && state.openings.values().any(|open| *open == replaced)
        {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        state.change(Step::Rename { from: from.to_owned(), to: to.to_owned() })
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        match state.node(path)? {
            Node::File(_) => state.change(Step::Leave { path: path.to_owned() }),
            Node::Folder => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.check_new(path)?;
        state.change(Step::Enter { path: path.to_owned(), node: Node::Folder })
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        match state.node(path)? {
            Node::File(_) => Err(io::ErrorKind::NotADirectory.into()),
            Node::Folder if !state.live.is_empty(path) => Err(io::ErrorKind::DirectoryNotEmpty.into()),
            Node::Folder => state.change(Step::Leave { path: path.to_owned() }),
        }
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.state().node(path)?;
        self.sync(Step::SyncFolder { path: path.to_owned() })
    }

    fn names(&self, path: &Path) -> io::Result<Vec<OsString>> {
        let mut state = self.state();
        match state.look(path)? {
            Node::Folder => {
                Ok(state.live.inside(path).filter_map(|path| path.file_name()).map(OsString::from).collect())
            }
            Node::File(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }
}
