//! What the library has to say beyond its answers: warnings that nobody asked for.
//!
//! A line never holds a key, a value or key material. It goes to a callback on the manager's dispatch thread, or to a
//! completion queue.

use std::cell::Cell;
use std::ffi::{CString, c_char, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use log::{Level, LevelFilter, Log, Metadata, Record as Line};

use super::guard::guard;
use super::ptr::UserData;
use super::queue::{self, Queue, dkv_queue};
use super::record::Record;
use crate::engine;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::LOG_LINES_MAX;

/// Level of a log line: something failed.
pub const DKV_LOG_ERROR: i32 = 1;
/// Level of a log line: something is not as it should be, and the library copes.
pub const DKV_LOG_WARNING: i32 = 2;
/// Level of a log line: information.
pub const DKV_LOG_INFORMATION: i32 = 3;

/// Receives a line of the library's log: UTF-8, NUL-terminated, borrowed for the call.
pub type dkv_log_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, level: i32, message: *const c_char, message_length: usize)>;

type LogFn = unsafe extern "C" fn(*mut c_void, i32, *const c_char, usize);

#[derive(Clone)]
enum Target {
    Nobody,
    Callback(LogFn, UserData),
    Queue(Arc<Queue>),
}

struct Logger {
    target: Mutex<Target>,
    /// Lines on their way to a callback.
    waiting: AtomicUsize,
}

static LOGGER: Logger = Logger { target: Mutex::new(Target::Nobody), waiting: AtomicUsize::new(0) };

thread_local! {
    /// Delivering a line must not log another one for ever.
    static LOGGING: Cell<bool> = const { Cell::new(false) };
}

impl Logger {
    fn target(&self) -> MutexGuard<'_, Target> {
        self.target.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deliver(&self, level: i32, line: String) {
        match self.target().clone() {
            Target::Nobody => {}
            Target::Queue(queue) => queue.push(Record::log(level, &line)),
            Target::Callback(..) => {
                if self.waiting.fetch_add(1, Ordering::Relaxed) >= LOG_LINES_MAX {
                    // A callback that does not keep up misses the newest lines.
                    self.waiting.fetch_sub(1, Ordering::Relaxed);
                    return;
                }
                let sent = engine::on_manager_dispatch(Box::new(move || {
                    LOGGER.waiting.fetch_sub(1, Ordering::Relaxed);
                    LOGGER.call(level, line);
                }));
                if sent.is_err() {
                    self.waiting.fetch_sub(1, Ordering::Relaxed);
                }
            }
        }
    }

    /// Calls whoever listens now: a callback that was taken back is not called any more.
    fn call(&self, level: i32, line: String) {
        let Target::Callback(callback, user_data) = self.target().clone() else { return };
        let line = CString::new(line.replace('\0', "\u{fffd}")).unwrap_or_default();
        // SAFETY: the callback is one that the caller gave with its own user data; the line lives for the call.
        unsafe { callback(user_data.0, level, line.as_ptr(), line.as_bytes().len()) };
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= Level::Info
    }

    fn log(&self, line: &Line<'_>) {
        if !self.enabled(line.metadata()) || LOGGING.with(|logging| logging.replace(true)) {
            return;
        }
        let level = match line.level() {
            Level::Error => DKV_LOG_ERROR,
            Level::Warn => DKV_LOG_WARNING,
            Level::Info | Level::Debug | Level::Trace => DKV_LOG_INFORMATION,
        };
        self.deliver(level, line.args().to_string());
        LOGGING.with(|logging| logging.set(false));
    }

    fn flush(&self) {}
}

fn install(target: Target) -> Result<()> {
    // The first call installs; later ones find this same logger there.
    if log::set_logger(&LOGGER).is_err() && !std::ptr::addr_eq(log::logger(), &raw const LOGGER) {
        return Err(Error::new(
            ErrorKind::Database,
            "The program has another logger, which receives the library's lines.",
        ));
    }
    let listening = !matches!(target, Target::Nobody);
    *LOGGER.target() = target;
    log::set_max_level(if listening { LevelFilter::Info } else { LevelFilter::Off });
    Ok(())
}

/// A queue that ends receives no more lines.
pub fn forget_queue(queue: &Arc<Queue>) {
    let mut target = LOGGER.target();
    if matches!(&*target, Target::Queue(own) if Arc::ptr_eq(own, queue)) {
        *target = Target::Nobody;
    }
}

/// Sends the lines of the library's log to a callback, in place of whoever received them; NULL ends it.
///
/// The callback runs on a thread of the library. Any thread.
/// Codes: DKV_OK, DKV_ERR_DATABASE (the program is in Rust and has a logger of its own).
#[unsafe(no_mangle)]
pub extern "C" fn dkv_set_logger(callback: dkv_log_callback, user_data: *mut c_void) -> i32 {
    guard(|| install(callback.map_or(Target::Nobody, |callback| Target::Callback(callback, UserData(user_data)))))
}

/// Sends the lines of the library's log to a completion queue, in place of whoever received them; NULL ends it.
///
/// Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (the queue was freed), DKV_ERR_DATABASE (the program is
/// in Rust and has a logger of its own).
#[unsafe(no_mangle)]
pub extern "C" fn dkv_set_log_queue(queue: *mut dkv_queue) -> i32 {
    guard(|| install(if queue.is_null() { Target::Nobody } else { Target::Queue(queue::get(queue)?) }))
}
