//! From the calls on a builder to what can be planned and evaluated, with the checks of `query_device_sync.md` 1.4,
//! 1.5 and 1.8 in their order.

use super::builder::Query;
use super::condition::{Condition, Test, operand_for};
use super::like::Pattern;
use super::node::{Node, Operand};
use super::tree;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{
    FIELD_DEPTH_MAX, FIELD_NAME_BYTES_MAX, QUERY_CONDITION_BYTES_MAX, QUERY_IN_VALUES_MAX, QUERY_NODES_MAX,
    QUERY_OPERAND_BYTES_MAX,
};
use crate::model::{FieldPath, FieldType, trim};

/// Gives the type of a field that a query may name, and `None` for any other one.
pub type FieldTypes<'a> = &'a dyn Fn(&FieldPath) -> Option<FieldType>;

/// A query whose calls make sense for a store.
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    /// Keys must begin with this, which is trimmed and perhaps longer than a key can be.
    pub prefix: Option<String>,
    /// The device, if one was named.
    pub device_id: Option<String>,
    /// What must hold, unless everything is selected.
    pub condition: Option<Condition>,
    /// The order, most important first; behind it, that of the keys.
    pub order: Vec<Order>,
    /// How many entries of the ordered answer are wanted.
    pub limit: Option<Limit>,
    /// The fields that the condition and the order name, each once.
    pub fields: Vec<(FieldPath, FieldType)>,
    /// The index that the caller thinks of.
    pub suggested: Option<FieldPath>,
}

/// A field to sort by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Its place in the list of fields.
    pub field: usize,
    /// The largest first.
    pub descending: bool,
}

/// A part of the ordered answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// So many are skipped.
    pub offset: u64,
    /// At most so many are taken.
    pub total: u64,
}

impl Compiled {
    /// Refuses a query that is no selection to count: with an order or a limit (`query_device_sync.md` 1.8, R9).
    ///
    /// # Errors
    ///
    /// `InvalidQueryFormat` (27459609).
    pub fn check_countable(&self) -> Result<()> {
        if self.order.is_empty() && self.limit.is_none() {
            return Ok(());
        }
        Err(format_error("getResultSize takes no sort order and no limit. Leave them out."))
    }

    /// The value of each field that the query names, by what `value` finds.
    #[must_use]
    pub fn names_fields(&self) -> bool {
        !self.fields.is_empty()
    }
}

/// Checks a query. `types` is missing for a store without a schema, and for one that was opened without its own.
///
/// # Errors
///
/// `InvalidArgument` (401) for a call whose arguments were refused; `InvalidQueryFormat` (27459609), `InvalidQueryField`
/// (27459610), `NotSupported` (27459601), `OverLimits` (15100001) as `query_device_sync.md` 1.4 says.
pub fn compile(query: &Query, types: Option<FieldTypes<'_>>) -> Result<Compiled> {
    query.check_arguments()?;
    let nodes = query.nodes();
    check_paths(nodes)?;
    check_count(nodes)?;
    let mut compiling = Compiling { types, fields: Vec::new(), compiled: Compiled::empty() };
    let condition = tree::walk(nodes, &mut |node| compiling.visit(node))?;
    check_limits(nodes)?;
    let Compiling { fields, mut compiled, .. } = compiling;
    compiled.fields = fields;
    compiled.condition = condition;
    Ok(compiled)
}

impl Compiled {
    fn empty() -> Self {
        Self {
            prefix: None,
            device_id: None,
            condition: None,
            order: Vec::new(),
            limit: None,
            fields: Vec::new(),
            suggested: None,
        }
    }
}

struct Compiling<'a> {
    types: Option<FieldTypes<'a>>,
    fields: Vec<(FieldPath, FieldType)>,
    compiled: Compiled,
}

