//! What the tests share: a place for stores, answers that were waited for, seeded numbers, and this very test binary as
//! a second process.
#![allow(dead_code, reason = "each test binary takes what it needs")]

pub mod sealed;

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dkv::{Answer, Entry, KvStore, Manager, ManagerOptions, Options, Result, SecurityLevel, Value, ValueRef};
use redb::{Database, TableDefinition};
use tempfile::TempDir;

/// The bundle name that tests use unless the name is what they are about.
pub const BUNDLE: &str = "com.example.tests";

// The numbers of failures as the specification writes them, so that no test learns them from the library.
pub const INVALID_ARGUMENT: i32 = 401;
pub const OVER_LIMITS: i32 = 15_100_001;
pub const OPTIONS_CHANGED: i32 = 15_100_002;
pub const CORRUPTED: i32 = 15_100_003;
pub const NOT_FOUND: i32 = 15_100_004;
pub const CLOSED: i32 = 15_100_005;
pub const NOT_SUPPORTED: i32 = 27_459_601;
pub const CANNOT_OPEN: i32 = 27_459_626;
pub const QUEUE_FULL: i32 = -1;
pub const WOULD_BLOCK: i32 = -2;
pub const OUTCOME_UNKNOWN: i32 = -3;

/// Whoever waits longer than this waits for something that never comes: the test fails instead of hanging.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A folder of its own, with a manager over it.
pub struct Place {
    folder: TempDir,
    manager: Manager,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let manager = manager(BUNDLE, folder.path());
        Self { folder, manager }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn manager(&self) -> &Manager {
        &self.manager
    }

    pub fn open(&self, store_id: &str, options: Options) -> KvStore {
        self.manager.get_store(store_id, options).wait().unwrap()
    }

    /// The number of the failure of an open.
    pub fn refusal(&self, store_id: &str, options: Options) -> i32 {
        code(self.manager.get_store(store_id, options).wait())
    }

    pub fn close(&self, store_id: &str) -> Result<()> {
        self.manager.close_store(BUNDLE, store_id, None).wait()
    }

    pub fn delete(&self, store_id: &str) -> Result<()> {
        self.manager.delete_store(BUNDLE, store_id, None).wait()
    }

    pub fn ids(&self) -> Vec<String> {
        self.manager.all_store_ids(BUNDLE).wait().unwrap()
    }

    /// The folder of a store whose id has no upper-case letter.
    pub fn store_folder(&self, store_id: &str) -> PathBuf {
        self.path().join("kvdb").join(format!("s.{store_id}"))
    }

    /// The file of a store whose id has no upper-case letter.
    pub fn store_file(&self, store_id: &str) -> PathBuf {
        self.store_folder(store_id).join("store.dkv")
    }
}

/// A manager that opens as many stores as all tests of a binary together need: the count of open ones is the process's.
pub fn manager(bundle_name: &str, folder: &Path) -> Manager {
    let mut options = ManagerOptions::new(bundle_name, folder);
    options.open_stores_max = 10_000;
    Manager::new(options).unwrap()
}

pub fn single() -> Options {
    Options::single(SecurityLevel::S1)
}

pub fn device() -> Options {
    Options::new(SecurityLevel::S1)
}

/// Options that differ in one place.
pub fn with(mut options: Options, change: impl FnOnce(&mut Options)) -> Options {
    change(&mut options);
    options
}

/// The number of a failure.
#[track_caller]
pub fn code<T>(result: Result<T>) -> i32 {
    failure(result).code()
}

#[track_caller]
pub fn failure<T>(result: Result<T>) -> dkv::Error {
    match result {
        Ok(_) => panic!("this had to fail"),
        Err(error) => error,
    }
}

/// Makes a call that takes a callback, and waits for its answer. The outer result is the call's own.
pub fn answered<T: Send + 'static>(call: impl FnOnce(Answer<T>) -> Result<()>) -> Result<Result<T>> {
    let (sender, receiver) = mpsc::channel();
    call(Box::new(move |answer| sender.send(answer).unwrap()))?;
    Ok(receiver.recv_timeout(PATIENCE).unwrap())
}

/// True if the values have the same type and the same bits.
pub fn same(left: &Value, right: &Value) -> bool {
    match (left.as_ref(), right.as_ref()) {
        (ValueRef::Float(left), ValueRef::Float(right)) => left.to_bits() == right.to_bits(),
        (ValueRef::Double(left), ValueRef::Double(right)) => left.to_bits() == right.to_bits(),
        (left, right) => left == right,
    }
}

pub fn keys(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.key.as_str()).collect()
}

