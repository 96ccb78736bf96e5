//! What a process of its own tells about itself: a run has too many stores open to ask the run.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use dkv::{Manager, ManagerOptions, Options, SecurityLevel, SubscribeType};

use crate::Result;
use crate::data::{Pool, Set, VALUE_BYTES, key, mix};
use crate::peer::{Kind, Shape};

/// The first word of such a process.
pub const WORD: &str = "child";
const GETS: u64 = 200_000;
const GROUPS: u64 = 200;
const PUTS_OF_A_GROUP: u64 = 64;
const IDLE_STORES: usize = 16;
const UNTIL_IDLE: Duration = Duration::from_secs(2);
const WATCHED: Duration = Duration::from_secs(10);

/// What a store makes of a process.
pub struct Memory {
    /// All that is in memory.
    pub resident_bytes: f64,
    /// What is no file's.
    pub anonymous_bytes: f64,
}

/// What a process with idle stores does.
pub struct Idle {
    /// How often its threads woke up, but for the one that watched.
    pub wake_ups: f64,
    /// Its threads.
    pub threads: f64,
}

/// A process that opens the rows in `folder` in a store of this kind, reads and writes, or does nothing of that.
pub fn memory(folder: &Path, kind: Option<Kind>, cache_bytes: u64, rows: u64) -> Result<Memory> {
    let place = kind.and_then(|kind| Kind::readers().into_iter().position(|reader| reader.files() == kind));
    let place = place.map_or("none".to_owned(), |place| place.to_string());
    let numbers = ask(folder, &["memory", &place, &cache_bytes.to_string(), &rows.to_string()])?;
    match numbers[..] {
        [resident_bytes, anonymous_bytes] => Ok(Memory { resident_bytes, anonymous_bytes }),
        _ => Err("the process told something else".into()),
    }
}

/// A process with as many stores open as an application may have, each observed.
pub fn idle(folder: &Path) -> Result<Idle> {
    match ask(folder, &["idle"])?[..] {
        [wake_ups, threads] => Ok(Idle { wake_ups, threads }),
        _ => Err("the process told something else".into()),
    }
}

fn ask(folder: &Path, words: &[&str]) -> Result<Vec<f64>> {
    let output = Command::new(std::env::current_exe()?).arg(WORD).arg(folder).args(words).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?.split_whitespace().map(str::parse).collect::<std::result::Result<_, _>>()?)
}

/// Such a process.
pub fn run(words: &[String]) -> Result<()> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        [folder, "memory", "none", ..] => tell_memory(Path::new(folder)),
        [folder, "memory", place, cache_bytes, rows] => {
            let kind = Kind::readers().get(place.parse::<usize>()?).ok_or("no store has this number")?.files();
            let store = kind.open(Path::new(folder), Set::Rows.name(), cache_bytes.parse()?, Shape::Short)?;
            let (rows, pool): (u64, Pool) = (rows.parse()?, Pool::small());
            for first in (0..GETS).step_by(1_000) {
                store.get(&(first..first + 1_000).map(|get| key(mix(get) % rows)).collect::<Vec<String>>())?;
            }
            for group in 0..GROUPS {
                let puts = group * PUTS_OF_A_GROUP..(group + 1) * PUTS_OF_A_GROUP;
                store.put(puts.map(|put| (key(mix(put) % rows), pool.value(put, VALUE_BYTES).to_vec())).collect())?;
            }
            tell_memory(Path::new(folder))
        }
        [folder, "idle"] => be_idle(Path::new(folder)),
        _ => Err("a process of the benchmark was started with the wrong words".into()),
    }
}

fn tell_memory(_: &Path) -> Result<()> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    println!("{} {}", 1024 * field(&status, "VmRSS:")?, 1024 * field(&status, "RssAnon:")?);
    Ok(())
}

fn be_idle(folder: &Path) -> Result<()> {
    let manager = Manager::new(ManagerOptions::new("dkv.peers", folder))?;
    let mut held = Vec::new();
    for number in 0..IDLE_STORES {
        let store = manager.get_store(&format!("idle_{number}"), Options::single(SecurityLevel::S1)).wait()?;
        let subscription = store.subscribe(SubscribeType::All, |_| ())?;
        store.put("key", "value").wait()?;
        store.get("key").wait()?;
        held.push((store, subscription));
    }
    std::thread::sleep(UNTIL_IDLE);
    let before = wake_ups()?;
    std::thread::sleep(WATCHED);
    let (after, threads) = (wake_ups()?, std::fs::read_dir("/proc/self/task")?.count());
    println!("{} {threads}", after - before);
    drop(held);
    Ok(())
}

/// How often the threads gave up the processor by themselves, which each does once after it woke up. This one sleeps
/// for the time that is watched, and is not counted.
fn wake_ups() -> Result<u64> {
    let mut sum = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let task = task?;
        if task.file_name().to_str() != Some(&std::process::id().to_string()) {
            sum += field(&std::fs::read_to_string(task.path().join("status"))?, "voluntary_ctxt_switches:")?;
        }
    }
    Ok(sum)
}

fn field(status: &str, name: &str) -> Result<u64> {
    let words = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("the system does not tell")?;
    Ok(words.split_whitespace().next().ok_or("the system does not tell")?.parse()?)
}
