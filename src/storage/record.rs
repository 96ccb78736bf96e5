//! The bytes of one record: a head that synchronisation will read, then the payload.
//!
//! ```text
//! 1  record format, 1
//! 1  type tag, 0 to 6
//! 1  flags: 1 tombstone, 2 local only, 4 blob, 8 extension
//! v  index of the origin, 0 for this store
//! 8  hybrid logical clock
//! v  sequence of the write at its origin
//! v  length of the extension, then the extension    (with flag 8)
//! *  payload; with flag 4 the blob's id and length, 8 bytes each
//! ```
//!
//! `v` is a number of 7 bits a byte, the lowest first, the top bit set while more follow. Other numbers are big-endian.

use crate::error::{Error, Result};
use crate::model::{Timestamp, ValueRef, ValueType};

const RECORD_FORMAT: u8 = 1;
const FLAG_TOMBSTONE: u8 = 1;
const FLAG_LOCAL_ONLY: u8 = 2;
const FLAG_BLOB: u8 = 4;
const FLAG_EXTENSION: u8 = 8;
const FLAGS_KNOWN: u8 = FLAG_TOMBSTONE | FLAG_LOCAL_ONLY | FLAG_BLOB | FLAG_EXTENSION;
const VARINT_BYTES_MAX: usize = 10;

/// Who wrote a record and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The index of the origin, 0 for this store.
    pub origin: u32,
    /// The moment of the write.
    pub timestamp: Timestamp,
    /// The number of the write at its origin.
    pub sequence: u64,
}

/// Where a record's payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload<'a> {
    /// In the record itself.
    Inline(&'a [u8]),
    /// In the blob table.
    Blob(BlobRef),
}

/// The blob that holds a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobRef {
    /// Its id in the blob table.
    pub id: u64,
    /// Its length in bytes.
    pub length: usize,
}

impl Payload<'_> {
    /// The blob that holds the payload, if one does.
    pub fn blob(self) -> Option<BlobRef> {
        match self {
            Self::Blob(blob) => Some(blob),
            Self::Inline(_) => None,
        }
    }
}

/// A record, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Type of the value.
    pub value_type: ValueType,
    /// True for the trace of a deleted key.
    pub tombstone: bool,
    /// The index of the origin, 0 for this store.
    pub origin: u64,
    /// Where the value is.
    pub payload: Payload<'a>,
    /// What stands before the payload.
    head: &'a [u8],
}

/// Appends the record of `value`; a value in the blob table is represented by `blob`.
pub fn encode(out: &mut Vec<u8>, value: ValueRef<'_>, blob: Option<BlobRef>, stamp: Stamp) {
    let flags = if blob.is_some() { FLAG_BLOB } else { 0 };
    out.extend_from_slice(&[RECORD_FORMAT, value.value_type().tag(), flags]);
    put_varint(out, u64::from(stamp.origin));
    out.extend_from_slice(&stamp.timestamp.bits().to_be_bytes());
    put_varint(out, stamp.sequence);
    if let Some(blob) = blob {
        return put_blob(out, blob);
    }
    match value {
        ValueRef::String(text) => out.extend_from_slice(text.as_bytes()),
        ValueRef::Bytes(bytes) => out.extend_from_slice(bytes),
        ValueRef::Integer(number) => out.extend_from_slice(&number.to_be_bytes()),
        ValueRef::Float(number) => out.extend_from_slice(&number.to_bits().to_be_bytes()),
        ValueRef::Boolean(flag) => out.push(u8::from(flag)),
        ValueRef::Double(number) => out.extend_from_slice(&number.to_bits().to_be_bytes()),
        ValueRef::Long(number) => out.extend_from_slice(&number.to_be_bytes()),
    }
}

/// Appends a record that is as this one, but has another text for its value.
pub fn encode_amended(out: &mut Vec<u8>, record: &Record<'_>, text: &str, blob: Option<BlobRef>) {
    let start = out.len();
    out.extend_from_slice(record.head);
    if let Some([_, tag, flags]) = out[start..].first_chunk_mut::<3>() {
        *tag = ValueType::String.tag();
        *flags = (*flags & !FLAG_BLOB) | if blob.is_some() { FLAG_BLOB } else { 0 };
    }
    match blob {
        Some(blob) => put_blob(out, blob),
        None => out.extend_from_slice(text.as_bytes()),
    }
}

fn put_blob(out: &mut Vec<u8>, blob: BlobRef) {
    out.extend_from_slice(&blob.id.to_be_bytes());
    out.extend_from_slice(&(blob.length as u64).to_be_bytes());
}

/// Takes a record apart.
///
/// # Errors
///
/// `Corrupted` for bytes that no release wrote.
pub fn decode(bytes: &[u8]) -> Result<Record<'_>> {
    parse(bytes).ok_or_else(|| Error::corrupted("a record is not one that any release wrote"))
}

fn parse(bytes: &[u8]) -> Option<Record<'_>> {
    let (&[format, tag, flags], mut rest) = bytes.split_first_chunk::<3>()?;
    if format != RECORD_FORMAT || flags & !FLAGS_KNOWN != 0 {
        return None;
    }
    let value_type = ValueType::from_tag(tag)?;
    let origin = take_varint(&mut rest)?;
    rest = rest.get(8..)?;
    take_varint(&mut rest)?;
    if flags & FLAG_EXTENSION != 0 {
        let length = usize::try_from(take_varint(&mut rest)?).ok()?;
        rest = rest.get(length..)?;
    }
    let head = &bytes[..bytes.len() - rest.len()];
    let payload = if flags & FLAG_BLOB == 0 {
        Payload::Inline(rest)
    } else {
        let (id, length) = rest.split_first_chunk::<8>()?;
        let length = u64::from_be_bytes(length.try_into().ok()?);
        Payload::Blob(BlobRef { id: u64::from_be_bytes(*id), length: usize::try_from(length).ok()? })
    };
    Some(Record { value_type, tombstone: flags & FLAG_TOMBSTONE != 0, origin, payload, head })
}

