//! The scenarios of tests/conformance, which every language runs. What a file may say is written in the README there.

mod common;
#[path = "scenario/notation.rs"]
mod notation;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use common::{PATIENCE, Place};
use dkv::{Change, KvStore, Request, Result, ResultSet, SubscribeType, Subscription};
use notation::{entries, expected, options, query, shown, shown_entries, shown_entry, text, texts, value};
use serde_json::{Value as Json, json};

const STORE_ID: &str = "scenario";
/// How long to wait for what should not be told.
const QUIET: Duration = Duration::from_millis(20);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

/// One scenario under way.
struct Run {
    place: Place,
    stores: HashMap<String, KvStore>,
    sets: HashMap<String, ResultSet>,
    observers: HashMap<String, (Receiver<Change>, Subscription)>,
}

impl Run {
    fn open(&mut self, name: &str, written: &Json) -> Result<()> {
        let store = self.place.manager().get_store(STORE_ID, options(written)?).wait()?;
        self.stores.insert(name.to_owned(), store);
        Ok(())
    }

    fn store(&self, step: &Json) -> &KvStore {
        &self.stores[step["on"].as_str().unwrap_or("store")]
    }

    /// Does a step. Yields its answer in the notation of the scenarios; null where there is none.
    fn step(&mut self, step: &Json) -> Result<Json> {
        let name = |field: &str| step[field].as_str().unwrap().to_owned();
        match step["do"].as_str().unwrap() {
            "open" => self.open(&name("as"), &step["options"]).map(done),
            "closeStore" => self.place.close(STORE_ID).map(done),
            "deleteStore" => self.place.delete(STORE_ID).map(done),
            "listStores" => Ok(json!(self.place.ids())),
            "getResultSet" => {
                let store = self.store(step);
                let set = match step.get("query") {
                    Some(calls) => store.get_result_set_by_query(&query(calls)),
                    None => store.get_result_set(text(&step["prefix"])),
                };
                let set = set.wait()?;
                self.sets.insert(name("as"), set);
                Ok(Json::Null)
            }
            "resultSet" => call(&self.sets[step["set"].as_str().unwrap()], &step["call"]),
            "closeResultSet" => self.sets[step["set"].as_str().unwrap()].close().map(done),
            "observe" => self.observe(step),
            "told" => Ok(self.told(step)),
            _ => operate(self.store(step), step),
        }
    }

    fn observe(&mut self, step: &Json) -> Result<Json> {
        let kind = match step["type"].as_str().unwrap() {
            "LOCAL" => SubscribeType::Local,
            "REMOTE" => SubscribeType::Remote,
            _ => SubscribeType::All,
        };
        let (sender, receiver) = mpsc::channel();
        // The scenario may have ended.
        let subscription = self.store(step).subscribe(kind, move |change| drop(sender.send(change.clone())))?;
        self.observers.insert(step["as"].as_str().unwrap().to_owned(), (receiver, subscription));
        Ok(Json::Null)
    }

    fn told(&self, step: &Json) -> Json {
        let (receiver, _) = &self.observers[step["observer"].as_str().unwrap()];
        let wanted = step["answer"].as_array().unwrap().len();
        let mut told: Vec<Change> = (0..wanted).map(|_| receiver.recv_timeout(PATIENCE).unwrap()).collect();
        told.extend(receiver.recv_timeout(QUIET));
        told.iter().map(shown_change).collect()
    }
}

fn done(_: ()) -> Json {
    Json::Null
}

fn shown_change(change: &Change) -> Json {
    assert!(change.device_id.is_empty() && !change.overflowed, "{change:?}");
    let lists = [("inserted", &change.inserted), ("updated", &change.updated), ("deleted", &change.deleted)];
    let named = lists.iter().filter(|(_, list)| !list.is_empty());
    named.map(|(name, list)| ((*name).to_owned(), shown_entries(list))).collect()
}

