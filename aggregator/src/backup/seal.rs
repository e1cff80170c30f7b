//! Sealing: ChaCha20-Poly1305 under a key that follows from the keys of everybody whose rows they are.

use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::error::{Error, Result};

/// A key of somebody.
pub(super) type Secret = [u8; 32];

/// HMAC-SHA256.
pub(super) fn keyed_hash(secret: &Secret, parts: &[&[u8]]) -> Secret {
    // A key of any length is one.
    let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(secret) else {
        return [0; 32];
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The key that only who has all of these secrets can find out, of one backup.
pub(super) fn joint(backup: &[u8], secrets: &[Secret]) -> Secret {
    let first = keyed_hash(&[0; 32], &[backup]);
    secrets.iter().fold(first, |known, secret| {
        keyed_hash(secret, &[known.as_slice()])
    })
}

/// Where in a backup something is sealed. No two things are at one place, so no key is used twice with one nonce.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) block: u64,
    pub(super) group: u32,
}

impl Place {
    fn nonce(self) -> Nonce {
        let mut bytes = [0; 12];
        let (block, group) = bytes.split_at_mut(8);
        block.copy_from_slice(&self.block.to_le_bytes());
        group.copy_from_slice(&self.group.to_le_bytes());
        bytes.into()
    }
}

fn cipher(key: &Secret) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&Key::from(*key))
}

/// Seals bytes.
pub(super) fn seal(key: &Secret, place: Place, plain: &[u8]) -> Result<Vec<u8>> {
    cipher(key)
        .encrypt(&place.nonce(), plain)
        .map_err(|error| Error::internal(format!("sealing failed: {error}")))
}

/// Opens what [`seal`] made; `None` when it is of another key or another place, or was changed.
pub(super) fn open(key: &Secret, place: Place, sealed: &[u8]) -> Option<Vec<u8>> {
    cipher(key).decrypt(&place.nonce(), sealed).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { block: 7, group: 1 };

    #[test]
    fn only_all_keys_at_the_same_place_open() {
        let (a, b) = ([1; 32], [2; 32]);
        let key = joint(b"backup", &[a, b]);
        let sealed = seal(&key, PLACE, b"rows").unwrap();
        assert_eq!(open(&key, PLACE, &sealed).unwrap(), b"rows");
        for other in [
            joint(b"backup", &[a]),
            joint(b"backup", &[b]),
            joint(b"backup", &[a, [0; 32]]),
            joint(b"another", &[a, b]),
        ] {
            assert_eq!(open(&other, PLACE, &sealed), None);
        }
        let elsewhere = Place { group: 2, ..PLACE };
        assert_eq!(open(&key, elsewhere, &sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(open(&key, PLACE, &changed), None);
        }
    }
}
