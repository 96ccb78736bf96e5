//! Random documents and queries, and the plain evaluation of a query: every entry, one after the other.
#![allow(dead_code, reason = "each test binary takes what it needs")]

use std::cmp::Ordering;
use std::collections::BTreeMap;

use dkv::{Numbers, Operand, Query};
use serde_json::{Map, Value as Json, json};

use crate::common::Random;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Bool,
    Integer,
    Long,
    Double,
    Text,
}

/// A value as SQL would have it.
#[derive(Debug, Clone)]
enum Plain {
    Null,
    Whole(i64),
    Real(f64),
    Text(String),
}

/// A test of one field: its path, its kind, and what is asked.
#[derive(Debug, Clone)]
struct Leaf {
    path: String,
    kind: Kind,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    Compare(u8, Operand),
    In(Vec<Operand>, bool),
    Null(bool),
    Like(String, bool),
}

#[derive(Debug, Clone)]
enum Term {
    Leaf(Leaf),
    Group(Vec<(bool, Term)>),
}

/// A random query, as the store gets it and as it is evaluated here.
pub struct Asked {
    pub query: Query,
    /// Terms, each with whether OR stands before it.
    condition: Vec<(bool, Term)>,
    prefix: Option<String>,
    order: Vec<(String, Kind, bool)>,
    limit: Option<(usize, usize)>,
}

const PATHS: &[&str] = &["a", "b", "o.c", "o.d", "e", "o.p.f"];

pub fn kinds(random: &mut Random) -> Vec<(String, Kind)> {
    let all = [Kind::Bool, Kind::Integer, Kind::Long, Kind::Double, Kind::Text, Kind::Text];
    let count = 2 + random.below(PATHS.len() - 1);
    PATHS[..count].iter().map(|path| ((*path).to_owned(), *random.pick(&all))).collect()
}

pub fn define(kinds: &[(String, Kind)]) -> String {
    let mut root = Map::new();
    for (path, kind) in kinds {
        let word = match kind {
            Kind::Bool => "BOOL",
            Kind::Integer => "INTEGER",
            Kind::Long => "LONG",
            Kind::Double => "DOUBLE",
            Kind::Text => "STRING",
        };
        set(&mut root, path, json!(word));
    }
    Json::Object(root).to_string()
}

/// None, some, or all paths, now and then two in one index.
pub fn indexes(kinds: &[(String, Kind)], random: &mut Random) -> String {
    let mut indexes = Vec::new();
    for (place, (path, _)) in kinds.iter().enumerate() {
        match random.below(4) {
            0 => {}
            1 if place + 1 < kinds.len() => {
                indexes.push(json!([format!("$.{path}"), format!("$.{}", kinds[place + 1].0)]))
            }
            _ => indexes.push(json!(format!("$.{path}"))),
        }
    }
    if random.one_in(4) {
        indexes.clear();
    }
    Json::Array(indexes).to_string()
}

fn set(object: &mut Map<String, Json>, path: &str, value: Json) {
    match path.split_once('.') {
        None => drop(object.insert(path.to_owned(), value)),
        Some((first, rest)) => {
            let inner = object.entry(first).or_insert_with(|| json!({}));
            set(inner.as_object_mut().unwrap(), rest, value);
        }
    }
}

pub fn key(random: &mut Random) -> String {
    format!("{}{}", random.pick(&["a", "ab", "b", "é", "k/"]), random.below(60))
}

pub fn documents(random: &mut Random, kinds: &[(String, Kind)]) -> String {
    let mut root = Map::new();
    for (path, kind) in kinds {
        if random.one_in(6) {
            continue;
        }
        let value = if random.one_in(8) {
            Json::Null
        } else {
            match kind {
                Kind::Bool => json!(random.one_in(2)),
                Kind::Integer => json!(whole(random) as i32),
                Kind::Long => json!(whole(random)),
                Kind::Double if random.one_in(3) => json!(whole(random)),
                Kind::Double => json!(random.pick(REALS).0),
                Kind::Text => json!(text(random)),
            }
        };
        set(&mut root, path, value);
    }
    if random.one_in(5) {
        root.insert("undeclared".to_owned(), json!([1, {"a": 2}]));
    }
    Json::Object(root).to_string()
}

