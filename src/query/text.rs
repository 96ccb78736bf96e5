//! The text form of a query, byte for byte that of the reference (`query_device_sync.md` 1.3).

use super::node::{Comparison, Node, Operand};
use super::number::stream_text;

/// The text of the calls. Each piece begins with one space; device ids stand in front of all else, the last one first.
#[must_use]
pub fn text(nodes: &[Node]) -> String {
    let mut text = String::new();
    for node in nodes.iter().rev() {
        if let Node::DeviceId(id) = node {
            push(&mut text, &["^DEVICE_ID", &escaped(id)]);
        }
    }
    for node in nodes {
        write(node, &mut text);
    }
    text
}

fn write(node: &Node, text: &mut String) {
    match node {
        Node::Compare { how, field, operand } => {
            push(text, &[comparison(*how), operand.word(), &escaped(field), &value(operand)]);
        }
        Node::Null { field, negated } => push(text, &[pick(*negated, "^IS_NULL", "^IS_NOT_NULL"), &escaped(field)]),
        Node::In { field, operands, negated } => {
            let word = operands.first().map_or("DOUBLE", Operand::word);
            push(text, &[pick(*negated, "^IN", "^NOT_IN"), word, &escaped(field), "^START"]);
            for operand in operands {
                push(text, &[&value(operand)]);
            }
            push(text, &["^END"]);
        }
        Node::Like { field, pattern, negated } => {
            push(text, &[pick(*negated, "^LIKE", "^NOT_LIKE"), &escaped(field), &escaped(pattern)]);
        }
        Node::And => push(text, &["^AND"]),
        Node::Or => push(text, &["^OR"]),
        Node::BeginGroup => push(text, &["^BEGIN_GROUP"]),
        Node::EndGroup => push(text, &["^END_GROUP"]),
        Node::OrderBy { field, descending } => push(text, &[pick(*descending, "^ASC", "^DESC"), &escaped(field)]),
        Node::Limit { total, offset } => push(text, &["^LIMIT", &total.to_string(), &offset.to_string()]),
        Node::KeyPrefix(prefix) => push(text, &["^KEY_PREFIX", &escaped(prefix)]),
        Node::SuggestIndex(index) => push(text, &["^SUGGEST_INDEX", &escaped(index)]),
        Node::DeviceId(_) => {}
    }
}

fn push(text: &mut String, words: &[&str]) {
    for word in words {
        text.push(' ');
        text.push_str(word);
    }
}

fn pick(negated: bool, plain: &'static str, negative: &'static str) -> &'static str {
    if negated { negative } else { plain }
}

fn comparison(how: Comparison) -> &'static str {
    match how {
        Comparison::Equal => "^EQUAL",
        Comparison::NotEqual => "^NOT_EQUAL",
        Comparison::Greater => "^GREATER",
        Comparison::Less => "^LESS",
        Comparison::GreaterOrEqual => "^GREATER_EQUAL",
        Comparison::LessOrEqual => "^LESS_EQUAL",
    }
}

fn value(operand: &Operand) -> String {
    match operand {
        Operand::Bool(flag) => flag.to_string(),
        Operand::Integer(number) => number.to_string(),
        Operand::Long(number) => number.to_string(),
        Operand::Double(number) => stream_text(*number),
        Operand::String(text) => escaped(text),
    }
}

/// A field or string value: the empty one becomes a word, whose `^` is then escaped as every other one.
fn escaped(text: &str) -> String {
    let text = if text.is_empty() { "^EMPTY_STRING" } else { text };
    text.replace('^', "(^)").replace(' ', "^^")
}