/// Bytes that tell from each other by their number, and of which no part looks like another part.
pub fn pattern(number: u64, length: usize) -> Vec<u8> {
    let mut random = Random::new(number);
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        bytes.extend_from_slice(&random.next().to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// The numbers of splitmix64: the same ones for the same seed, everywhere and for ever. Or those of a script, which a
/// fuzzer writes: each choice is a byte or two of it.
pub struct Random {
    state: u64,
    script: Option<VecDeque<u8>>,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self { state: seed, script: None }
    }

    /// Choices that these bytes make. Behind their end, the first of everything is chosen.
    pub fn scripted(bytes: &[u8]) -> Self {
        Self { state: 0, script: Some(bytes.iter().copied().collect()) }
    }

    /// True if a script has come to its end.
    pub fn is_over(&self) -> bool {
        self.script.as_ref().is_some_and(VecDeque::is_empty)
    }

    pub fn next(&mut self) -> u64 {
        if let Some(script) = &mut self.script {
            return (0..8).fold(0, |number, _| number << 8 | u64::from(script.pop_front().unwrap_or(0)));
        }
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.state;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        if let Some(script) = &mut self.script {
            let bytes = if end <= 256 { 1 } else { 2 };
            let number = (0..bytes).fold(0, |number, _| number << 8 | usize::from(script.pop_front().unwrap_or(0)));
            return number % end;
        }
        usize::try_from(self.next() % end as u64).unwrap()
    }

    /// True once in `times` on average.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// The seed of this run: that of `DKV_SEED`, else a new one. It is printed, for the output of a failure to show it.
pub fn seed() -> u64 {
    let given = std::env::var("DKV_SEED").ok().map(|text| text.parse().unwrap());
    let seed = given.unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        u64::from(now.subsec_nanos()) ^ (now.as_secs() << 20) ^ u64::from(std::process::id())
    });
    println!("DKV_SEED={seed}");
    seed
}

const CHILD_FOLDER: &str = "DKV_TEST_FOLDER";
/// A program, and its words, that runs those of another processor: `cargo xtask platforms` names it.
const EMULATOR: &str = "DKV_TEST_EMULATOR";

/// This test binary as another process that runs one test only, which then finds `folder` in `child_folder`.
///
/// A line that such a child prints begins with a new line: the harness prints the test's name without one.
pub fn child(test: &str, folder: &Path) -> Command {
    let own_program = std::env::current_exe().unwrap();
    let mut command = match std::env::var(EMULATOR) {
        Ok(emulator) => {
            let mut words = emulator.split_whitespace();
            let mut command = Command::new(words.next().unwrap());
            command.args(words).arg(own_program);
            command
        }
        Err(_) => Command::new(own_program),
    };
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(CHILD_FOLDER, folder);
    command
}

/// The folder that the parent gave, in a process started by `child`.
pub fn child_folder() -> Option<PathBuf> {
    std::env::var_os(CHILD_FOLDER).map(PathBuf::from)
}

/// Runs a child to its end, and shows its output if it failed.
#[track_caller]
pub fn run_child(mut command: Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "the child failed: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Says a line to the parent, from a child. A child whose parent is gone ends.
pub fn say(line: &str) {
    if std::io::stdout().write_all(format!("\n{line}\n").as_bytes()).is_err() {
        std::process::exit(1);
    }
}

/// Waits, in a child, until the parent lets go of it. A parent that kills it does not let it get there.
pub fn wait_for_parent() {
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// A child that goes on beside this process, and whose lines are read.
pub struct Partner {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Partner {
    pub fn start(mut command: Command) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The next line that begins with `prefix`, without it; nothing once the child has ended.
    pub fn hear(&mut self, prefix: &str) -> Option<String> {
        self.lines.by_ref().map_while(std::io::Result::ok).find_map(|line| line.strip_prefix(prefix).map(str::to_owned))
    }

    /// Lets the child pass `wait_for_parent` once.
    pub fn nudge(&mut self) {
        self.process.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    /// Lets the child pass `wait_for_parent`, now and later.
    pub fn release(&mut self) {
        drop(self.process.stdin.take());
    }

    /// Kills the child as a crash would. What it said before can still be heard.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Lets the child end by itself.
    #[track_caller]
    pub fn finish(mut self) {
        self.release();
        while self.hear("").is_some() {}
        assert!(self.process.wait().unwrap().success(), "the child failed");
    }
}

/// A test that fails leaves no child behind.
impl Drop for Partner {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub const DATA: TableDefinition<'static, &'static [u8], &'static [u8]> = TableDefinition::new("data");
pub const BLOBS: TableDefinition<'static, (u64, u32), &'static [u8]> = TableDefinition::new("blobs");
pub const META: TableDefinition<'static, &'static str, &'static [u8]> = TableDefinition::new("meta");

/// Bytes of the superblock, behind which the sealed blocks begin.
pub const HEAD_BYTES: usize = 8192;

/// Shows the tables of a closed plain store to `look`, and keeps what it changes there.
pub fn with_database<R>(store_file: &Path, look: impl FnOnce(&Database) -> R) -> R {
    let bytes = std::fs::read(store_file).unwrap();
    let copy = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(copy.path(), sealed::unseal(&bytes)).unwrap();
    let database = Database::open(copy.path()).unwrap();
    let seen = look(&database);
    drop(database);
    let body = std::fs::read(copy.path()).unwrap();
    std::fs::write(store_file, sealed::seal(&bytes, &body)).unwrap();
    seen
}

/// Gives `run` each input of a fuzzer's committed corpus, so that what was found once stays found.
pub fn replay(target: &str, run: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut inputs: Vec<_> = folder.read_dir().unwrap().map(|input| input.unwrap().path()).collect();
    inputs.sort();
    assert!(inputs.len() >= 3, "{target} has a corpus");
    for input in inputs {
        println!("{}", input.display());
        run(&std::fs::read(&input).unwrap());
    }
}