/// Reals with their texts.
const REALS: &[(f64, &str)] = &[
    (0.5, "0.5"),
    (5.0, "5.0"),
    (-2.25, "-2.25"),
    (0.0, "0.0"),
    (3.0, "3.0"),
    (1e15, "1.0e+15"),
    (0.00001, "1.0e-05"),
    (9_007_199_254_740_992.0, "9.00719925474099e+15"),
];

fn whole(random: &mut Random) -> i64 {
    match random.below(10) {
        0 => *random.pick(&[i64::MAX, i64::MIN, (1 << 53) + 1, 1 << 53, -(1 << 53) - 1, i64::from(i32::MIN)]),
        _ => random.below(10) as i64 - 3,
    }
}

fn text(random: &mut Random) -> String {
    let long = "x".repeat(256);
    match random.below(8) {
        0 => format!("{long}{}", random.pick(&["", "a", "b", "bb", "é"])),
        1 => "x".repeat(255 + random.below(3)),
        2 => random.pick(&["5", "5.0", "0", "1", "-2", "", "\0", "a\0b", "%", "_"]).to_string(),
        _ => (0..random.below(4)).map(|_| *random.pick(&["a", "A", "b", "é", "É", "_"])).collect(),
    }
}

fn pattern(random: &mut Random) -> String {
    (0..random.below(5)).map(|_| *random.pick(&["a", "A", "b", "é", "_", "%", "x", "5", "."])).collect()
}

fn number(random: &mut Random) -> Operand {
    match random.below(3) {
        0 => Operand::from(whole(random) as i32),
        1 => Operand::from(whole(random)),
        _ if random.one_in(10) => Operand::from(*random.pick(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0])),
        _ => Operand::from(random.pick(REALS).0),
    }
}

fn operand(random: &mut Random) -> Operand {
    match random.below(6) {
        0 => Operand::from(random.one_in(2)),
        1 | 2 => Operand::from(match random.below(3) {
            0 => (*random.pick(&["5", " 5.0 ", "abc", "1e0", "3", "-2", "0x1", "+1"])).to_owned(),
            _ => text(random),
        }),
        _ => number(random),
    }
}

pub fn ask(random: &mut Random, kinds: &[(String, Kind)]) -> Asked {
    let mut query = Query::new();
    let prefix = random.one_in(3).then(|| random.pick(&["a", "ab", "k/", " a ", "none", "é"]).to_string());
    let condition = if random.one_in(6) { Vec::new() } else { condition(random, kinds, 0) };
    write(&condition, &mut query);
    let mut order = Vec::new();
    for _ in 0..[0, 0, 1, 1, 2][random.below(5)] {
        let (path, kind) = random.pick(kinds).clone();
        if kind != Kind::Bool {
            let descending = random.one_in(2);
            if descending {
                query.order_by_desc(path.as_str())
            } else {
                query.order_by_asc(path.as_str())
            };
            order.push((path, kind, descending));
        }
    }
    let limit = random.one_in(3).then(|| (random.below(12), random.below(6)));
    if let Some((total, offset)) = limit {
        query.limit(total as i32, offset as i32);
    }
    if random.one_in(4) {
        query.set_suggest_index(random.pick(kinds).0.as_str());
    }
    if let Some(prefix) = &prefix {
        query.prefix_key(prefix.as_str());
    }
    Asked { query, condition, prefix: prefix.map(|prefix| prefix.trim().to_owned()), order, limit }
}

