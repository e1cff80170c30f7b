//! What profiles are called, and by what their people are split: made of the identifier with which somebody was first met.

use sha2::{Digest, Sha256};

use crate::hex::hex;
use crate::identifier::{ANONYMOUS_ID, Identifier, USER_ID};
use crate::time::Timestamp;

/// Hexadecimal digits of a profile's id.
const DIGITS: usize = 26;

/// A profile's id: it follows from the seed, so that the same evidence gives the same id anywhere.
#[must_use]
pub fn profile_id(space_id: &str, seed: &Identifier) -> String {
    let mut digits = hex(&Sha256::digest(format!("{space_id}\n{seed}")));
    digits.truncate(DIGITS);
    format!("prf_{digits}")
}

/// The kinds of ids with which decisions are asked for.
pub const ASKS: [&str; 2] = [ANONYMOUS_ID, USER_ID];

/// By what it is decided between arms of a split that somebody was never shown: the id that the profile of the
/// identifier with which they were first met has as long as it has no other. So it is the same before anything is known
/// of them, when they are known by it, and when they turn out to be somebody.
///
/// `met` has a person's identifiers, each with when it was first seen; only ids with which decisions are asked for count.
#[must_use]
pub fn bucket_by(
    space_id: &str,
    met: impl IntoIterator<Item = (Timestamp, Identifier)>,
) -> Option<String> {
    let asks = |identifier: &Identifier| ASKS.contains(&identifier.kind());
    // The event that names the user of a browser is the first of both: the browser had asked before. Its kind is the
    // smaller word.
    let first = met
        .into_iter()
        .filter(|(_, identifier)| asks(identifier))
        .min()?;
    Some(profile_id(space_id, &first.1))
}
