//! Passwords: what one has to be, and the slow digest that is kept of it.

use argon2::{Algorithm, Argon2, Params, Version};
use cdp_core::hex::hex;
use tokio::sync::Semaphore;

use crate::error::{Code, Error, Result};
use crate::id;

/// Characters of a password.
const SHORTEST: usize = 12;
const LONGEST: usize = 256;
/// Memory in KiB, passes and lanes, as OWASP advises for Argon2id.
const COST: (u32, u32, u32) = (19_456, 2, 1);
/// Bytes of a digest.
const DIGEST: usize = 32;
/// How many are computed at a time: each takes 19 MB and a processor.
const AT_A_TIME: usize = 2;

/// Long enough, and tried first by everybody who guesses.
const COMMONEST: [&str; 24] = [
    "123456789012",
    "1234567890123",
    "12345678901234",
    "123123123123",
    "111111111111",
    "000000000000",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwerty123456",
    "qwertyuiopas",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "password1234",
    "password12345",
    "password123456",
    "passwordpassword",
    "iloveyou1234",
    "letmein12345",
    "administrator",
    "admin1234567",
    "welcome12345",
    "changeme1234",
    "correcthorsebatterystaple",
    "abcdefghijkl",
];

/// Whether a password may be taken.
///
/// # Errors
/// Says what is wrong with it.
pub(crate) fn check(password: &str, email: &str) -> Result<()> {
    let refuse = |words: String| Err(Error::new(Code::InvalidDefinition, words));
    let length = password.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        return refuse(format!(
            "a password has {SHORTEST} to {LONGEST} characters: a few words in a row are easy to keep in mind"
        ));
    }
    let plain = password.to_lowercase();
    let one_letter = plain.chars().all(|letter| plain.starts_with(letter));
    if plain == email.to_lowercase() || one_letter || COMMONEST.contains(&plain.as_str()) {
        return refuse(
            "this password is among the first that anybody would try: take another".to_owned(),
        );
    }
    Ok(())
}

/// Computes digests, a few at a time and never where requests are served.
#[derive(Debug)]
pub(crate) struct Hasher {
    turns: Semaphore,
}

impl Default for Hasher {
    fn default() -> Self {
        Self {
            turns: Semaphore::new(AT_A_TIME),
        }
    }
}

impl Hasher {
    /// What is kept of a password: its cost, salt and digest.
    pub(crate) async fn hash(&self, password: &str) -> Result<String> {
        let salt = hex(&id::random::<16>()?);
        let (memory, passes, lanes) = COST;
        let digest = self.run(password, COST, salt.clone()).await?;
        Ok(format!(
            "argon2id${memory}${passes}${lanes}${salt}${digest}"
        ))
    }

    /// Whether a password is the one that `kept` was made of. With nothing kept it takes as long, and is not.
    pub(crate) async fn verify(&self, password: &str, kept: Option<&str>) -> Result<bool> {
        let parts: Vec<&str> = kept.unwrap_or_default().split('$').collect();
        let [_, memory, passes, lanes, salt, digest] = parts[..] else {
            self.run(password, COST, "0".repeat(32)).await?;
            return Ok(false);
        };
        let number = |text: &str| text.parse::<u32>().map_err(Error::internal);
        let cost = (number(memory)?, number(passes)?, number(lanes)?);
        let found = self.run(password, cost, salt.to_owned()).await?;
        Ok(same(found.as_bytes(), digest.as_bytes()))
    }

    async fn run(
        &self,
        password: &str,
        (memory, passes, lanes): (u32, u32, u32),
        salt: String,
    ) -> Result<String> {
        let wrong = |error: argon2::Error| Error::internal(error.to_string());
        let params = Params::new(memory, passes, lanes, Some(DIGEST)).map_err(wrong)?;
        let _turn = self.turns.acquire().await.map_err(Error::internal)?;
        let password = password.to_owned();
        let work = tokio::task::spawn_blocking(move || {
            let mut digest = [0; DIGEST];
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            argon2
                .hash_password_into(password.as_bytes(), salt.as_bytes(), &mut digest)
                .map(|()| hex(&digest))
        });
        work.await.map_err(Error::internal)?.map_err(wrong)
    }
}

/// Compares in a time that does not tell where the first difference is.
fn same(left: &[u8], right: &[u8]) -> bool {
    let pairs = left.iter().zip(right);
    left.len() == right.len() && pairs.fold(0, |other, (a, b)| other | (a ^ b)) == 0
}
