//! The builder that callers fill (`query_device_sync.md` 1.1 and 1.2).

use super::node::{Comparison, Node, Operand};
use super::text;
use crate::error::{Error, Result};
use crate::limits::QUERY_BYTES_MAX;

/// A selection of entries by their keys, and in a store with a schema by the fields of their documents.
///
/// Each predicate adds to the query and returns it, so that calls can be chained. Predicates are joined by
/// [`Query::and`] and [`Query::or`], of which AND binds tighter; groups come between [`Query::begin_group`] and
/// [`Query::end_group`]. Behind the condition may come sort orders, then one limit, then one suggested index. Whether the
/// query is well-formed and what it names exists is decided when a store is asked.
///
/// A field is a name or a path, `a.b` or `$.a.b`. As in the reference, **a call whose field, prefix, index or device id
/// is empty or contains a `^` does nothing**, and neither does a limit with a negative number: a query of which nothing
/// is left selects everything.
///
/// A query is copied when it is given to a store: it can be changed and used again at once.
///
/// ```
/// use dkv::Query;
///
/// let mut query = Query::new();
/// query.prefix_key("note/").equal_to("$.done", false).and().greater_than("$.priority", 3).order_by_desc("$.priority");
/// assert_eq!(
///     query.sql_like(),
///     " ^KEY_PREFIX note/ ^EQUAL BOOL $.done false ^AND ^GREATER INTEGER $.priority 3 ^DESC $.priority"
/// );
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    nodes: Vec<Node>,
    /// The first call whose arguments were refused. Asking a store then fails with it.
    refused: Option<Refusal>,
}

/// Why a call was refused. Errors have no equality, their texts have.
#[derive(Debug, Clone, PartialEq)]
struct Refusal(String);

/// The numbers of [`Query::in_number`], all of one type.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Numbers {
    /// INTEGER.
    Integers(Vec<i32>),
    /// LONG.
    Longs(Vec<i64>),
    /// DOUBLE.
    Doubles(Vec<f64>),
}

macro_rules! numbers_from {
    ($($type:ty => $variant:ident),*) => {
        $(impl From<Vec<$type>> for Numbers {
            fn from(numbers: Vec<$type>) -> Self {
                Self::$variant(numbers)
            }
        }
        impl<const N: usize> From<[$type; N]> for Numbers {
            fn from(numbers: [$type; N]) -> Self {
                Self::$variant(numbers.to_vec())
            }
        })*
    };
}
numbers_from!(i32 => Integers, i64 => Longs, f64 => Doubles);

impl From<Numbers> for Vec<Operand> {
    fn from(numbers: Numbers) -> Self {
        match numbers {
            Numbers::Integers(numbers) => numbers.into_iter().map(Operand::Integer).collect(),
            Numbers::Longs(numbers) => numbers.into_iter().map(Operand::Long).collect(),
            Numbers::Doubles(numbers) => numbers.into_iter().map(Operand::Double).collect(),
        }
    }
}

impl Query {
    /// A query that selects everything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only entries whose field equals the operand. An entry without the field is not selected, here and below.
    pub fn equal_to(&mut self, field: impl Into<String>, operand: impl Into<Operand>) -> &mut Self {
        self.compare(Comparison::Equal, field.into(), operand.into())
    }

    /// Only entries whose field differs from the operand.
    pub fn not_equal_to(&mut self, field: impl Into<String>, operand: impl Into<Operand>) -> &mut Self {
        self.compare(Comparison::NotEqual, field.into(), operand.into())
    }

    /// Only entries whose field is greater than the operand. A boolean operand is the integer 1 or 0.
    pub fn greater_than(&mut self, field: impl Into<String>, operand: impl Into<Operand>) -> &mut Self {
        self.compare(Comparison::Greater, field.into(), operand.into())
    }

    /// Only entries whose field is less than the operand.
    pub fn less_than(&mut self, field: impl Into<String>, operand: impl Into<Operand>) -> &mut Self {
        self.compare(Comparison::Less, field.into(), operand.into())
    }

    /// Only entries whose field is greater than the operand or equal to it.
    pub fn greater_than_or_equal_to(&mut self, field: impl Into<String>, operand: impl Into<Operand>) -> &mut Self {
        self.compare(Comparison::GreaterOrEqual, field.into(), operand.into())
    }

    /// Only entries whose field is less than the operand or equal to it.
    pub fn less_than_or_equal_to(&mut self, field: impl Into<String>, operand: impl Into<Operand>) -> &mut Self {
        self.compare(Comparison::LessOrEqual, field.into(), operand.into())
    }

    fn compare(&mut self, how: Comparison, field: String, operand: Operand) -> &mut Self {
        self.note(Node::Compare { how, field, operand })
    }