impl Compiling<'_> {
    /// Takes one call; the test that it is, if it is one.
    fn visit(&mut self, node: &Node) -> Result<Option<Condition>> {
        match node {
            Node::KeyPrefix(prefix) => self.compiled.prefix = Some(trim(prefix).to_owned()),
            Node::DeviceId(id) => self.compiled.device_id = Some(id.clone()),
            Node::SuggestIndex(index) => self.compiled.suggested = FieldPath::parse(index),
            Node::Limit { total, offset } => {
                let unsigned = |number: i32| u64::try_from(number).unwrap_or(0);
                self.compiled.limit = Some(Limit { offset: unsigned(*offset), total: unsigned(*total) });
            }
            Node::OrderBy { field, descending } => {
                let (place, field_type) = self.field(field)?;
                if field_type == FieldType::Bool {
                    return Err(format_error(format!("the field {field} is a BOOL, which has no order to sort by.")));
                }
                self.compiled.order.push(Order { field: place, descending: *descending });
            }
            _ => return node.field().map(|name| self.test(node, name)).transpose(),
        }
        Ok(None)
    }

    fn test(&mut self, node: &Node, name: &str) -> Result<Condition> {
        let (field, field_type) = self.field(name)?;
        let test = match node {
            Node::Compare { how, operand, .. } => {
                if how.is_ordering() && field_type == FieldType::Bool {
                    return Err(format_error(format!(
                        "the field {name} is a BOOL, which is equal or not, and no more."
                    )));
                }
                Test::Compare(*how, operand_for(field_type, operand.clone()))
            }
            Node::In { operands, negated, .. } => Test::In {
                values: operands.iter().map(|operand| operand_for(field_type, operand.clone())).collect(),
                negated: *negated,
            },
            Node::Like { pattern, negated, .. } => Test::Like { pattern: Pattern::new(pattern), negated: *negated },
            Node::Null { negated, .. } => Test::Null { negated: *negated },
            _ => return Err(Error::internal("A call of a query was taken for a test. Report this.")),
        };
        Ok(Condition::Test(field, test))
    }

    /// The place and type of a field that the query may name.
    fn field(&mut self, name: &str) -> Result<(usize, FieldType)> {
        let types = self.types.ok_or_else(|| {
            Error::new(
                ErrorKind::NotSupported,
                "Not supported: the store has no schema, or was opened without it. Select by key prefix and limit alone.",
            )
        })?;
        let path = FieldPath::parse(name).ok_or_else(|| bad_path(name))?;
        if let Some(place) = self.fields.iter().position(|(known, _)| *known == path) {
            return Ok((place, self.fields[place].1));
        }
        let field_type = types(&path).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidQueryField,
                format!("Invalid query field: the schema declares no field {path} of a single value."),
            )
        })?;
        self.fields.push((path, field_type));
        Ok((self.fields.len() - 1, field_type))
    }
}

fn check_paths(nodes: &[Node]) -> Result<()> {
    let bad = nodes.iter().filter_map(Node::field).find(|field| FieldPath::parse(field).is_none());
    bad.map_or(Ok(()), |field| Err(bad_path(field)))
}

fn check_count(nodes: &[Node]) -> Result<()> {
    let counted = nodes.iter().filter(|node| node.is_counted()).count();
    if counted > QUERY_NODES_MAX {
        return Err(format_error(format!(
            "it has {counted} predicates and connectives, the limit is {QUERY_NODES_MAX}."
        )));
    }
    Ok(())
}

fn check_limits(nodes: &[Node]) -> Result<()> {
    let over = |message: String| Err(Error::new(ErrorKind::OverLimits, format!("Over max limits. {message}")));
    let mut bytes = 0;
    for node in nodes {
        if let Node::In { operands, .. } = node
            && operands.len() > QUERY_IN_VALUES_MAX
        {
            return over(format!("A list has {} values, the limit is {QUERY_IN_VALUES_MAX}.", operands.len()));
        }
        if let Some(longest) = longest_text(node).filter(|length| *length > QUERY_OPERAND_BYTES_MAX) {
            return over(format!(
                "A text to compare with has {longest} bytes, the limit is {QUERY_OPERAND_BYTES_MAX}."
            ));
        }
        bytes += match node {
            Node::KeyPrefix(_) | Node::DeviceId(_) | Node::SuggestIndex(_) => 0,
            Node::BeginGroup | Node::EndGroup => 1,
            other => other.bytes(),
        };
    }
    if bytes > QUERY_CONDITION_BYTES_MAX {
        return over(format!("The condition has {bytes} bytes, the limit is {QUERY_CONDITION_BYTES_MAX}."));
    }
    Ok(())
}

fn longest_text(node: &Node) -> Option<usize> {
    let length = |operand: &Operand| if let Operand::String(text) = operand { Some(text.len()) } else { None };
    match node {
        Node::Compare { operand, .. } => length(operand),
        Node::In { operands, .. } => operands.iter().filter_map(length).max(),
        Node::Like { pattern, .. } => Some(pattern.len()),
        _ => None,
    }
}

