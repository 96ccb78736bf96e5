//! Packed submission: many operations of one store in one call, for hosts to which each call costs more than its work.
//!
//! The records are laid out like those that a queue is drained of; the header draws both.

use super::guard::guard;
use super::ptr::{self, Out, UserData};
use super::reply::{Reply, Sink, dkv_entries_callback, dkv_value_callback, dkv_void_callback};
use super::store::{self, StoreHandle, check_prefix, dkv_store};
use super::value::{DKV_VALUE_BYTE_ARRAY, DKV_VALUE_DOUBLE, DKV_VALUE_FLOAT, DKV_VALUE_STRING, dkv_value};
use crate::engine::Completion;
use crate::error::{Error, Result};
use crate::model::Value;
use crate::store::Op;

/// A submitted record that puts a value: its payload is the key and one packed value.
pub const DKV_SUBMIT_PUT: u32 = 1;
/// A submitted record that reads a value: its payload is the key.
pub const DKV_SUBMIT_GET: u32 = 2;
/// A submitted record that removes a key: its payload is the key.
pub const DKV_SUBMIT_DELETE: u32 = 3;
/// A submitted record that reads entries: its payload is the prefix.
pub const DKV_SUBMIT_GET_ENTRIES: u32 = 4;

const HEAD_BYTES: usize = 24;
const VALUE_HEAD_BYTES: usize = 16;

/// Submits packed records, in order, as many as are accepted. Only through a view on a completion queue.
///
/// Each record is one call of dkv_store_put(), dkv_store_get(), dkv_store_delete() or dkv_store_get_entries(), and is
/// answered as that call would be, under its own tag. `taken` is how many bytes of the buffer were accepted, whole
/// records from the first one on. If it is less than `length`, the record that begins there was refused, and none behind
/// it was looked at: a call that begins with it returns why, and takes nothing. The buffer is the caller's again when
/// the call returns. Any thread.
/// Returned: DKV_OK (also for a `length` of 0), and for the first record DKV_ERR_QUEUE_FULL (submit again from there
/// when an answer has come), DKV_ERR_INVALID_ARGUMENT (a record that is not as drawn above, or what the call of that
/// kind refuses; no view), DKV_ERR_CLOSED, DKV_ERR_FORKED.
///
/// # Safety
///
/// `buffer` is readable for `length` bytes; `taken` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_submit(
    store: *mut dkv_store,
    buffer: *const u8,
    length: usize,
    taken: *mut usize,
) -> i32 {
    guard(|| {
        let out = Out::new("place for the taken size", taken)?;
        let (handle, sink) = store::parts(store)?;
        if matches!(sink, Sink::Callbacks) {
            return Err(Error::invalid_argument(
                "Parameter error: records are submitted through a view on a completion queue. Make one with \
                 dkv_store_on_queue().",
            ));
        }
        // SAFETY: the contract of this function.
        let records = unsafe { ptr::bytes("buffer", buffer, length) }?;
        let accepted = submit(&handle, &sink, records)?;
        // SAFETY: writable by the contract of this function.
        unsafe { out.set(accepted) };
        Ok(())
    })
}

/// Submits records until one is refused. Yields the bytes of those that were accepted.
///
/// # Errors
///
/// Why the very first one was refused.
fn submit(handle: &StoreHandle, sink: &Sink, records: &[u8]) -> Result<usize> {
    let mut taken = 0;
    while taken < records.len() {
        match submit_first(handle, sink, &records[taken..]) {
            Ok(length) => taken += length,
            Err(error) if taken == 0 => return Err(error),
            Err(_) => break,
        }
    }
    Ok(taken)
}

/// Submits the record that the bytes begin with. Yields its length.
fn submit_first(handle: &StoreHandle, sink: &Sink, bytes: &[u8]) -> Result<usize> {
    let mut fields = Fields { rest: bytes };
    let (length, kind, tag) = (fields.u32()?, fields.u32()?, fields.u64()?);
    let (reserved, key_length) = (fields.u32()?, fields.u32()?);
    let length = usize::try_from(length).map_err(|_| cut_off())?;
    if length < HEAD_BYTES || !length.is_multiple_of(8) || length > bytes.len() {
        return Err(Error::invalid_argument(format!(
            "Parameter error: a submitted record has a length of {length} bytes where {} are left. It needs at least \
             {HEAD_BYTES}, and a multiple of 8.",
            bytes.len()
        )));
    }
    if reserved != 0 {
        return Err(Error::invalid_argument("Parameter error: the reserved field of a submitted record is not 0."));
    }
    fields.rest = &bytes[HEAD_BYTES..length];
    let key = fields.text(u64::from(key_length))?.to_owned();
    let (op, completion) = operation(kind, key, &mut fields, sink, tag)?;
    if !fields.rest.is_empty() {
        return Err(Error::invalid_argument(format!(
            "Parameter error: a submitted record has {} bytes behind its payload.",
            fields.rest.len()
        )));
    }
    handle.store().submit_held(op, completion)?;
    Ok(length)
}