/// The operations of a store.
fn operate(store: &KvStore, step: &Json) -> Result<Json> {
    let key = || text(&step["key"]);
    let number = |request: Request<u64>| request.wait().map(|count| json!(count));
    let flag = |request: Request<bool>| request.wait().map(|applied| json!(applied));
    let none = |request: Request<()>| request.wait().map(done);
    match step["do"].as_str().unwrap() {
        "put" => none(store.put(key(), value(&step["value"]))),
        "get" => store.get(key()).wait().map(|found| shown(&found)),
        "delete" => none(store.delete(key())),
        "putBatch" => none(store.put_batch(entries(&step["entries"]))),
        "deleteBatch" => none(store.delete_batch(texts(&step["keys"]))),
        "getMany" => {
            let values = store.get_many(texts(&step["keys"])).wait()?;
            Ok(values.iter().map(|found| found.as_ref().map_or(Json::Null, shown)).collect())
        }
        "getEntries" => {
            let request = match step.get("query") {
                Some(calls) => store.get_entries_by_query(&query(calls)),
                None => store.get_entries(text(&step["prefix"])),
            };
            request.wait().map(|found| shown_entries(&found))
        }
        "getResultSize" => number(store.get_result_size(&query(&step["query"]))),
        "count" => number(store.count(text(&step["prefix"]))),
        "putIfAbsent" => flag(store.put_if_absent(key(), value(&step["value"]))),
        "putIfUnchanged" => flag(store.put_if_unchanged(key(), value(&step["expected"]), value(&step["value"]))),
        "deleteIfUnchanged" => flag(store.delete_if_unchanged(key(), value(&step["expected"]))),
        "startTransaction" => none(store.start_transaction()),
        "commit" => none(store.commit()),
        "rollback" => none(store.rollback()),
        "rekey" => none(store.rekey()),
        "backup" => none(store.backup(&text(&step["name"]))),
        "restore" => none(store.restore(&text(&step["name"]))),
        "deleteBackup" => {
            let names = texts(&step["names"]);
            let deletions = store.delete_backup(&names.iter().map(String::as_str).collect::<Vec<_>>()).wait()?;
            Ok(deletions.iter().map(|deletion| json!([deletion.name, deletion.status()])).collect())
        }
        other => panic!("{other} is no operation"),
    }
}

/// A call on a result set.
fn call(set: &ResultSet, call: &Json) -> Result<Json> {
    let number = || call[1].as_i64().unwrap();
    Ok(match call[0].as_str().unwrap() {
        "getCount" => json!(set.count()?),
        "getPosition" => json!(set.position()?),
        "moveToFirst" => json!(set.move_to_first()?),
        "moveToLast" => json!(set.move_to_last()?),
        "moveToNext" => json!(set.move_to_next()?),
        "moveToPrevious" => json!(set.move_to_previous()?),
        "move" => json!(set.move_by(number())?),
        "moveToPosition" => json!(set.move_to(number())?),
        "isFirst" => json!(set.is_first()?),
        "isLast" => json!(set.is_last()?),
        "isBeforeFirst" => json!(set.is_before_first()?),
        "isAfterLast" => json!(set.is_after_last()?),
        "getEntry" => set.entry()?.as_ref().map_or(Json::Null, shown_entry),
        other => panic!("{other} is no call of a result set"),
    })
}

fn run(name: &str) {
    let file = folder().join(format!("{name}.json"));
    let scenario: Json = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let mut run = Run { place: Place::new(), stores: HashMap::new(), sets: HashMap::new(), observers: HashMap::new() };
    run.open("store", &scenario["options"]).unwrap();
    for (number, step) in scenario["steps"].as_array().unwrap().iter().enumerate() {
        let place = format!("{name}, step {number}: {}", step.to_string().chars().take(200).collect::<String>());
        match (run.step(step), step.get("error")) {
            (Ok(answer), None) => {
                if let Some(wanted) = step.get("answer") {
                    assert_eq!(answer, expected(wanted), "{place}");
                }
            }
            (Err(error), Some(code)) => assert_eq!(i64::from(error.code()), code.as_i64().unwrap(), "{place}: {error}"),
            (Ok(answer), Some(_)) => panic!("{place}: it succeeded with {answer}"),
            (Err(error), None) => panic!("{place}: {error}"),
        }
    }
}

macro_rules! scenarios {
    ($($name:ident),*) => {
        $(#[test]
        fn $name() {
            run(stringify!($name));
        })*

        #[test]
        fn every_file_is_a_scenario_that_runs() {
            let files = folder().read_dir().unwrap().map(|file| file.unwrap().path());
            let found: BTreeSet<String> = files
                .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
                .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
                .collect();
            assert_eq!(found, BTreeSet::from([$(stringify!($name).to_owned()),*]));
        }
    };
}
scenarios!(
    backups,
    batches,
    conditional,
    devices,
    encryption,
    entries_by_prefix,
    keys,
    lifecycle,
    notifications,
    queries,
    result_sets,
    schemas,
    transactions,
    values
);
