//! What the fuzzers of `fuzz/` hold of schemas, queries, documents and records, whatever bytes they are given. A failure panics.
//!
//! The committed corpus is replayed by a test of this file, so that what was found once stays found.

use std::ops::RangeBounds;

use serde_json::Value as Json;

use crate::model::{FieldPath, FieldType, FieldValue, IndexDefinition, ValueType};
use crate::query::{self, Comparison, Node, Operand, Query};
use crate::schema::{CheckedText, Schema};
use crate::storage::fuzzed::{self as storage, Payload};

const DOCUMENT_SCHEMAS: &[&str] = &[
    r#"{"SCHEMA_VERSION":"1.0","SCHEMA_MODE":"STRICT","SCHEMA_DEFINE":{"a":"LONG, NOT NULL, DEFAULT 7","o":{"s":"STRING, DEFAULT ''","d":"DOUBLE"}},"SCHEMA_INDEXES":["$.a","$.o.s"]}"#,
    r#"{"SCHEMA_VERSION":"1.0","SCHEMA_MODE":"COMPATIBLE","SCHEMA_DEFINE":{"a":"INTEGER","b":"BOOL, DEFAULT true","l":[],"p":{}},"SCHEMA_INDEXES":["$.b"],"SCHEMA_SKIPSIZE":2}"#,
];

/// The text of a schema: one that is accepted says the same when it is written again.
///
/// # Panics
///
/// If it does not.
pub fn schema(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(schema) = Schema::parse(text) else { return };
    let again = Schema::parse(&schema.to_json());
    assert_eq!(again.ok().as_ref(), Some(&schema), "a schema changes when it is written");
    let _ = schema.check(text);
}