fn bad_path(field: &str) -> Error {
    let shown: String = field.chars().take(FIELD_NAME_BYTES_MAX).collect();
    format_error(format!(
        "the field '{shown}' ({} bytes) is no path. A path has 1 to {FIELD_DEPTH_MAX} names with points between, each of \
         a letter or '_' and letters, digits or '_', {FIELD_NAME_BYTES_MAX} bytes at most.",
        field.len()
    ))
}

/// An ill-formed query; the message goes on with what is wrong.
pub(super) fn format_error(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::InvalidQueryFormat, format!("Invalid query format: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: i32 = 27_459_609;
    const FIELD: i32 = 27_459_610;
    const NOT_SUPPORTED: i32 = 27_459_601;
    const OVER_LIMITS: i32 = 15_100_001;

    fn types(path: &FieldPath) -> Option<FieldType> {
        match path.to_string().as_str() {
            "$.a" | "$.o.a" => Some(FieldType::Long),
            "$.b" => Some(FieldType::Bool),
            "$.s" => Some(FieldType::String),
            _ => None,
        }
    }

    fn outcome(build: impl FnOnce(&mut Query) -> &mut Query, has_schema: bool) -> i32 {
        let mut query = Query::new();
        build(&mut query);
        compile(&query, has_schema.then_some(&types)).map_or_else(|error| error.code(), |_| 0)
    }

    fn void(_: &mut Query) {}

    fn with_schema(build: impl FnOnce(&mut Query) -> &mut Query) -> i32 {
        outcome(build, true)
    }

    #[test]
    fn without_a_schema_only_keys_devices_and_limits_are_selected_by() {
        let bare = |build: fn(&mut Query) -> &mut Query| outcome(build, false);
        assert_eq!(bare(|q| q.prefix_key("p").device_id("d").limit(1, 2).set_suggest_index("i")), 0);
        assert_eq!(bare(|q| q.equal_to("a", 1)), NOT_SUPPORTED);
        assert_eq!(bare(|q| q.in_number("a", [1])), NOT_SUPPORTED);
        assert_eq!(bare(|q| q.in_string("a", ["1"])), NOT_SUPPORTED);
        assert_eq!(bare(|q| q.like("a", "1")), NOT_SUPPORTED);
        assert_eq!(bare(|q| q.is_null("a")), NOT_SUPPORTED);
        assert_eq!(bare(|q| q.is_not_null("a")), NOT_SUPPORTED);
        assert_eq!(bare(|q| q.order_by_asc("a")), NOT_SUPPORTED);
        assert_eq!(bare(|q| q.begin_group().end_group()), FORMAT);
        assert_eq!(bare(|q| q.and()), FORMAT);
        assert_eq!(bare(|q| q.or()), FORMAT);
        assert_eq!(bare(|q| q.begin_group()), FORMAT);
    }

    #[test]
    fn checks_come_in_their_order_and_the_first_call_that_fails_decides() {
        // A path that is none comes before everything, wherever it stands.
        assert_eq!(outcome(|q| q.equal_to("a", 1).equal_to("1x", 1), false), FORMAT);
        assert_eq!(with_schema(|q| q.equal_to("none", 1).and().equal_to("a..b", 1)), FORMAT);
        // So does the number of calls.
        let mut query = Query::new();
        (0..257).for_each(|_| void(query.equal_to("none", 1)));
        assert_eq!(compile(&query, None).unwrap_err().code(), FORMAT);
        // Then node by node.
        assert_eq!(outcome(|q| q.and().equal_to("a", 1), false), FORMAT);
        assert_eq!(outcome(|q| q.equal_to("a", 1).equal_to("a", 1), false), NOT_SUPPORTED);
        assert_eq!(with_schema(|q| q.equal_to("none", 1).equal_to("a", 1)), FIELD);
        assert_eq!(with_schema(|q| q.equal_to("a", 1).equal_to("a", 1).and().equal_to("none", 1)), FORMAT);
        // Limits last.
        assert_eq!(with_schema(|q| q.in_number("a", [1; 129]).and()), FORMAT);
        assert_eq!(with_schema(|q| q.in_number("none", [1; 129])), FIELD);
        // Arguments first of all.
        assert_eq!(with_schema(|q| q.equal_to("1x", 1).in_number("a", Vec::<i32>::new())), 401);
    }

    #[test]
    fn fields_must_be_declared_and_of_a_type_that_fits() {
        assert_eq!(with_schema(|q| q.equal_to(" $.o.a ", 1)), 0);
        assert_eq!(with_schema(|q| q.equal_to("o", 1)), FIELD);
        assert_eq!(with_schema(|q| q.order_by_asc("none")), FIELD);
        for bad in [".a", "a.", "a..b", "1a", "a-b", "a[0]", "a.b.c.d.e", "$a", " ", "é"] {
            assert_eq!(with_schema(|q| q.is_null(bad)), FORMAT, "{bad:?}");
        }
        let long = "n".repeat(65);
        let mut query = Query::new();
        let error = compile(query.is_null(long.as_str()), Some(&types)).unwrap_err();
        assert!(error.message().contains("65 bytes") && error.message().contains("64"), "{error}");
    }

    #[test]
    fn booleans_have_no_order() {
        assert_eq!(with_schema(|q| q.equal_to("b", true)), 0);
        assert_eq!(with_schema(|q| q.not_equal_to("b", true).or().in_number("b", [1]).or().like("b", "1")), 0);
        assert_eq!(with_schema(|q| q.greater_than("b", 0)), FORMAT);
        assert_eq!(with_schema(|q| q.less_than("b", true)), FORMAT);
        assert_eq!(with_schema(|q| q.greater_than_or_equal_to("b", 0)), FORMAT);
        assert_eq!(with_schema(|q| q.less_than_or_equal_to("b", 0)), FORMAT);
        assert_eq!(with_schema(|q| q.order_by_asc("b")), FORMAT);
        assert_eq!(with_schema(|q| q.order_by_desc("b")), FORMAT);
    }

    #[test]
    fn the_grammar_accepts_what_it_should() {
        assert_eq!(with_schema(|q| q), 0);
        assert_eq!(with_schema(|q| q.equal_to("a", 1).prefix_key("p").and().equal_to("a", 1)), 0);
        assert_eq!(with_schema(|q| q.equal_to("a", 1).and().prefix_key("p").equal_to("a", 1)), 0);
        assert_eq!(with_schema(|q| q.order_by_asc("a").order_by_desc("s").limit(1, 1).set_suggest_index("x")), 0);
        assert_eq!(with_schema(|q| q.set_suggest_index("a").prefix_key("p").device_id("d")), 0);
        assert_eq!(with_schema(|q| q.limit(1, 1).prefix_key("p")), 0);
        let grouped = |q: &mut Query, depth: usize| {
            (0..depth).for_each(|_| void(q.begin_group()));
            q.equal_to("a", 1);
            (0..depth).for_each(|_| void(q.end_group()));
            compile(q, Some(&types)).map(|_| ()).map_err(|error| error.code())
        };
        // Groups are no calls that are counted, and their depth costs no stack.
        assert_eq!(grouped(&mut Query::new(), 300_000), Ok(()));
        assert_eq!(grouped(&mut Query::new(), 600_000), Err(OVER_LIMITS));
    }

    #[test]
    fn the_grammar_refuses_what_it_should() {
        let refused: &[fn(&mut Query) -> &mut Query] = &[
            // G1
            |q| q.equal_to("a", 1).equal_to("a", 1),
            // G2
            |q| q.and().equal_to("a", 1),
            |q| q.prefix_key("p").or().equal_to("a", 1),
            |q| q.equal_to("a", 1).and(),
            |q| q.equal_to("a", 1).or(),
            // G3
            |q| q.equal_to("a", 1).and().or().equal_to("a", 1),
            |q| q.equal_to("a", 1).and().order_by_asc("a"),
            |q| q.equal_to("a", 1).and().limit(1, 0),
            |q| q.equal_to("a", 1).order_by_asc("a").and().equal_to("a", 1),
            |q| q.equal_to("a", 1).limit(1, 0).and().equal_to("a", 1),
            |q| q.set_suggest_index("a").and().equal_to("a", 1),
            // G4
            |q| q.begin_group().equal_to("a", 1),
            |q| q.equal_to("a", 1).end_group(),
            |q| q.begin_group().end_group(),
            |q| q.begin_group().end_group().and().equal_to("a", 1),
            |q| q.equal_to("a", 1).begin_group().equal_to("a", 1).end_group(),
            |q| q.begin_group().equal_to("a", 1).end_group().equal_to("a", 1),
            |q| q.begin_group().equal_to("a", 1).end_group().begin_group().equal_to("a", 1).end_group(),
            |q| q.begin_group().equal_to("a", 1).or().end_group(),
            // G5
            |q| q.order_by_asc("a").equal_to("a", 1),
            |q| q.order_by_asc("a").begin_group().equal_to("a", 1).end_group(),
            |q| q.begin_group().equal_to("a", 1).order_by_asc("a").end_group(),
            // G6
            |q| q.limit(1, 0).order_by_asc("a"),
            |q| q.limit(1, 0).equal_to("a", 1),
            |q| q.limit(1, 0).limit(1, 0),
            |q| q.begin_group().equal_to("a", 1).limit(1, 0).end_group(),
            // G7
            |q| q.set_suggest_index("a").equal_to("a", 1),
            |q| q.set_suggest_index("a").limit(1, 0),
            |q| q.set_suggest_index("a").set_suggest_index("a"),
            |q| q.begin_group().equal_to("a", 1).set_suggest_index("a").end_group(),
            // G9
            |q| q.order_by_asc("a").limit(1, 0).order_by_asc("s"),
            // G10
            |q| q.equal_to("a", 1).end_group().or().begin_group().equal_to("a", 1),
            // G11
            |q| q.prefix_key("p").and().equal_to("a", 1),
        ];
        for (place, build) in refused.iter().enumerate() {
            let mut query = Query::new();
            build(&mut query);
            assert_eq!(outcome(build, true), FORMAT, "{place}: {}", query.sql_like());
        }
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let mut query = Query::new();
        query.is_null("a").or().is_null("b").and().is_null("s").or().is_not_null("a");
        let compiled = compile(&query, Some(&types)).unwrap();
        let null = |field, negated| Condition::Test(field, Test::Null { negated });
        let both = Condition::All(vec![null(1, false), null(2, false)]);
        assert_eq!(compiled.condition, Some(Condition::Any(vec![null(0, false), both, null(0, true)])));
        query.reset().begin_group().is_null("a").or().is_null("b").end_group().and().is_null("s");
        let either = Condition::Any(vec![null(0, false), null(1, false)]);
        let compiled = compile(&query, Some(&types)).unwrap();
        assert_eq!(compiled.condition, Some(Condition::All(vec![either, null(2, false)])));
    }

    #[test]
    fn limits_name_themselves_and_the_size() {
        let error = |build: &dyn Fn(&mut Query)| {
            let mut query = Query::new();
            build(&mut query);
            let error = compile(&query, Some(&types)).unwrap_err();
            (error.code(), error.message().to_owned())
        };
        let joined = |q: &mut Query, predicates: usize| {
            for place in 0..predicates {
                if place > 0 {
                    q.and();
                }
                q.equal_to("a", 1);
            }
        };
        let (code, message) = error(&|q| joined(q, 129));
        assert!(code == FORMAT && message.contains("257") && message.contains("256"), "{message}");
        let mut query = Query::new();
        joined(&mut query, 128);
        query.limit(1, 0).set_suggest_index("a");
        assert!(compile(&query, Some(&types)).is_ok());
        let (code, message) = error(&|q| void(q.in_number("a", [1; 129])));
        assert!(code == OVER_LIMITS && message.contains("129") && message.contains("128"), "{message}");
        let (code, message) = error(&|q| void(q.like("s", "x".repeat(50_001))));
        assert!(code == OVER_LIMITS && message.contains("50001") && message.contains("50000"), "{message}");
        let (code, _) = error(&|q| void(q.in_string("s", ["x".repeat(50_001)])));
        assert_eq!(code, OVER_LIMITS);
        let (code, message) = error(&|q| void(q.in_string("s", vec!["x".repeat(50_000); 21])));
        assert!(code == OVER_LIMITS && message.contains("1048576"), "{message}");
    }

    #[test]
    fn the_last_prefix_and_the_last_device_count() {
        let mut query = Query::new();
        query.prefix_key(" a ").device_id("d").prefix_key(" b\t").device_id("e");
        let compiled = compile(&query, None).unwrap();
        assert_eq!((compiled.prefix.as_deref(), compiled.device_id.as_deref()), (Some("b"), Some("e")));
    }

    #[test]
    fn counting_takes_no_order_and_no_limit() {
        let countable = |build: fn(&mut Query) -> &mut Query| {
            let mut query = Query::new();
            compile(build(&mut query), Some(&types)).unwrap().check_countable().map_err(|error| error.code())
        };
        assert_eq!(countable(|q| q.equal_to("a", 1).prefix_key("p").set_suggest_index("a")), Ok(()));
        assert_eq!(countable(|q| q.limit(1, 0)), Err(FORMAT));
        assert_eq!(countable(|q| q.order_by_asc("a")), Err(FORMAT));
    }
}