    /// Only entries that have no value there: the field is missing, null, an array or an object.
    pub fn is_null(&mut self, field: impl Into<String>) -> &mut Self {
        self.note(Node::Null { field: field.into(), negated: false })
    }

    /// Only entries that have a value there.
    pub fn is_not_null(&mut self, field: impl Into<String>) -> &mut Self {
        self.note(Node::Null { field: field.into(), negated: true })
    }

    /// Only entries whose field equals one of 1 to 128 numbers.
    pub fn in_number(&mut self, field: impl Into<String>, numbers: impl Into<Numbers>) -> &mut Self {
        self.note(Node::In { field: field.into(), operands: numbers.into().into(), negated: false })
    }

    /// Only entries whose field equals none of 1 to 128 numbers.
    pub fn not_in_number(&mut self, field: impl Into<String>, numbers: impl Into<Numbers>) -> &mut Self {
        self.note(Node::In { field: field.into(), operands: numbers.into().into(), negated: true })
    }

    /// Only entries whose field equals one of 1 to 128 texts.
    pub fn in_string<T: Into<String>>(
        &mut self,
        field: impl Into<String>,
        texts: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        self.note(Node::In { field: field.into(), operands: strings(texts), negated: false })
    }

    /// Only entries whose field equals none of 1 to 128 texts.
    pub fn not_in_string<T: Into<String>>(
        &mut self,
        field: impl Into<String>,
        texts: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        self.note(Node::In { field: field.into(), operands: strings(texts), negated: true })
    }

    /// Only entries whose field, as a text, fits a pattern: `%` is any run of characters, `_` one character, ASCII letters
    /// fit in either case, nothing escapes. The whole field must fit.
    pub fn like(&mut self, field: impl Into<String>, pattern: impl Into<String>) -> &mut Self {
        self.note(Node::Like { field: field.into(), pattern: pattern.into(), negated: false })
    }

    /// Only entries whose field, as a text, does not fit a pattern.
    pub fn unlike(&mut self, field: impl Into<String>, pattern: impl Into<String>) -> &mut Self {
        self.note(Node::Like { field: field.into(), pattern: pattern.into(), negated: true })
    }

    /// Both the condition before and the one behind.
    pub fn and(&mut self) -> &mut Self {
        self.note(Node::And)
    }

    /// Either the condition before or the one behind, or both.
    pub fn or(&mut self) -> &mut Self {
        self.note(Node::Or)
    }

    /// Begins a group of predicates.
    pub fn begin_group(&mut self) -> &mut Self {
        self.note(Node::BeginGroup)
    }

    /// Ends a group of predicates.
    pub fn end_group(&mut self) -> &mut Self {
        self.note(Node::EndGroup)
    }

    /// Sorts by a field, which is no BOOL: first entries without a value, then numbers, then texts by their bytes.
    /// Several sort one behind the other; entries that are still equal are in the ascending order of their keys.
    pub fn order_by_asc(&mut self, field: impl Into<String>) -> &mut Self {
        self.note(Node::OrderBy { field: field.into(), descending: false })
    }

    /// Sorts by a field, the other way round.
    pub fn order_by_desc(&mut self, field: impl Into<String>) -> &mut Self {
        self.note(Node::OrderBy { field: field.into(), descending: true })
    }

    /// Skips `offset` entries of the ordered answer and takes at most `total`.
    pub fn limit(&mut self, total: i32, offset: i32) -> &mut Self {
        self.note(Node::Limit { total, offset })
    }

    /// Only entries whose key begins with `prefix`, wherever the call stands. The last one counts.
    pub fn prefix_key(&mut self, prefix: impl Into<String>) -> &mut Self {
        self.note(Node::KeyPrefix(prefix.into()))
    }

    /// The index that the caller would use. It never changes an answer.
    pub fn set_suggest_index(&mut self, index: impl Into<String>) -> &mut Self {
        self.note(Node::SuggestIndex(index.into()))
    }

    /// Only entries of this device, in a device store. The last one counts.
    pub fn device_id(&mut self, device_id: impl Into<String>) -> &mut Self {
        self.note(Node::DeviceId(device_id.into()))
    }

    /// Makes the query as it was when new.
    pub fn reset(&mut self) -> &mut Self {
        *self = Self::new();
        self
    }

    /// The query as the reference's text; empty if it is longer than 512,000 bytes. Numbers are rounded to six digits
    /// there, which no selection is.
    #[must_use]
    pub fn sql_like(&self) -> String {
        let text = text::text(&self.nodes);
        if text.len() > QUERY_BYTES_MAX { String::new() } else { text }
    }