/// A value: what a schema has amended fits, and has index rows.
///
/// # Panics
///
/// If not.
pub fn document(bytes: &[u8]) {
    let Some((first, text)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let schema = DOCUMENT_SCHEMAS.get(usize::from(*first) % DOCUMENT_SCHEMAS.len());
    let Some(Ok(schema)) = schema.map(|schema| Schema::parse(schema)) else {
        panic!("the fuzzer's own schemas are valid");
    };
    let Ok(checked) = schema.check(text) else { return };
    let stored = match checked {
        CheckedText::Fits => text.to_owned(),
        CheckedText::Amended(amended) => amended,
    };
    assert!(matches!(schema.check(&stored), Ok(CheckedText::Fits)), "what was amended does not fit");
    let mut rows = Vec::new();
    schema.indexing().rows(b"key", &stored, &mut rows);
    assert_eq!(rows.len(), schema.indexing().indexes.len(), "an entry that fits has a row in each index");
}

/// Calls on a builder and a document: the plan leaves nothing out that the condition selects, and where it says that it
/// is exact, nothing else in.
///
/// # Panics
///
/// If it does.
pub fn query(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let document = bytes.document();
    let mut query = Query::new();
    while let Some(node) = bytes.node() {
        // What is refused is not added.
        let _ = query.add(node);
    }
    let _ = query.sql_like();
    let fields = fields();
    let types = |path: &FieldPath| fields.iter().find(|(known, _)| known == path).map(|(_, field_type)| *field_type);
    let Ok(compiled) = query::compile(&query, Some(&types)) else { return };
    let indexes: Vec<_> = fields.iter().map(|field| IndexDefinition { paths: vec![field.clone()] }).collect();
    let plan = query::plan(&compiled, &indexes);
    let explanation = query::Explanation::new(&compiled, &plan, &indexes).to_string();
    let values: Vec<_> =
        compiled.fields.iter().map(|(path, field_type)| FieldValue::extract(&document, path, *field_type)).collect();
    let holds = compiled.condition.as_ref().is_none_or(|condition| condition.holds(&values) == Some(true));
    for index in 0..fields.len() {
        agree(&compiled, &indexes[index..=index], &document, holds);
    }
    let looked_at = looked_at(&plan, &indexes, &document);
    assert!(looked_at || !holds, "the plan leaves out what is selected: {explanation}");
    assert!(!plan.exact || looked_at == holds, "the plan is not exact: {explanation}");
}

/// As above, with one index alone.
fn agree(compiled: &query::Compiled, indexes: &[IndexDefinition], document: &Json, holds: bool) {
    let plan = query::plan(compiled, indexes);
    let looked_at = looked_at(&plan, indexes, document);
    assert!(looked_at || !holds, "the plan leaves out what is selected: {plan:?}");
    assert!(!plan.exact || looked_at == holds, "the plan is not exact: {plan:?}");
}

/// True if the plan looks at the document, of which only the bytes of an index row are known.
fn looked_at(plan: &query::Plan, indexes: &[IndexDefinition], document: &Json) -> bool {
    match &plan.access {
        query::Access::Nothing => false,
        query::Access::Keys => true,
        query::Access::Index { number, spans, .. } => {
            let Some((path, field_type)) = indexes.get(*number).and_then(|index| index.paths.first()) else {
                return false;
            };
            let mut row = Vec::new();
            FieldValue::extract(document, path, *field_type).encode(&mut row);
            crate::store::encoded_spans(spans).iter().any(|span| span.contains(&row))
        }
    }
}

/// The bytes of a record: one that is taken apart has a value of its type or is damage, and keeps its head under another
/// value.
///
/// # Panics
///
/// If not.
pub fn record(bytes: &[u8]) {
    const TEXT: &str = "another value";
    let Ok(record) = storage::decode_record(bytes) else { return };
    assert_eq!(storage::is_tombstone(bytes).ok(), Some(record.tombstone), "both readers say the same");
    if let Payload::Inline(payload) = record.payload {
        // Whatever it says: it says something.
        let _ = storage::decode_value(record.value_type, payload);
    }
    let mut again = Vec::new();
    storage::encode_amended(&mut again, &record, TEXT, None);
    let Ok(amended) = storage::decode_record(&again) else { panic!("an amended record is one") };
    assert_eq!(amended.payload, Payload::Inline(TEXT.as_bytes()));
    assert_eq!((amended.tombstone, amended.origin), (record.tombstone, record.origin));
    assert_eq!(amended.value_type, ValueType::String);
}

fn fields() -> Vec<(FieldPath, FieldType)> {
    let kinds = [
        ("a", FieldType::Long),
        ("b", FieldType::Bool),
        ("s", FieldType::String),
        ("d", FieldType::Double),
        ("o.i", FieldType::Integer),
    ];
    kinds.into_iter().filter_map(|(path, kind)| Some((FieldPath::parse(path)?, kind))).collect()
}

const NAMES: &[&str] = &["a", "b", "s", "d", "o.i", "$.a", " s ", "none", "o", "a..b", "", "x^"];

/// Bytes that decide what is built.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<i64> {
        let byte = self.next()?;
        Some(match byte {
            0..=199 => i64::from(byte) % 16 - 4,
            200..=209 => i64::MAX - i64::from(byte - 200),
            210..=219 => i64::MIN + i64::from(byte - 210),
            _ => (1 << 53) + i64::from(byte) - 240,
        })
    }

    fn real(&mut self) -> Option<f64> {
        let byte = self.next()?;
        Some(match byte % 8 {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => f64::NEG_INFINITY,
            3 => -0.0,
            4 => 0.5 * f64::from(byte / 8),
            5 => -f64::from(byte),
            _ => self.number()? as f64,
        })
    }

    fn text(&mut self) -> Option<String> {
        let byte = self.next()?;
        if byte >= 250 {
            // As long as an index row has, or one more or less.
            return Some("x".repeat(usize::from(byte) + 3) + &"y".repeat(usize::from(self.next()? % 3)));
        }
        const LETTERS: &[&str] = &["a", "A", "b", "%", "_", "é", "\0", "5", ".", "1", " ", "^", "e"];
        let letters = (0..byte % 5).map(|_| Some(*LETTERS.get(usize::from(self.next()?) % LETTERS.len())?));
        letters.collect()
    }

    fn operand(&mut self) -> Option<Operand> {
        Some(match self.next()? % 5 {
            0 => Operand::Bool(self.next()? % 2 == 0),
            1 => Operand::Integer(self.number()? as i32),
            2 => Operand::Long(self.number()?),
            3 => Operand::Double(self.real()?),
            _ => Operand::String(self.text()?),
        })
    }

    fn node(&mut self) -> Option<Node> {
        let kind = self.next()?;
        let mut field = || Some((*NAMES.get(usize::from(self.next()?) % NAMES.len())?).to_owned());
        Some(match kind % 16 {
            0..=4 => {
                let field = field()?;
                const ALL: [Comparison; 6] = [
                    Comparison::Equal,
                    Comparison::NotEqual,
                    Comparison::Greater,
                    Comparison::Less,
                    Comparison::GreaterOrEqual,
                    Comparison::LessOrEqual,
                ];
                let how = *ALL.get(usize::from(self.next()?) % ALL.len())?;
                Node::Compare { how, field, operand: self.operand()? }
            }
            5 => Node::Null { field: field()?, negated: kind >= 128 },
            6 => {
                let field = field()?;
                let count = self.next()? % 5;
                let operands = (0..count).map(|_| self.operand()).collect::<Option<_>>()?;
                Node::In { field, operands, negated: kind >= 128 }
            }
            7 => Node::Like { field: field()?, pattern: self.text()?, negated: kind >= 128 },
            8 | 9 => Node::And,
            10 => Node::Or,
            11 => Node::BeginGroup,
            12 => Node::EndGroup,
            13 => Node::OrderBy { field: field()?, descending: kind >= 128 },
            14 => Node::Limit { total: i32::from(kind), offset: self.number()? as i32 },
            _ if kind < 100 => Node::SuggestIndex(field()?),
            _ if kind < 200 => Node::KeyPrefix(self.text()?),
            _ => Node::DeviceId(self.text()?),
        })
    }

    fn document(&mut self) -> Json {
        let mut document = serde_json::Map::new();
        let present = self.next().unwrap_or(0);
        let mut set = |place: u8, name: &str, value: Option<Json>| {
            if present >> place & 1 == 1 {
                document.insert(name.to_owned(), value.unwrap_or(Json::Null));
            }
        };
        set(0, "a", self.number().map(Json::from));
        set(1, "b", self.next().map(|byte| Json::from(byte % 2 == 0)));
        set(2, "s", self.text().map(Json::from));
        set(3, "d", self.real().map(Json::from));
        set(4, "o", self.number().map(|number| serde_json::json!({ "i": number as i32 })));
        Json::Object(document)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    fn replay(target: &str, run: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
        let mut inputs = 0;
        for input in folder.read_dir().unwrap() {
            run(&std::fs::read(input.unwrap().path()).unwrap());
            inputs += 1;
        }
        assert!(inputs >= 3, "{target} has a corpus");
    }

    #[test]
    fn the_committed_schemas_are_read_alike_twice() {
        replay("schema", super::schema);
    }

    #[test]
    fn the_committed_documents_fit_or_are_refused() {
        replay("document", super::document);
    }

    #[test]
    fn the_committed_queries_are_answered_as_planned() {
        replay("query", super::query);
    }

    #[test]
    fn the_committed_records_are_taken_apart_or_refused() {
        replay("record", super::record);
    }

    /// The fuzzer's own search, without its feedback: seeded bytes of all lengths.
    #[test]
    fn random_queries_are_answered_as_planned() {
        let mut state = 0x9e37_79b9_7f4a_7c15u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for _ in 0..20_000 {
            let length = next() % 60;
            super::query(&(0..length).map(|_| next() as u8).collect::<Vec<u8>>());
        }
    }
}
