//! The grammar of a query, and its condition as a tree (`query_device_sync.md` 1.5).
//!
//! ```text
//! query     = [condition] {order} [limit] [suggested index]      key prefixes and device ids stand anywhere
//! condition = term { ("and" | "or") term }                       AND binds tighter
//! term      = test | "beginGroup" condition "endGroup"
//! ```
//!
//! The calls are taken one by one, and the first one that is wrong decides. Groups are kept on a stack of our own, so
//! that their depth is no matter of the thread's.

use super::compile::format_error;
use super::condition::Condition;
use super::node::Node;
use crate::error::Result;

/// What the call before was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Start,
    Term,
    Connective,
    Begin,
    Order,
    Limit,
    Suggested,
}

/// A group that is open: alternatives that are complete, and the terms of the one that is not.
#[derive(Default)]
struct Group {
    alternatives: Vec<Condition>,
    terms: Vec<Condition>,
}

impl Group {
    fn close(mut self) -> Option<Condition> {
        self.alternative();
        join(self.alternatives, Condition::Any)
    }

    fn alternative(&mut self) {
        self.alternatives.extend(join(std::mem::take(&mut self.terms), Condition::All));
    }
}

fn join(mut conditions: Vec<Condition>, together: fn(Vec<Condition>) -> Condition) -> Option<Condition> {
    if conditions.len() > 1 { Some(together(conditions)) } else { conditions.pop() }
}

/// Takes the calls in order and gives each to `visit`, which checks it by itself and makes the test of it, if it is one.
///
/// # Errors
///
/// Those of `visit`; `InvalidQueryFormat` for the first call that stands in a wrong place.
pub fn walk(nodes: &[Node], visit: &mut dyn FnMut(&Node) -> Result<Option<Condition>>) -> Result<Option<Condition>> {
    let mut groups = vec![Group::default()];
    let mut last = Last::Start;
    let mut structural = nodes.iter().filter(|node| is_structural(node)).peekable();
    for node in nodes.iter().filter(|node| !is_structural(node)) {
        visit(node)?;
    }
    while let Some(node) = structural.next() {
        let test = visit(node)?;
        last = follow(last, node, structural.peek().copied(), groups.len() > 1)?;
        let Some(group) = groups.last_mut() else { break };
        match node {
            Node::BeginGroup => groups.push(Group::default()),
            Node::EndGroup => {
                let closed = groups.pop().and_then(Group::close);
                if let Some(outer) = groups.last_mut() {
                    outer.terms.extend(closed);
                }
            }
            Node::Or => group.alternative(),
            _ => group.terms.extend(test),
        }
    }
    if groups.len() > 1 {
        return Err(format_error(format!("{} groups are not ended.", groups.len() - 1)));
    }
    Ok(groups.pop().and_then(Group::close))
}

/// True for what has its place in the grammar.
fn is_structural(node: &Node) -> bool {
    !matches!(node, Node::KeyPrefix(_) | Node::DeviceId(_))
}

/// Checks that a call may stand here: behind `last`, before `next`.
fn follow(last: Last, node: &Node, next: Option<&Node>, in_group: bool) -> Result<Last> {
    let begins_term = |node: &Node| node.is_predicate() || matches!(node, Node::BeginGroup);
    match node {
        Node::And | Node::Or => {
            if last != Last::Term || !next.is_some_and(begins_term) {
                return Err(format_error("AND and OR stand between two predicates or groups."));
            }
            Ok(Last::Connective)
        }
        Node::EndGroup => {
            if last != Last::Term || !in_group {
                return Err(format_error("endGroup stands behind the predicates of a group that was begun."));
            }
            Ok(Last::Term)
        }
        Node::OrderBy { .. } => {
            if in_group || !matches!(last, Last::Start | Last::Term | Last::Order) {
                return Err(format_error("orderBy stands behind the condition, before the limit."));
            }
            Ok(Last::Order)
        }
        Node::Limit { .. } => {
            if in_group || !matches!(last, Last::Start | Last::Term | Last::Order) {
                return Err(format_error("limit stands once, behind the condition and every orderBy."));
            }
            if next.is_some_and(|node| !matches!(node, Node::SuggestIndex(_))) {
                return Err(format_error("only setSuggestIndex may follow limit."));
            }
            Ok(Last::Limit)
        }
        Node::SuggestIndex(_) => {
            if in_group || next.is_some() || last == Last::Suggested {
                return Err(format_error("setSuggestIndex stands once, as the last call."));
            }
            Ok(Last::Suggested)
        }
        _ => {
            let joined = match last {
                Last::Start | Last::Connective | Last::Begin => Ok(()),
                Last::Term => Err(format_error("two predicates or groups stand without AND or OR between.")),
                Last::Order | Last::Limit | Last::Suggested => {
                    Err(format_error("predicates stand before orderBy, limit and setSuggestIndex."))
                }
            };
            joined.map(|()| if matches!(node, Node::BeginGroup) { Last::Begin } else { Last::Term })
        }
    }
}
