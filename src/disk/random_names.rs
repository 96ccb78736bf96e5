//! Names that nothing else has.

use crate::error::{Error, ErrorKind, Result};

/// A name of so many random bytes, in hexadecimal digits.
pub fn random_name<const BYTES: usize>() -> Result<String> {
    let mut random = [0u8; BYTES];
    getrandom::fill(&mut random)
        .map_err(|error| Error::new(ErrorKind::CannotOpen, format!("The system gives no random bytes: {error}.")))?;
    Ok(hexadecimal(&random))
}

pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