fn condition(random: &mut Random, kinds: &[(String, Kind)], depth: usize) -> Vec<(bool, Term)> {
    let count = [1, 1, 2, 2, 3, 4][random.below(6)];
    (0..count)
        .map(|_| {
            let term = if depth < 2 && random.one_in(5) {
                Term::Group(condition(random, kinds, depth + 1))
            } else {
                let (path, kind) = random.pick(kinds).clone();
                Term::Leaf(Leaf { test: test(random, kind), path, kind })
            };
            (random.one_in(3), term)
        })
        .collect()
}

fn test(random: &mut Random, kind: Kind) -> Test {
    let comparisons = if kind == Kind::Bool { 2 } else { 6 };
    // Mostly operands of the field's own kind, so that something is selected.
    let fitting = |random: &mut Random| match kind {
        _ if random.one_in(3) => operand(random),
        Kind::Text => Operand::from(text(random)),
        Kind::Bool => Operand::from(random.one_in(2)),
        _ => number(random),
    };
    match random.below(10) {
        0 => Test::Null(random.one_in(2)),
        1 => Test::Like(pattern(random), random.one_in(3)),
        2 if kind == Kind::Text || random.one_in(4) => {
            Test::In((0..=random.below(4)).map(|_| Operand::from(text(random))).collect(), random.one_in(3))
        }
        2 | 3 => {
            let doubles = random.one_in(2);
            let one = |random: &mut Random| {
                if doubles { Operand::from(random.pick(REALS).0) } else { Operand::from(whole(random)) }
            };
            Test::In((0..=random.below(4)).map(|_| one(random)).collect(), random.one_in(3))
        }
        4 | 5 => Test::Compare(0, fitting(random)),
        _ => Test::Compare(random.below(comparisons) as u8, fitting(random)),
    }
}

fn write(condition: &[(bool, Term)], query: &mut Query) {
    for (place, (is_or, term)) in condition.iter().enumerate() {
        match (place, is_or) {
            (0, _) => &mut *query,
            (_, true) => query.or(),
            (_, false) => query.and(),
        };
        match term {
            Term::Group(inner) => {
                query.begin_group();
                write(inner, query);
                query.end_group();
            }
            Term::Leaf(leaf) => write_leaf(leaf, query),
        }
    }
}

fn write_leaf(leaf: &Leaf, query: &mut Query) {
    let field = format!("$.{}", leaf.path);
    match &leaf.test {
        Test::Compare(how, operand) => match how {
            0 => query.equal_to(field, operand.clone()),
            1 => query.not_equal_to(field, operand.clone()),
            2 => query.greater_than(field, operand.clone()),
            3 => query.less_than(field, operand.clone()),
            4 => query.greater_than_or_equal_to(field, operand.clone()),
            _ => query.less_than_or_equal_to(field, operand.clone()),
        },
        Test::Null(negated) => {
            if *negated {
                query.is_not_null(field)
            } else {
                query.is_null(field)
            }
        }
        Test::Like(pattern, negated) => {
            if *negated {
                query.unlike(field, pattern.as_str())
            } else {
                query.like(field, pattern.as_str())
            }
        }
        Test::In(operands, negated) => {
            let texts: Vec<String> = operands.iter().filter_map(text_of).collect();
            if texts.len() == operands.len() {
                if *negated { query.not_in_string(field, texts) } else { query.in_string(field, texts) }
            } else {
                let numbers = numbers(operands);
                if *negated { query.not_in_number(field, numbers) } else { query.in_number(field, numbers) }
            }
        }
    };
}

fn text_of(operand: &Operand) -> Option<String> {
    if let Operand::String(text) = operand { Some(text.clone()) } else { None }
}

fn numbers(operands: &[Operand]) -> Numbers {
    let longs = |operand: &Operand| if let Operand::Long(number) = operand { Some(*number) } else { None };
    let doubles = |operand: &Operand| if let Operand::Double(number) = operand { Some(*number) } else { None };
    match operands.iter().map(longs).collect::<Option<Vec<i64>>>() {
        Some(longs) => longs.into(),
        None => operands.iter().filter_map(doubles).collect::<Vec<f64>>().into(),
    }
}