/// True for the trace of a deleted key. Looks at the head of the record alone.
///
/// # Errors
///
/// `Corrupted` for bytes that no release wrote.
pub fn is_tombstone(bytes: &[u8]) -> Result<bool> {
    match bytes {
        [RECORD_FORMAT, _, flags, ..] => Ok(flags & FLAG_TOMBSTONE != 0),
        _ => Err(Error::corrupted("a record is not one that any release wrote")),
    }
}

/// The value of this type in `payload`.
///
/// # Errors
///
/// `Corrupted` if the payload cannot be a value of the type.
pub fn decode_value(value_type: ValueType, payload: &[u8]) -> Result<ValueRef<'_>> {
    let value = match value_type {
        ValueType::String => std::str::from_utf8(payload).ok().map(ValueRef::String),
        ValueType::ByteArray => (!payload.is_empty()).then_some(ValueRef::Bytes(payload)),
        ValueType::Integer => payload.try_into().ok().map(|bytes| ValueRef::Integer(i32::from_be_bytes(bytes))),
        ValueType::Float => {
            payload.try_into().ok().map(|bytes| ValueRef::Float(f32::from_bits(u32::from_be_bytes(bytes))))
        }
        ValueType::Boolean => match payload {
            [0] => Some(ValueRef::Boolean(false)),
            [1] => Some(ValueRef::Boolean(true)),
            _ => None,
        },
        ValueType::Double => {
            payload.try_into().ok().map(|bytes| ValueRef::Double(f64::from_bits(u64::from_be_bytes(bytes))))
        }
        ValueType::Long => payload.try_into().ok().map(|bytes| ValueRef::Long(i64::from_be_bytes(bytes))),
    };
    value.ok_or_else(|| Error::corrupted(format_args!("a payload does not fit its type {value_type:?}")))
}

fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number as u8) | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for place in 0..VARINT_BYTES_MAX {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(7 * place as u32)?;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp { origin: 0, timestamp: Timestamp::from_bits(0x0102_0304_0506_0708), sequence: 300 };

    #[test]
    fn a_record_has_these_bytes() {
        let mut bytes = Vec::new();
        encode(&mut bytes, ValueRef::String("hi"), None, STAMP);
        assert_eq!(bytes, [1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0xac, 2, b'h', b'i']);
    }

    #[test]
    fn every_type_comes_back_with_its_bits() {
        let values = [
            ValueRef::String(""),
            ValueRef::String("a\0b"),
            ValueRef::Integer(i32::MIN),
            ValueRef::Float(-0.0),
            ValueRef::Bytes(&[0, 255]),
            ValueRef::Boolean(true),
            ValueRef::Double(f64::INFINITY),
            ValueRef::Long(i64::MAX),
        ];
        for value in values {
            let mut bytes = Vec::new();
            encode(&mut bytes, value, None, STAMP);
            let record = decode(&bytes).unwrap();
            let Payload::Inline(payload) = record.payload else { panic!("inline") };
            assert_eq!(decode_value(record.value_type, payload).unwrap(), value);
        }
    }

    #[test]
    fn the_origin_comes_back() {
        let mut bytes = Vec::new();
        encode(&mut bytes, ValueRef::Boolean(true), None, Stamp { origin: 300, ..STAMP });
        assert_eq!(decode(&bytes).unwrap().origin, 300);
    }

    #[test]
    fn a_blob_is_referred_to() {
        let mut bytes = Vec::new();
        let blob = BlobRef { id: 7, length: 70_000 };
        encode(&mut bytes, ValueRef::Bytes(&[1]), Some(blob), STAMP);
        assert_eq!(decode(&bytes).unwrap().payload, Payload::Blob(blob));
    }

    #[test]
    fn an_amended_record_keeps_its_head() {
        let stamp = Stamp { origin: 300, ..STAMP };
        let (mut inline, mut in_blob) = (Vec::new(), Vec::new());
        let blob = BlobRef { id: 7, length: 70_000 };
        encode(&mut inline, ValueRef::String("old"), None, stamp);
        encode(&mut in_blob, ValueRef::String("old"), Some(blob), stamp);
        for record in [&inline, &in_blob] {
            let (mut expected, mut amended) = (Vec::new(), Vec::new());
            encode(&mut expected, ValueRef::String("new"), None, stamp);
            encode_amended(&mut amended, &decode(record).unwrap(), "new", None);
            assert_eq!(amended, expected);
            amended.clear();
            encode_amended(&mut amended, &decode(record).unwrap(), "new", Some(blob));
            assert_eq!(amended, in_blob);
        }
    }

    #[test]
    fn no_prefix_or_flip_of_a_record_panics() {
        let mut bytes = Vec::new();
        encode(&mut bytes, ValueRef::Double(1.5), None, STAMP);
        for end in 0..bytes.len() {
            let _ = decode(&bytes[..end]).map(|record| match record.payload {
                Payload::Inline(payload) => decode_value(record.value_type, payload).is_ok(),
                Payload::Blob(_) => true,
            });
        }
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let _ = decode(&flipped);
        }
        assert!(decode(&[9, 0, 0]).is_err());
        assert!(decode_value(ValueType::Boolean, &[2]).is_err());
        assert!(decode_value(ValueType::String, &[0xff]).is_err());
    }
}
