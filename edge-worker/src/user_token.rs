//! User tokens, by which a customer's server says whose browser is asking: JSON Web Tokens (RFC 7519)
//! signed with HS256 by a key of the space, and nothing else of what that standard allows.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cdp_core::source::{SourceConfig, UserTokenKey};
use cdp_core::time::{Span, Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::Sha256;

/// Bytes of a token; more is none of ours.
const LONGEST: usize = 4_096;
/// How far in the future a token may end: one that leaks is of no use for long.
const LONGEST_LIFE: Span = Span::from_seconds(24 * 3_600);
/// How far the clocks of customer and edge may differ.
const SLACK: Span = Span::from_seconds(60);

#[derive(Deserialize)]
struct Header {
    alg: String,
    /// What a reader has to understand beyond the standard (RFC 7515, 4.1.11).
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: f64,
    aud: Audience,
    nbf: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// The user whom a token of the source's space names, or what is wrong with the token.
pub(crate) fn verify(token: &str, config: &SourceConfig, now: Timestamp) -> Result<String, String> {
    let wrong = |how: &str| format!("the user token {how}");
    if token.len() > LONGEST {
        return Err(wrong("is longer than 4096 bytes"));
    }
    let form = || wrong("is no JSON Web Token: send header.payload.signature, each in base64url");
    let (signed, signature) = token.rsplit_once('.').ok_or_else(form)?;
    let (header, claims) = signed.split_once('.').ok_or_else(form)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| form());
    let (header, claims, signature) = (decode(header)?, decode(claims)?, decode(signature)?);
    let header: Header = serde_json::from_slice(&header).map_err(|_| form())?;
    if header.alg != "HS256" || header.crit.is_some() {
        return Err(wrong("has to be signed with HS256, without \"crit\""));
    }
    let keys = &config.user_token_keys;
    if keys.is_empty() {
        return Err(wrong(
            "cannot be checked: the space has no key for user tokens, make one with POST /api/v1/user-token-keys",
        ));
    }
    let key = keys
        .iter()
        .find(|key| signs(key, signed.as_bytes(), &signature))
        .ok_or_else(|| wrong("is not signed with a key of this space"))?;
    if key.valid_until.is_some_and(|until| until <= now) {
        return Err(wrong(
            "is signed with a key that another has replaced: sign with the youngest",
        ));
    }
    let claims: Claims = serde_json::from_slice(&claims).map_err(|error| {
        wrong(&format!(
            "does not say what it has to ({error}): sign {{\"sub\":user id,\"exp\":seconds since 1970,\"aud\":space id}}"
        ))
    })?;
    check(&claims, &config.space_id, now).map_err(|how| wrong(&how))?;
    Ok(claims.sub)
}

/// Whether this key made the signature; compared in constant time. An empty key signs nothing.
fn signs(key: &UserTokenKey, signed: &[u8], signature: &[u8]) -> bool {
    let mac = Hmac::<Sha256>::new_from_slice(key.secret.as_bytes());
    let verified = mac.map(|mac| mac.chain_update(signed).verify_slice(signature));
    !key.secret.is_empty() && matches!(verified, Ok(Ok(())))
}

fn check(claims: &Claims, space_id: &str, now: Timestamp) -> Result<(), String> {
    let meant = match &claims.aud {
        Audience::One(audience) => audience == space_id,
        Audience::Several(audiences) => audiences.iter().any(|audience| audience == space_id),
    };
    let (earliest, now_is) = (seconds(now.plus(SLACK.negated())), seconds(now));
    let latest = seconds(now.plus(SLACK));
    if claims.sub.is_empty() {
        Err("names nobody: \"sub\" is the user id".to_owned())
    } else if !meant {
        Err(format!(
            "is for another space: \"aud\" has to be {space_id}"
        ))
    } else if claims.exp <= earliest {
        Err(format!(
            "has expired {:.0} seconds ago: sign a new one",
            now_is - claims.exp
        ))
    } else if claims.exp > seconds(now.plus(LONGEST_LIFE).plus(SLACK)) {
        Err(
            "is valid for too long: \"exp\" is seconds since 1970, at most 24 hours from now"
                .to_owned(),
        )
    } else if claims.nbf.is_some_and(|begin| begin > latest) {
        Err("is not valid yet: \"nbf\" is in the future".to_owned())
    } else {
        Ok(())
    }
}

/// Seconds since 1970, as tokens have them.
fn seconds(at: Timestamp) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "no clock is that exact")]
    let micros = at.as_micros() as f64;
    micros / 1_000_000.0
}