impl Asked {
    pub fn is_countable(&self) -> bool {
        self.order.is_empty() && self.limit.is_none()
    }

    /// The keys of the entries that the query selects, in its order.
    pub fn answer(&self, entries: &BTreeMap<String, String>) -> Vec<String> {
        let mut selected: Vec<(&String, Json)> = entries
            .iter()
            .filter(|(key, _)| self.prefix.as_ref().is_none_or(|prefix| key.starts_with(prefix.as_str())))
            .map(|(key, document)| (key, serde_json::from_str(document).unwrap()))
            .filter(|(_, document)| self.condition.is_empty() || joined(&self.condition, document) == Some(true))
            .collect();
        selected.sort_by(|(left_key, left), (right_key, right)| {
            for (path, kind, descending) in &self.order {
                let order = sorted(&field(left, path, *kind), &field(right, path, *kind));
                let order = if *descending { order.reverse() } else { order };
                if order.is_ne() {
                    return order;
                }
            }
            left_key.as_bytes().cmp(right_key.as_bytes())
        });
        let (total, offset) = self.limit.unwrap_or((usize::MAX, 0));
        selected.into_iter().skip(offset).take(total).map(|(key, _)| key.clone()).collect()
    }
}

/// Alternatives between OR, each of terms between AND.
fn joined(condition: &[(bool, Term)], document: &Json) -> Option<bool> {
    let mut alternatives: Vec<Option<bool>> = Vec::new();
    for (place, (is_or, term)) in condition.iter().enumerate() {
        let holds = match term {
            Term::Leaf(leaf) => leaf.holds(document),
            Term::Group(inner) => joined(inner, document),
        };
        if place == 0 || *is_or {
            alternatives.push(holds);
        } else if let Some(last) = alternatives.last_mut() {
            *last = match (*last, holds) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
        }
    }
    if alternatives.contains(&Some(true)) {
        Some(true)
    } else if alternatives.contains(&None) {
        None
    } else {
        Some(false)
    }
}

fn field(document: &Json, path: &str, kind: Kind) -> Plain {
    let mut at = document;
    for name in path.split('.') {
        match at.get(name) {
            Some(inner) => at = inner,
            None => return Plain::Null,
        }
    }
    match (kind, at) {
        (Kind::Bool, Json::Bool(flag)) => Plain::Whole((*flag).into()),
        (Kind::Text, Json::String(text)) => Plain::Text(text.clone()),
        (Kind::Double, Json::Number(number)) => Plain::Real(number.as_f64().unwrap()),
        (Kind::Integer | Kind::Long, Json::Number(number)) => Plain::Whole(number.as_i64().unwrap()),
        _ => Plain::Null,
    }
}

impl Leaf {
    fn holds(&self, document: &Json) -> Option<bool> {
        let field = field(document, &self.path, self.kind);
        let is_null = matches!(field, Plain::Null);
        match &self.test {
            Test::Null(negated) => Some(is_null != *negated),
            _ if is_null => None,
            Test::Compare(how, operand) => {
                let order = compared(&field, &self.operand(operand))?;
                Some(match how {
                    0 => order.is_eq(),
                    1 => order.is_ne(),
                    2 => order.is_gt(),
                    3 => order.is_lt(),
                    4 => order.is_ge(),
                    _ => order.is_le(),
                })
            }
            Test::In(operands, negated) => {
                let equal = operands.iter().any(|one| compared(&field, &self.operand(one)) == Some(Ordering::Equal));
                Some(equal != *negated)
            }
            Test::Like(pattern, negated) => {
                let text = match &field {
                    Plain::Null => return None,
                    Plain::Whole(number) => number.to_string(),
                    Plain::Real(number) => real_text(*number),
                    Plain::Text(text) => text.clone(),
                };
                let pattern: Vec<char> = pattern.chars().collect();
                Some(like(&pattern, &text.chars().collect::<Vec<_>>()) != *negated)
            }
        }
    }