    fn note(&mut self, node: Node) -> &mut Self {
        if let Err(error) = self.add(node) {
            self.refused.get_or_insert_with(|| Refusal(error.message().to_owned()));
        }
        self
    }

    /// Adds a call, unless its name makes it one without an effect.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for an empty list, and for U+0000 in a field, an index or a pattern.
    pub(crate) fn add(&mut self, mut node: Node) -> Result<()> {
        check_shape(&node)?;
        if node.name().is_some_and(|name| name.is_empty() || name.contains('^')) {
            return Ok(());
        }
        match &mut node {
            Node::Limit { total, offset } if *total < 0 || *offset < 0 => return Ok(()),
            Node::Compare { how, operand, .. } if how.is_ordering() => {
                if let Operand::Bool(flag) = operand {
                    *operand = Operand::Integer((*flag).into());
                }
            }
            _ => {}
        }
        self.nodes.push(node);
        Ok(())
    }

    /// The calls, in order.
    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Fails if the arguments of a call were refused.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401).
    pub(super) fn check_arguments(&self) -> Result<()> {
        self.refused.as_ref().map_or(Ok(()), |Refusal(message)| Err(Error::invalid_argument(message.clone())))
    }

    /// Bytes that the query holds.
    pub(crate) fn bytes(&self) -> usize {
        self.nodes.iter().map(Node::bytes).sum()
    }

    /// Refuses a query whose text is too long for a synchronisation: shortened, it would select more.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401).
    pub(crate) fn check_text(&self) -> Result<()> {
        let bytes = text::text(&self.nodes).len();
        if bytes > QUERY_BYTES_MAX {
            return Err(Error::invalid_argument(format!(
                "Parameter error: the text of the query has {bytes} bytes, the limit is {QUERY_BYTES_MAX}."
            )));
        }
        Ok(())
    }
}

fn strings<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Vec<Operand> {
    texts.into_iter().map(|text| Operand::String(text.into())).collect()
}

