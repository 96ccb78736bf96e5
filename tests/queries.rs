//! What a store answers to queries: refusals, devices, transactions, the order of operations, plans.

mod common;
mod schemas;

use common::{CLOSED, INVALID_ARGUMENT, NOT_FOUND, NOT_SUPPORTED, OVER_LIMITS, Place, code, device, keys, single};
use dkv::{AccessPath, Entry, KvStore, OrderSource, Query, SyncMode};
use schemas::{compatible, with_schema};

const FORMAT: i32 = 27_459_609;
const FIELD: i32 = 27_459_610;
const DATABASE: i32 = 27_459_594;

/// A query, built in place.
fn query(build: impl FnOnce(&mut Query) -> &mut Query) -> Query {
    let mut query = Query::new();
    build(&mut query);
    query
}

/// A schema with a number `n`, indexed, a text `t`, and a flag `b`.
fn notes() -> String {
    compatible(r#"{"n":"LONG","t":"STRING","b":"BOOL","o":{"in":"INTEGER"}}"#, r#"["$.n"]"#)
}

fn document(n: i64) -> String {
    format!(r#"{{"n":{n},"t":"text {n}","b":{}}}"#, n % 2 == 0)
}

/// A store with the entries `k0` to `k9`, whose number is their digit.
fn stocked(place: &Place) -> KvStore {
    let store = place.open("store", with_schema(single(), &notes()));
    let entries = (0..10).map(|n| Entry::new(format!("k{n}"), document(n).as_str())).collect();
    store.put_batch(entries).wait().unwrap();
    store
}

fn selected(store: &KvStore, query: &Query) -> Vec<String> {
    let entries = store.get_entries_by_query(query).wait().unwrap();
    keys(&entries).into_iter().map(str::to_owned).collect()
}

/// The number with which each of the three calls refuses a query.
fn refusals(store: &KvStore, query: &Query) -> [i32; 3] {
    [
        code(store.get_entries_by_query(query).wait()),
        code(store.get_result_size(query).wait()),
        code(store.get_result_set_by_query(query).wait()),
    ]
}

#[test]
fn a_query_selects_sorts_and_limits() {
    let place = Place::new();
    let store = stocked(&place);
    let q = query(|q| q.greater_than("n", 3).and().less_than("$.n", 8.0).order_by_desc("t").limit(2, 1));
    assert_eq!(selected(&store, &q), ["k6", "k5"]);
    assert_eq!(selected(&store, &query(|q| q.equal_to("b", true).and().prefix_key("k").is_not_null("t"))).len(), 5);
    assert_eq!(selected(&store, &query(|q| q)).len(), 10);
    assert_eq!(selected(&store, &query(|q| q.like("t", "TEXT _").and().in_number("n", [1, 42]))), ["k1"]);
    assert_eq!(store.get_result_size(&query(|q| q.is_null("o.in"))).wait().unwrap(), 10);
}

#[test]
fn no_match_is_an_empty_answer_but_no_size() {
    let place = Place::new();
    let store = stocked(&place);
    let none = query(|q| q.equal_to("n", 42));
    assert!(selected(&store, &none).is_empty());
    let result_set = store.get_result_set_by_query(&none).wait().unwrap();
    assert_eq!(result_set.count().unwrap(), 0);
    assert!(!result_set.move_to_next().unwrap() && result_set.is_before_first().unwrap());
    assert_eq!(code(store.get_result_size(&none).wait()), NOT_FOUND);
    assert_eq!(code(store.get_result_size(&query(|q| q.prefix_key("x"))).wait()), NOT_FOUND);
    // A prefix longer than a key can be matches nothing, and is no failure.
    let long = query(|q| q.prefix_key("k".repeat(1025)));
    assert!(selected(&store, &long).is_empty());
    assert_eq!(code(store.get_result_size(&long).wait()), NOT_FOUND);
    assert!(selected(&store, &query(|q| q.limit(0, 0))).is_empty());
    assert!(selected(&store, &query(|q| q.limit(5, 10))).is_empty());
    assert_eq!(store.get_result_set_by_query(&query(|q| q.limit(5, 10))).wait().unwrap().count().unwrap(), 0);
}

#[test]
fn a_size_takes_no_order_and_no_limit() {
    let place = Place::new();
    let store = stocked(&place);
    assert_eq!(code(store.get_result_size(&query(|q| q.limit(1, 0))).wait()), FORMAT);
    assert_eq!(code(store.get_result_size(&query(|q| q.order_by_asc("n"))).wait()), FORMAT);
}

#[test]
fn refusals_have_the_numbers_of_the_reference() {
    let place = Place::new();
    let store = stocked(&place);
    assert_eq!(refusals(&store, &query(|q| q.equal_to("n", 1).equal_to("n", 1))), [FORMAT; 3]);
    assert_eq!(refusals(&store, &query(|q| q.equal_to("n.", 1))), [FORMAT; 3]);
    assert_eq!(refusals(&store, &query(|q| q.equal_to("none", 1))), [FIELD; 3]);
    assert_eq!(refusals(&store, &query(|q| q.equal_to("o", 1))), [FIELD; 3]);
    assert_eq!(refusals(&store, &query(|q| q.in_number("n", [0; 129]))), [OVER_LIMITS; 3]);
    assert_eq!(refusals(&store, &query(|q| q.in_number("n", Vec::<i32>::new()))), [INVALID_ARGUMENT; 3]);
    assert_eq!(code(store.explain(&query(|q| q.equal_to("none", 1)))), FIELD);
    place.close("store").unwrap();
    assert_eq!(refusals(&store, &query(|q| q.equal_to("none", 1))), [CLOSED; 3]);
    assert_eq!(code(store.explain(&Query::new())), CLOSED);
}

#[test]
fn a_store_without_a_schema_is_asked_by_keys_and_limits_alone() {
    let place = Place::new();
    let store = place.open("plain", single());
    store.put_batch(vec![Entry::new("a1", 1), Entry::new("a2", "text"), Entry::new("b", true)]).wait().unwrap();
    assert_eq!(selected(&store, &query(|q| q.prefix_key(" a ").set_suggest_index("$.x"))), ["a1", "a2"]);
    assert_eq!(selected(&store, &query(|q| q.prefix_key("a").limit(1, 1))), ["a2"]);
    assert_eq!(store.get_result_size(&Query::new()).wait().unwrap(), 3);
    assert_eq!(refusals(&store, &query(|q| q.equal_to("n", 1))), [NOT_SUPPORTED; 3]);
    assert_eq!(refusals(&store, &query(|q| q.order_by_asc("n"))), [NOT_SUPPORTED; 3]);
    assert_eq!(refusals(&store, &query(|q| q.begin_group().end_group())), [FORMAT; 3]);
    // Calls with an empty name or a caret leave nothing behind, and nothing selects everything.
    assert_eq!(selected(&store, &query(|q| q.equal_to("", 1).like("a^b", "x"))).len(), 3);
}

#[test]
fn a_store_opened_without_its_schema_is_asked_by_keys_alone() {
    let place = Place::new();
    stocked(&place).close().wait().unwrap();
    let store = place.open("store", single());
    assert_eq!(selected(&store, &query(|q| q.prefix_key("k1").limit(1, 0).set_suggest_index("n"))), ["k1"]);
    assert_eq!(refusals(&store, &query(|q| q.equal_to("n", 1))), [NOT_SUPPORTED; 3]);
    assert_eq!(refusals(&store, &query(|q| q.order_by_desc("n"))), [NOT_SUPPORTED; 3]);
    assert_eq!(store.get_result_size(&Query::new()).wait().unwrap(), 10);
}

#[test]
fn a_query_is_copied_when_it_is_given() {
    let place = Place::new();
    let store = stocked(&place);
    let mut q = Query::new();
    q.equal_to("n", 1);
    let request = store.get_entries_by_query(&q);
    q.reset().equal_to("n", 2);
    assert_eq!(keys(&request.wait().unwrap()), ["k1"]);
    assert_eq!(selected(&store, &q), ["k2"]);
}

#[test]
fn a_query_sees_every_write_issued_before_it() {
    let place = Place::new();
    let store = stocked(&place);
    let everything = query(|q| q.greater_than_or_equal_to("n", 100));
    for round in 100..150 {
        let writes = [store.put("new", document(round).as_str()), store.delete("new")];
        let nothing = store.get_entries_by_query(&everything);
        let write = store.put("new", document(round).as_str());
        let one = store.get_entries_by_query(&everything);
        let size = store.get_result_size(&everything);
        let set = store.get_result_set_by_query(&everything);
        let gone = store.delete("new");
        assert!(nothing.wait().unwrap().is_empty());
        assert_eq!(keys(&one.wait().unwrap()), ["new"]);
        assert_eq!(size.wait().unwrap(), 1);
        assert_eq!(set.wait().unwrap().count().unwrap(), 1, "what was open stays as it was");
        writes.into_iter().chain([write, gone]).for_each(|write| write.wait().unwrap());
    }
}

#[test]
fn a_transaction_is_seen_by_queries_but_not_by_result_sets() {
    let place = Place::new();
    let store = stocked(&place);
    let even = query(|q| q.in_number("n", [0, 2, 40]));
    store.start_transaction().wait().unwrap();
    store.put("k40", document(40).as_str()).wait().unwrap();
    store.delete("k0").wait().unwrap();
    assert_eq!(selected(&store, &even), ["k2", "k40"]);
    assert_eq!(store.get_result_size(&even).wait().unwrap(), 2);
    assert_eq!(code(store.get_result_set_by_query(&even).wait()), DATABASE);
    store.rollback().wait().unwrap();
    assert_eq!(selected(&store, &even), ["k0", "k2"]);
}

#[test]
fn result_sets_over_queries_count_among_the_eight() {
    let place = Place::new();
    let store = stocked(&place);
    let open = |n: i64| store.get_result_set_by_query(&query(|q| q.equal_to("n", n))).wait();
    let sets: Vec<_> = (0..8).map(|n| open(n).unwrap()).collect();
    assert_eq!(code(open(8)), OVER_LIMITS);
    assert_eq!(code(store.get_result_set("^").wait()), OVER_LIMITS);
    drop(sets);
    assert!(open(8).is_ok());
}

#[test]
fn a_device_store_is_asked_for_this_installation_unless_a_device_is_named() {
    let place = Place::new();
    let store = place.open("devices", with_schema(device(), &notes()));
    let own = place.manager().local_device_id().wait().unwrap();
    store.put("a", document(1).as_str()).wait().unwrap();
    let one = query(|q| q.equal_to("n", 1));
    assert_eq!(selected(&store, &one), ["a"]);
    let entries = |device: &str, query: &Query| {
        let entries = store.get_entries_from_device_by_query(device, query).wait().unwrap();
        keys(&entries).len()
    };
    assert_eq!((entries("", &one), entries(&own, &one)), (1, 1));
    // Unknown devices have nothing, whatever the length of their id.
    for unknown in ["x", "^", &"0".repeat(64)] {
        assert_eq!(entries(unknown, &one), 0);
        assert_eq!(code(store.get_result_size_from_device(unknown, &one).wait()), NOT_FOUND);
        let set = store.get_result_set_from_device_by_query(unknown, &one).wait().unwrap();
        assert_eq!(set.count().unwrap(), 0);
    }
    let of = |device: &str| query(|q| q.equal_to("n", 1).device_id(device));
    assert_eq!(selected(&store, &of(&own)), ["a"]);
    assert!(selected(&store, &of("x")).is_empty());
    // The argument goes before the query; an empty one leaves it to the query.
    assert_eq!((entries(&own, &of("x")), entries("x", &of(&own)), entries("", &of("x"))), (1, 0, 0));
    // A device with a caret is none that was named.
    assert_eq!(selected(&store, &of("x^")), ["a"]);
    assert_eq!(store.get_result_size_from_device(own.as_str(), &one).wait().unwrap(), 1);
    assert!(selected(&store, &query(|q| q.prefix_key("k".repeat(897)))).is_empty());
}

#[test]
fn a_single_store_has_no_devices() {
    let place = Place::new();
    let store = stocked(&place);
    let q = query(|q| q.equal_to("n", 1));
    assert_eq!(code(store.get_entries_from_device_by_query("", &q).wait()), INVALID_ARGUMENT);
    assert_eq!(code(store.get_result_size_from_device("x", &q).wait()), INVALID_ARGUMENT);
    assert_eq!(code(store.get_result_set_from_device_by_query("x", &q).wait()), INVALID_ARGUMENT);
    assert_eq!(selected(&store, &query(|q| q.equal_to("n", 1).device_id("x"))), ["k1"]);
}

#[test]
fn explain_says_what_will_be_read() {
    let place = Place::new();
    let store = stocked(&place);
    let explain = |build: fn(&mut Query) -> &mut Query| store.explain(&query(build)).unwrap();
    let plan = explain(|q| q.equal_to("n", 5).limit(2, 1));
    assert_eq!(
        plan.to_string(),
        "reads: index 0 ($.n), = 5\nchecks: nothing, every row that is read is selected\norder: by key, as read\n\
         limit: skips 1, then takes at most 2; reading stops there"
    );
    let plan = explain(|q| q.greater_than("n", 5).and().like("t", "x").prefix_key("k"));
    assert_eq!(plan.access, AccessPath::KeyRange { prefix: "k".to_owned() });
    assert!(plan.checks_documents);
    let plan = explain(|q| q.greater_than("n", 5).and().less_than_or_equal_to("n", 7.5).or().equal_to("n", -1));
    match &plan.access {
        AccessPath::Index { ranges, path, .. } => {
            assert_eq!((ranges.join(" | ").as_str(), path.as_str()), ("= -1 | > 5 and <= 7.5", "$.n"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!((plan.order, plan.checks_documents), (OrderSource::SortedKeys, false));
    assert_eq!(explain(|q| q.equal_to("t", "x")).access, AccessPath::FullScan);
    assert_eq!(explain(|q| q.equal_to("t", "x").order_by_desc("n")).order, OrderSource::Index);
    assert_eq!(explain(|q| q.order_by_asc("t")).order, OrderSource::Passes);
    assert_eq!(explain(|q| q.equal_to("n", f64::NAN)).access, AccessPath::Nothing);
    assert_eq!(explain(|q| q.greater_than("n", 5).and().less_than("n", 5)).access, AccessPath::Nothing);
    // A suggestion is a hint: it beats the prefix here, and one that no index has is nothing.
    assert!(matches!(
        explain(|q| q.greater_than("n", 5).prefix_key("k").set_suggest_index("$.n")).access,
        AccessPath::Index { .. }
    ));
    assert_eq!(explain(|q| q.is_null("t").set_suggest_index("t")).access, AccessPath::FullScan);
}

#[test]
fn sync_takes_a_query_that_makes_sense() {
    let place = Place::new();
    let store = stocked(&place);
    let sync =
        |query: &Query| code(store.sync_by_query(vec!["x".to_owned()], query, SyncMode::PushPull, None).map(|()| 0));
    assert!(
        store.sync_by_query(vec!["x".to_owned()], &query(|q| q.equal_to("n", 1)), SyncMode::PullOnly, None).is_ok()
    );
    assert_eq!(sync(&query(|q| q.equal_to("none", 1))), FIELD);
    assert_eq!(sync(&query(|q| q.and())), FORMAT);
    // Its text would be too long: never is it made a synchronisation of everything.
    assert_eq!(sync(&query(|q| q.prefix_key("p".repeat(512_000)))), INVALID_ARGUMENT);
}
