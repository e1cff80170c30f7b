//! Secrets that the server needs in the clear are kept sealed: with a key that is not in the database, and bound to their
//! place, so that neither a copy of the database nor a row put elsewhere opens them.
//!
//! Of what is only compared (tokens, sessions, links, passwords) digests are kept instead, which need no key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::error::{Error, Result};
use crate::id;

pub(crate) mod key_file;
pub(crate) mod store;

/// What is sealed begins so; the key's id and the sealed bytes follow.
const MARK: &str = "sealed:";
/// Bytes of a key.
const KEY: usize = 32;

/// A key, and how what it sealed names it.
#[derive(Debug)]
struct Key {
    id: String,
    sealer: LessSafeKey,
}

/// The keys: the first seals, all of them open.
#[derive(Debug, Default)]
pub(crate) struct Vault {
    keys: Vec<Key>,
}

/// Where a secret is kept. It opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// A table, or a file of the data folder.
    pub(crate) table: &'a str,
    pub(crate) column: &'a str,
    /// What names the row.
    pub(crate) row: &'a str,
}

impl<'a> Place<'a> {
    /// A setting of the installation.
    pub(crate) const fn setting(name: &'a str) -> Self {
        Self {
            table: "setting",
            column: "value",
            row: name,
        }
    }

    fn as_aad(&self, key_id: &str) -> Aad<Vec<u8>> {
        let parts = [key_id, self.table, self.column, self.row];
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        Aad::from(bytes)
    }
}

impl Vault {
    /// Reads keys: 64 hexadecimal digits each, as [`words`] finds them.
    ///
    /// # Errors
    /// What is wrong with the text, without saying any of it.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        let keys: Option<Vec<Key>> = words(text).map(Key::read).collect();
        let keys = keys.ok_or(
            "a key is 64 hexadecimal digits: make one with openssl rand -hex 32, and copy it whole",
        )?;
        if keys.is_empty() {
            return Err("there is no key in it: a key is 64 hexadecimal digits");
        }
        Ok(Self { keys })
    }

    /// How many keys it has; more than one while they are changed.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Seals a secret for its place.
    ///
    /// # Errors
    /// Where there is no key, or the operating system has no random bytes.
    pub(crate) fn seal(&self, place: Place<'_>, secret: &str) -> Result<String> {
        let failed = |_| Error::internal("a secret could not be sealed");
        let key = self.keys.first().ok_or_else(no_key)?;
        let nonce = id::random::<NONCE_LEN>()?;
        let mut bytes = secret.as_bytes().to_vec();
        let nonce_of = Nonce::assume_unique_for_key(nonce);
        key.sealer
            .seal_in_place_append_tag(nonce_of, place.as_aad(&key.id), &mut bytes)
            .map_err(failed)?;
        let whole = URL_SAFE_NO_PAD.encode([&nonce[..], &bytes].concat());
        Ok(format!("{MARK}{}:{whole}", key.id))
    }

    /// Opens what was sealed for a place.
    ///
    /// # Errors
    /// Where its key is not here, or it was sealed for another place, or changed.
    pub(crate) fn open(&self, place: Place<'_>, kept: &str) -> Result<String> {
        let named = || format!("{} of {} in {}", place.column, place.row, place.table);
        let broken = || {
            Error::internal(format!(
                "the secret {} does not open: it was changed, or belongs to another place",
                named()
            ))
        };
        let rest = kept.strip_prefix(MARK).ok_or_else(broken)?;
        let (key_id, sealed) = rest.split_once(':').ok_or_else(broken)?;
        let key = self.keys.iter().find(|key| key.id == key_id);
        let key = key.ok_or_else(|| {
            Error::internal(format!(
                "the secret {} is sealed with the key {key_id}, which is not here",
                named()
            ))
        })?;
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| broken())?;
        let (nonce, sealed) = bytes.split_first_chunk().ok_or_else(broken)?;
        let mut sealed = sealed.to_vec();
        let opened = key
            .sealer
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                place.as_aad(key_id),
                &mut sealed,
            )
            .map_err(|_| broken())?;
        String::from_utf8(opened.to_vec()).map_err(|_| broken())
    }

    /// Whether the key that seals now has sealed this.
    fn is_current(&self, kept: &str) -> bool {
        let key = self.keys.first();
        key.is_some_and(|key| key_of(kept) == Some(key.id.as_str()))
    }

    /// Whether the key of what is sealed is here.
    fn has_key_of(&self, kept: &str) -> bool {
        key_of(kept).is_none_or(|id| self.keys.iter().any(|key| key.id == id))
    }
}

/// The id of the key that sealed something; `None` of what is not sealed.
fn key_of(kept: &str) -> Option<&str> {
    kept.strip_prefix(MARK)?.split(':').next()
}

/// The keys in a text, as they are written: with white space or commas between them; lines that begin with `#` say nothing.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(|line| line.split([',', ' ', '\t', '\r']))
        .filter(|word| !word.is_empty())
}

/// Whether something is sealed, with whatever key.
pub(crate) fn is_sealed(kept: &str) -> bool {
    kept.starts_with(MARK)
}

fn no_key() -> Error {
    Error::internal("there is no key to seal secrets with")
}

impl Key {
    fn read(word: &str) -> Option<Self> {
        let mut bytes = [0_u8; KEY];
        if word.len() != 2 * KEY || !word.is_ascii() {
            return None;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(word.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        // It says which key, and nothing of it that could be turned back.
        let id = id::digest([b"headwater key id", &bytes[..]].concat());
        let id = id.get(..8)?.to_owned();
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes).ok()?;
        Some(Self {
            id,
            sealer: LessSafeKey::new(key),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(text: &str) -> Vault {
        Vault::read(text).unwrap()
    }

    #[test]
    fn a_secret_opens_with_its_key_at_its_place_unchanged() {
        let (old, new) = ("0a".repeat(32), "0B".repeat(32));
        let one = vault(&old);
        let place = Place::setting("edge_secret");
        let sealed = one.seal(place, "hush").unwrap();
        assert!(!sealed.contains("hush"));
        assert_ne!(sealed, one.seal(place, "hush").unwrap());
        assert_eq!(one.open(place, &sealed).unwrap(), "hush");
        for other in [
            Place::setting("suppression_key"),
            Place {
                table: "other",
                ..place
            },
            Place {
                column: "other",
                ..place
            },
            Place {
                table: "settingv",
                column: "alue",
                ..place
            },
        ] {
            assert!(one.open(other, &sealed).is_err(), "{other:?}");
        }
        let mut changed = sealed.clone();
        let last = if changed.pop() == Some('A') { 'B' } else { 'A' };
        changed.push(last);
        assert!(one.open(place, &changed).is_err());
        for nothing in ["hush", "sealed:", "sealed:x:y", "sealed:x"] {
            assert!(one.open(place, nothing).is_err(), "{nothing}");
        }
        assert!(vault(&new).open(place, &sealed).is_err());
        let both = vault(&format!("# two\n{new}, {old}\n"));
        assert_eq!(both.open(place, &sealed).unwrap(), "hush");
        assert!(both.has_key_of(&sealed) && !both.is_current(&sealed));
        assert!(both.is_current(&both.seal(place, "hush").unwrap()));
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_told() {
        for text in ["", "# nothing\n", "0a", &"zz".repeat(32), &"é".repeat(32)] {
            assert!(Vault::read(text).is_err(), "{text}");
        }
    }
}