/// Refuses what no argument may be.
fn check_shape(node: &Node) -> Result<()> {
    if matches!(node, Node::In { operands, .. } if operands.is_empty()) {
        return Err(Error::invalid_argument("Parameter error: the list of values is empty. Give at least 1."));
    }
    let index = if let Node::SuggestIndex(index) = node { Some(index.as_str()) } else { None };
    let pattern = if let Node::Like { pattern, .. } = node { Some(pattern.as_str()) } else { None };
    for (what, text) in [("field", node.field()), ("index", index), ("pattern", pattern)] {
        if text.is_some_and(|text| text.contains('\0')) {
            return Err(Error::invalid_argument(format!(
                "Parameter error: the {what} contains U+0000, which no {what} of a query may."
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(build: impl FnOnce(&mut Query) -> &mut Query) -> String {
        let mut query = Query::new();
        build(&mut query).sql_like()
    }

    /// Every row of the table in `query_device_sync.md` 1.3.
    #[test]
    fn the_text_of_every_call_is_that_of_the_reference() {
        assert_eq!(text(|q| q), "");
        assert_eq!(text(|q| q.equal_to("f", 5.0)), " ^EQUAL DOUBLE f 5");
        assert_eq!(text(|q| q.equal_to("f", "v")), " ^EQUAL STRING f v");
        assert_eq!(text(|q| q.equal_to("f", true)), " ^EQUAL BOOL f true");
        assert_eq!(text(|q| q.equal_to("f", false)), " ^EQUAL BOOL f false");
        assert_eq!(text(|q| q.not_equal_to("f", -2.3)), " ^NOT_EQUAL DOUBLE f -2.3");
        assert_eq!(text(|q| q.not_equal_to("f", true)), " ^NOT_EQUAL BOOL f true");
        assert_eq!(text(|q| q.greater_than("f", 7)), " ^GREATER INTEGER f 7");
        assert_eq!(text(|q| q.less_than("f", 7i64)), " ^LESS LONG f 7");
        assert_eq!(text(|q| q.greater_than("f", true)), " ^GREATER INTEGER f 1");
        assert_eq!(text(|q| q.less_than("f", false)), " ^LESS INTEGER f 0");
        assert_eq!(text(|q| q.greater_than_or_equal_to("f", true)), " ^GREATER_EQUAL INTEGER f 1");
        assert_eq!(text(|q| q.less_than_or_equal_to("f", "a b")), " ^LESS_EQUAL STRING f a^^b");
        assert_eq!(text(|q| q.is_null("f")), " ^IS_NULL f");
        assert_eq!(text(|q| q.is_not_null("f")), " ^IS_NOT_NULL f");
        assert_eq!(text(|q| q.in_number("f", [1.0, 2.5])), " ^IN DOUBLE f ^START 1 2.5 ^END");
        assert_eq!(text(|q| q.in_number("f", [1, 2])), " ^IN INTEGER f ^START 1 2 ^END");
        assert_eq!(text(|q| q.not_in_number("f", [i64::MAX])), " ^NOT_IN LONG f ^START 9223372036854775807 ^END");
        assert_eq!(text(|q| q.in_string("f", ["a", ""])), " ^IN STRING f ^START a (^)EMPTY_STRING ^END");
        assert_eq!(text(|q| q.not_in_string("f", ["a"])), " ^NOT_IN STRING f ^START a ^END");
        assert_eq!(text(|q| q.like("f", "a%")), " ^LIKE f a%");
        assert_eq!(text(|q| q.unlike("f", "")), " ^NOT_LIKE f (^)EMPTY_STRING");
        assert_eq!(text(|q| q.is_null("a").and().is_null("b")), " ^IS_NULL a ^AND ^IS_NULL b");
        assert_eq!(text(|q| q.or()), " ^OR");
        assert_eq!(text(|q| q.order_by_asc("f").order_by_desc("g")), " ^ASC f ^DESC g");
        assert_eq!(text(|q| q.limit(10, 0)), " ^LIMIT 10 0");
        assert_eq!(text(|q| q.begin_group().end_group()), " ^BEGIN_GROUP ^END_GROUP");
        assert_eq!(text(|q| q.prefix_key("p q")), " ^KEY_PREFIX p^^q");
        assert_eq!(text(|q| q.set_suggest_index("i")), " ^SUGGEST_INDEX i");
        assert_eq!(text(|q| q.is_null("f").device_id("d")), " ^DEVICE_ID d ^IS_NULL f");
        assert_eq!(text(|q| q.device_id("a").device_id("b")), " ^DEVICE_ID b ^DEVICE_ID a");
        assert_eq!(text(|q| q.prefix_key("a").prefix_key("b")), " ^KEY_PREFIX a ^KEY_PREFIX b");
    }

    #[test]
    fn texts_are_escaped_as_the_reference_does() {
        for (value, escaped) in [
            ("", "(^)EMPTY_STRING"),
            ("a b", "a^^b"),
            ("a^b", "a(^)b"),
            ("a^ b", "a(^)^^b"),
            ("it's \"x\"", "it's^^\"x\""),
            ("\t\n\\%é", "\t\n\\%é"),
        ] {
            assert_eq!(text(|q| q.equal_to("f", value)), format!(" ^EQUAL STRING f {escaped}"));
        }
        assert_eq!(text(|q| q.is_null(" f ")), " ^IS_NULL ^^f^^");
    }

    #[test]
    fn a_call_with_an_empty_name_or_a_caret_or_a_negative_limit_does_nothing() {
        let mut query = Query::new();
        for name in ["", "a^", "^"] {
            query.equal_to(name, 1).is_null(name).like(name, "a").in_number(name, [1]).in_string(name, ["a"]);
            query.order_by_asc(name).prefix_key(name).set_suggest_index(name).device_id(name);
        }
        query.limit(-1, 0).limit(0, -1);
        assert_eq!(query, Query::new());
        assert_eq!(text(|q| q.limit(0, 0)), " ^LIMIT 0 0");
    }

    #[test]
    fn reset_makes_a_query_new() {
        let mut query = Query::new();
        query.device_id("d").prefix_key("p").in_string("f", Vec::<String>::new()).equal_to("f", 1);
        assert!(query.check_arguments().is_err());
        assert_eq!(query.reset(), &mut Query::new());
        assert!(query.check_arguments().is_ok());
    }

    #[test]
    fn empty_lists_and_nul_characters_are_refused() {
        for build in [
            (|q: &mut Query| q.in_number("f", Vec::<f64>::new()).bytes()) as fn(&mut Query) -> usize,
            |q| q.not_in_string("", Vec::<&str>::new()).bytes(),
            |q| q.is_null("a\0").bytes(),
            |q| q.like("a", "\0").bytes(),
            |q| q.set_suggest_index("\0").bytes(),
        ] {
            let mut query = Query::new();
            build(&mut query);
            assert_eq!(query.check_arguments().unwrap_err().code(), 401);
        }
        let mut query = Query::new();
        query.equal_to("a", "\0").prefix_key("\0");
        assert!(query.check_arguments().is_ok());
    }

    #[test]
    fn a_text_beyond_the_limit_is_empty_and_never_sent() {
        let mut query = Query::new();
        query.equal_to("f", "x".repeat(QUERY_BYTES_MAX));
        assert_eq!(query.sql_like(), "");
        assert!(query.check_text().unwrap_err().message().contains("512000"));
        assert_eq!(query.reset().equal_to("f", 1).check_text().map_err(|error| error.code()), Ok(()));
    }
}
