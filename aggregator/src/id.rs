//! Fresh ids, keys and secrets: a prefix that says what it is, and random hexadecimal digits.

use cdp_core::hex::hex;
use cdp_core::time::Timestamp;
use sha2::{Digest, Sha256};

/// Random bytes from the operating system.
///
/// # Errors
/// When the operating system has none; nothing secret can be made then.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// A fresh id such as `aud_…`, 26 digits: 104 bits.
pub(crate) fn fresh(prefix: &str) -> Result<String, getrandom::Error> {
    Ok(format!("{prefix}_{}", hex(&random::<13>()?)))
}

/// A fresh id that sorts by the time it was made.
pub(crate) fn dated(prefix: &str, now: Timestamp) -> Result<String, getrandom::Error> {
    let begin = dated_from(prefix, now);
    Ok(format!("{begin}{}", hex(&random::<6>()?)))
}

/// What sorts before every id that is made at this time or later, and behind all others of [`dated`].
pub(crate) fn dated_from(prefix: &str, time: Timestamp) -> String {
    format!("{prefix}_{:014x}", time.as_micros())
}

/// A fresh secret of 192 bits.
pub(crate) fn secret(prefix: &str) -> Result<String, getrandom::Error> {
    Ok(format!("{prefix}{}", hex(&random::<24>()?)))
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn digest(bytes: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(bytes))
}
