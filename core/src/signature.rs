//! Signature of requests between edge and aggregator: HMAC-SHA256 over method, path, time, nonce
//! and the body's digest, so that neither a changed nor a replayed request is taken.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::hex::hex;

/// Header with the time of signing in milliseconds since the Unix epoch.
pub const TIMESTAMP_HEADER: &str = "x-headwater-timestamp";
/// Header with the nonce, 32 hexadecimal digits that are never used twice.
pub const NONCE_HEADER: &str = "x-headwater-nonce";
/// Header with the signature in hexadecimal digits.
pub const SIGNATURE_HEADER: &str = "x-headwater-signature";
/// How far the clocks of edge and aggregator may differ, in milliseconds.
pub const WINDOW_MILLIS: i64 = 300_000;

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// `POST`, `GET`.
    pub method: &'a str,
    /// Path and query.
    pub path: &'a str,
    /// Milliseconds since the Unix epoch.
    pub timestamp: i64,
    /// 32 hexadecimal digits.
    pub nonce: &'a str,
    /// The body as sent.
    pub body: &'a [u8],
}

impl Signed<'_> {
    fn mac(&self, secret: &[u8]) -> Option<Hmac<Sha256>> {
        let digest = hex(&Sha256::digest(self.body));
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
        mac.update(
            format!(
                "{}\n{}\n{}\n{}\n{digest}",
                self.method, self.path, self.timestamp, self.nonce
            )
            .as_bytes(),
        );
        Some(mac)
    }

    /// The signature, 64 hexadecimal digits.
    #[must_use]
    pub fn sign(&self, secret: &[u8]) -> String {
        self.mac(secret)
            .map(|mac| hex(&mac.finalize().into_bytes()))
            .unwrap_or_default()
    }

    /// Whether `signature` is right, compared in constant time. An empty secret verifies nothing.
    #[must_use]
    pub fn verify(&self, secret: &[u8], signature: &str) -> bool {
        let (Some(mac), Some(bytes)) = (self.mac(secret), unhex(signature)) else {
            return false;
        };
        !secret.is_empty() && mac.verify_slice(&bytes).is_ok()
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}