    /// The operand as it is compared with the field.
    fn operand(&self, operand: &Operand) -> Plain {
        let plain = match operand {
            Operand::Bool(flag) => Plain::Whole((*flag).into()),
            Operand::Integer(number) => Plain::Whole((*number).into()),
            Operand::Long(number) => Plain::Whole(*number),
            Operand::Double(number) if number.is_nan() => Plain::Null,
            Operand::Double(number) => Plain::Real(*number),
            Operand::String(text) => Plain::Text(text.clone()),
            other => panic!("{other:?} is new"),
        };
        match (self.kind, plain) {
            (Kind::Text, Plain::Whole(number)) => Plain::Text(number.to_string()),
            (Kind::Text, Plain::Real(number)) => Plain::Text(real_text(number)),
            (Kind::Text, plain) => plain,
            (_, Plain::Text(text)) => match text.trim() {
                "0" => Plain::Whole(0),
                "1" | "+1" => Plain::Whole(1),
                "3" => Plain::Whole(3),
                "5" => Plain::Whole(5),
                "-2" => Plain::Whole(-2),
                "5.0" => Plain::Real(5.0),
                "1e0" => Plain::Real(1.0),
                _ => Plain::Text(text),
            },
            (_, plain) => plain,
        }
    }
}

/// The text of a real: from the table, or a whole number with its fraction.
fn real_text(number: f64) -> String {
    if let Some((_, text)) = REALS.iter().find(|(real, _)| *real == number) {
        return (*text).to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Inf".to_owned() } else { "-Inf".to_owned() };
    }
    if number.abs() < 1e15 && number.fract() == 0.0 {
        return format!("{number:.1}");
    }
    // 15 digits, as the engine of the reference prints them.
    let text = format!("{number:.14e}");
    let (mantissa, exponent) = text.split_once('e').unwrap();
    let exponent: i32 = exponent.parse().unwrap();
    let (head, digits) = mantissa.split_once('.').unwrap();
    let digits = digits.trim_end_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    assert!(exponent >= 15, "{number} has no text here");
    format!("{head}.{digits}e+{exponent:02}")
}

fn compared(left: &Plain, right: &Plain) -> Option<Ordering> {
    match (left, right) {
        (Plain::Null, _) | (_, Plain::Null) => None,
        _ => Some(sorted(left, right)),
    }
}

fn sorted(left: &Plain, right: &Plain) -> Ordering {
    match (left, right) {
        (Plain::Whole(left), Plain::Whole(right)) => left.cmp(right),
        (Plain::Real(left), Plain::Real(right)) => left.partial_cmp(right).unwrap(),
        (Plain::Whole(left), Plain::Real(right)) => mixed(*left, *right),
        (Plain::Real(left), Plain::Whole(right)) => mixed(*right, *left).reverse(),
        (Plain::Text(left), Plain::Text(right)) => left.as_bytes().cmp(right.as_bytes()),
        _ => rank(left).cmp(&rank(right)),
    }
}

fn rank(value: &Plain) -> u8 {
    match value {
        Plain::Null => 0,
        Plain::Whole(_) | Plain::Real(_) => 1,
        Plain::Text(_) => 2,
    }
}

/// Exactly: as integers where the real is one of a size that an `i128` has, and otherwise by size.
fn mixed(whole: i64, real: f64) -> Ordering {
    if real.is_infinite() || real.abs() > 1e30 {
        return 0.0.partial_cmp(&real).unwrap();
    }
    let floor = real.floor();
    (i128::from(whole)).cmp(&(floor as i128)).then(if real > floor { Ordering::Less } else { Ordering::Equal })
}

fn like(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('%', rest)) => (0..=text.len()).any(|skipped| like(rest, &text[skipped..])),
        Some((one, rest)) => text
            .split_first()
            .is_some_and(|(first, behind)| (*one == '_' || one.eq_ignore_ascii_case(first)) && like(rest, behind)),
    }
}
