//! Between two inputs no thread of the library runs.

use std::time::Duration;

/// Far more than the end of a store takes, also under a sanitizer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until every thread of the library has ended. What belongs to a thread that is just ending looks lost to the
/// sanitizer, which then calls it a leak.
pub fn end() {
    dkv::shutdown(PATIENCE).unwrap();
}
