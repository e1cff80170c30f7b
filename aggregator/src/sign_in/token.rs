//! What an ID token has to say, once its signature is right, to be an answer to our question.

use cdp_core::time::{Span, Timestamp};
use serde::{Deserialize, Deserializer};

/// How far the provider's clock may be from ours.
const LEEWAY: Span = Span::from_seconds(60);
/// How long ago a token may have been made: a sign-in takes no longer.
const OLDEST: Span = Span::from_seconds(3600);
/// Bytes of a subject, by the specification.
const LONGEST_SUBJECT: usize = 255;

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nonce: Option<String>,
    #[serde(flatten)]
    person: Person,
}

/// What a provider says of a person, in a token or when asked.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Person {
    pub(super) email: Option<String>,
    #[serde(default, deserialize_with = "truth")]
    pub(super) email_verified: Option<bool>,
    pub(super) name: Option<String>,
}

/// A truth value, which some providers write as a text.
fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Told {
        Truth(bool),
        Text(String),
    }
    let told = Option::<Told>::deserialize(deserializer)?;
    Ok(told.and_then(|told| match told {
        Told::Truth(truth) => Some(truth),
        Told::Text(text) => text.parse().ok(),
    }))
}

/// Somebody whom the provider knows.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    /// The provider's own id of the account, which stays.
    pub(super) subject: String,
    pub(super) person: Person,
}

/// Whom a token has to be for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: Timestamp,
}

/// Who somebody is by a token's claims.
///
/// # Errors
/// Why the token is no answer to our question.
pub(super) fn identity(claims: &[u8], expected: Expected<'_>) -> Result<Identity, &'static str> {
    let claims: Claims =
        serde_json::from_slice(claims).map_err(|_| "its token lacks what one has to say")?;
    if claims.iss != expected.issuer {
        return Err("its token is of another issuer");
    }
    let audience = match claims.aud {
        Audience::One(one) => vec![one],
        Audience::Many(many) => many,
    };
    if !audience.iter().any(|one| one == expected.client_id) {
        return Err("its token is for another client");
    }
    let azp = claims.azp.as_deref();
    if (audience.len() > 1 || azp.is_some()) && azp != Some(expected.client_id) {
        return Err("its token was made for another client");
    }
    let seconds = expected.now.as_micros() as f64 / 1e6;
    let leeway = LEEWAY.as_micros() as f64 / 1e6;
    if claims.exp <= seconds - leeway {
        return Err("its token has ended: is the clock of this server right?");
    }
    let age = seconds - claims.iat;
    if !(-leeway..=OLDEST.as_micros() as f64 / 1e6).contains(&age) {
        return Err("its token was not made just now: is the clock of this server right?");
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err("its token belongs to another sign-in");
    }
    if claims.sub.is_empty() || claims.sub.len() > LONGEST_SUBJECT {
        return Err("its token names nobody");
    }
    Ok(Identity {
        subject: claims.sub,
        person: claims.person,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(change: impl FnOnce(&mut Value)) -> Result<Identity, &'static str> {
        let mut claims = json!({"iss": "https://op.test", "sub": "7", "aud": "hw", "exp": 2_000, "iat": 1_000, "nonce": "n", "email": "a@b.test", "email_verified": true});
        change(&mut claims);
        let expected = Expected {
            issuer: "https://op.test",
            client_id: "hw",
            nonce: "n",
            now: Timestamp::from_micros(1_000_000_000),
        };
        identity(claims.to_string().as_bytes(), expected)
    }

    #[test]
    fn a_token_is_taken_that_answers_our_question() {
        let identity = read(|_| {}).unwrap();
        assert_eq!(identity.subject, "7");
        assert_eq!(identity.person.email.as_deref(), Some("a@b.test"));
        for change in [
            ("aud", json!(["hw"])),
            ("azp", json!("hw")),
            ("exp", json!(941.5)),
            ("iat", json!(1_059)),
            ("name", json!("Ada")),
        ] {
            let (name, value) = change.clone();
            assert!(read(|claims| claims[name] = value).is_ok(), "{change:?}");
        }
        let both = read(|claims| {
            claims["aud"] = json!(["other", "hw"]);
            claims["azp"] = json!("hw");
        });
        assert!(both.is_ok());
        // As some providers write it; what is neither says nothing.
        for (told, verified) in [("true", Some(true)), ("false", Some(false)), ("yes", None)] {
            let identity = read(|claims| claims["email_verified"] = json!(told)).unwrap();
            assert_eq!(identity.person.email_verified, verified);
        }
    }

    #[test]
    fn any_other_token_is_refused() {
        for change in [
            ("iss", json!("https://op.test/")),
            ("iss", Value::Null),
            ("sub", json!("")),
            ("sub", json!("s".repeat(256))),
            ("aud", json!("other")),
            ("aud", json!([])),
            ("aud", json!(["hw", "other"])),
            ("azp", json!("other")),
            ("exp", json!(900)),
            ("exp", json!("2000")),
            ("iat", json!(1_061)),
            ("iat", json!(-3_000)),
            ("nonce", json!("other")),
            ("nonce", Value::Null),
        ] {
            let (name, value) = change.clone();
            assert!(read(|claims| claims[name] = value).is_err(), "{change:?}");
        }
    }
}
