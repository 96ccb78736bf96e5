//! The pieces of a query, in the order of the calls that added them.

/// A value that a field is compared with.
///
/// Its type decides the word in the query's text and how a text field is compared with a number: `5` becomes `"5"`, `5.0`
/// becomes `"5.0"`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Operand {
    /// BOOL. An ordering comparison takes it for INTEGER 1 or 0.
    Bool(bool),
    /// INTEGER.
    Integer(i32),
    /// LONG.
    Long(i64),
    /// DOUBLE: what every number of JavaScript is. NaN compares with nothing.
    Double(f64),
    /// STRING, of at most 50,000 bytes.
    String(String),
}

impl Operand {
    /// The word for the operand's type in the query's text.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Bool(_) => "BOOL",
            Self::Integer(_) => "INTEGER",
            Self::Long(_) => "LONG",
            Self::Double(_) => "DOUBLE",
            Self::String(_) => "STRING",
        }
    }

    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::String(text) => text.len(),
            _ => size_of::<Self>(),
        }
    }
}

macro_rules! operand_from {
    ($($type:ty => $variant:ident),*) => {
        $(impl From<$type> for Operand {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}
operand_from!(bool => Bool, i32 => Integer, i64 => Long, f64 => Double, &str => String, String => String);

/// How a field is compared with an operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `equalTo`.
    Equal,
    /// `notEqualTo`.
    NotEqual,
    /// `greaterThan`.
    Greater,
    /// `lessThan`.
    Less,
    /// `greaterThanOrEqualTo`.
    GreaterOrEqual,
    /// `lessThanOrEqualTo`.
    LessOrEqual,
}

impl Comparison {
    /// True unless it is a test for equality.
    pub(super) fn is_ordering(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }
}

/// One call on a query builder.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A field against an operand.
    Compare { how: Comparison, field: String, operand: Operand },
    /// A field without a value, or with one.
    Null { field: String, negated: bool },
    /// A field against a list, of one type.
    In { field: String, operands: Vec<Operand>, negated: bool },
    /// A field against a pattern.
    Like { field: String, pattern: String, negated: bool },
    /// Both conditions.
    And,
    /// Either condition.
    Or,
    /// A group begins.
    BeginGroup,
    /// A group ends.
    EndGroup,
    /// Sort by a field.
    OrderBy { field: String, descending: bool },
    /// Skip `offset` entries, then at most `total`.
    Limit { total: i32, offset: i32 },
    /// Only keys that begin with this.
    KeyPrefix(String),
    /// An index that the caller thinks of.
    SuggestIndex(String),
    /// Only entries of this device.
    DeviceId(String),
}

impl Node {
    /// The name that the call gives: of a field, a prefix, an index or a device.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Compare { field: name, .. }
            | Self::Null { field: name, .. }
            | Self::In { field: name, .. }
            | Self::Like { field: name, .. }
            | Self::OrderBy { field: name, .. }
            | Self::KeyPrefix(name)
            | Self::SuggestIndex(name)
            | Self::DeviceId(name) => Some(name),
            Self::And | Self::Or | Self::BeginGroup | Self::EndGroup | Self::Limit { .. } => None,
        }
    }

    /// The field that the node looks at.
    pub(super) fn field(&self) -> Option<&str> {
        match self {
            Self::KeyPrefix(_) | Self::SuggestIndex(_) | Self::DeviceId(_) => None,
            other => other.name(),
        }
    }

    /// True for a test of a field.
    pub(super) fn is_predicate(&self) -> bool {
        matches!(self, Self::Compare { .. } | Self::Null { .. } | Self::In { .. } | Self::Like { .. })
    }

    /// True for what the limit of predicates counts.
    pub(super) fn is_counted(&self) -> bool {
        !matches!(
            self,
            Self::BeginGroup | Self::EndGroup | Self::KeyPrefix(_) | Self::SuggestIndex(_) | Self::DeviceId(_)
        )
    }

    /// Bytes of the texts and lists that it holds.
    pub(super) fn bytes(&self) -> usize {
        let operands = match self {
            Self::Compare { operand, .. } => operand.bytes(),
            Self::In { operands, .. } => operands.iter().map(Operand::bytes).sum(),
            Self::Like { pattern, .. } => pattern.len(),
            _ => 0,
        };
        operands + self.name().map_or(0, str::len) + size_of::<Self>()
    }
}