/// The operation that a record of this kind stands for, and where its answer goes.
fn operation(kind: u32, key: String, fields: &mut Fields<'_>, sink: &Sink, tag: u64) -> Result<(Op, Completion)> {
    let tag = UserData::of_tag(tag)?;
    match kind {
        DKV_SUBMIT_PUT => {
            let value = fields.value()?;
            Ok((Op::Put { key, value }, done(sink, tag)?))
        }
        DKV_SUBMIT_DELETE => Ok((Op::Delete { key }, done(sink, tag)?)),
        DKV_SUBMIT_GET => {
            let reply = sink.reply(dkv_value_callback::None, tag.0)?;
            Ok((Op::Get { key }, reply.into_completion()))
        }
        DKV_SUBMIT_GET_ENTRIES => {
            check_prefix(&key)?;
            let reply = sink.reply(dkv_entries_callback::None, tag.0)?;
            Ok((Op::GetEntries { prefix: key }, reply.into_completion()))
        }
        other => Err(Error::invalid_argument(format!(
            "Parameter error: {other} is no kind of submitted record, they are {DKV_SUBMIT_PUT} (put) to \
             {DKV_SUBMIT_GET_ENTRIES} (get entries)."
        ))),
    }
}

fn done(sink: &Sink, tag: UserData) -> Result<Completion> {
    let reply: Reply<_> = sink.reply(dkv_void_callback::None, tag.0)?;
    Ok(reply.into_completion())
}

/// The fields of a record, taken off its front. Every length is checked against what is left.
struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (front, rest) = self.rest.split_at_checked(length).ok_or_else(cut_off)?;
        self.rest = rest;
        Ok(front)
    }

    fn u32(&mut self) -> Result<u32> {
        let bytes = self.take(4)?.try_into().map_err(|_| cut_off())?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn u64(&mut self) -> Result<u64> {
        let bytes = self.take(8)?.try_into().map_err(|_| cut_off())?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// Bytes, and the gap behind them.
    fn padded(&mut self, length: u64) -> Result<&'a [u8]> {
        let length = usize::try_from(length).map_err(|_| cut_off())?;
        let padded = length.checked_next_multiple_of(8).ok_or_else(cut_off)?;
        Ok(&self.take(padded)?[..length])
    }

    fn text(&mut self, length: u64) -> Result<&'a str> {
        std::str::from_utf8(self.padded(length)?)
            .map_err(|error| Error::invalid_argument(format!("Parameter error: the key is not UTF-8: {error}.")))
    }

    /// A packed value, under the rules of any other value.
    fn value(&mut self) -> Result<Value> {
        let mut head = Fields { rest: self.take(VALUE_HEAD_BYTES)? };
        let (tag, flags, length_or_bits) = (head.u32()?, head.u32()?, head.u64()?);
        if flags != 0 {
            return Err(Error::invalid_argument("Parameter error: the flags of a submitted value are not 0."));
        }
        let r#type = i32::try_from(tag).unwrap_or(i32::MAX);
        let (mut integer, mut real, mut bytes) = (0, 0.0, [].as_slice());
        match r#type {
            DKV_VALUE_STRING | DKV_VALUE_BYTE_ARRAY => bytes = self.padded(length_or_bits)?,
            DKV_VALUE_FLOAT | DKV_VALUE_DOUBLE => real = f64::from_bits(length_or_bits),
            _ => integer = length_or_bits.cast_signed(),
        }
        let value = dkv_value { r#type, reserved: 0, integer, real, data: bytes.as_ptr(), length: bytes.len() };
        // SAFETY: data and length are those of a slice that was cut out of the caller's bytes above.
        unsafe { value.to_value() }
    }
}

fn cut_off() -> Error {
    Error::invalid_argument("Parameter error: a submitted record ends before its last field.")
}
