//! Signatures of ID tokens: JSON Web Signatures in compact form, with the keys that the provider publishes.
//!
//! Which algorithms count is decided here, never by a token: all are of public keys, so that nothing that is public can
//! sign, and a key counts only for algorithms of its own kind.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Keys of a set that are read.
const MOST_KEYS: usize = 64;
/// Bytes of a token.
const LONGEST: usize = 32 * 1024;

/// A public key.
#[derive(Debug)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// A key of the provider.
#[derive(Debug)]
pub(super) struct Key {
    id: Option<String>,
    /// The only algorithm that it is for, where that is said.
    algorithm: Option<String>,
    material: Material,
}

#[derive(Deserialize)]
struct Published {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// The keys of a published set that can be used; those of other kinds are left out.
///
/// # Errors
/// Where it is no set of keys.
pub(super) fn keys(body: &[u8]) -> Result<Vec<Key>, serde_json::Error> {
    let published: Published = serde_json::from_slice(body)?;
    let keys = published.keys.into_iter().take(MOST_KEYS);
    Ok(keys
        .filter_map(|key| serde_json::from_value(key).ok())
        .filter_map(key)
        .collect())
}

fn bytes(text: Option<&String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text?).ok()
}

fn key(jwk: Jwk) -> Option<Key> {
    if jwk
        .purpose
        .as_deref()
        .is_some_and(|purpose| purpose != "sig")
    {
        return None;
    }
    let number = |text: Option<&String>| {
        let bytes = bytes(text)?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Some(bytes[zeros..].to_vec())
    };
    let point = |length: usize| {
        let (x, y) = (bytes(jwk.x.as_ref())?, bytes(jwk.y.as_ref())?);
        let whole = x.len() == length && y.len() == length;
        whole.then(|| [&[4], &x[..], &y[..]].concat())
    };
    let material = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => Material::Rsa {
            n: number(jwk.n.as_ref())?,
            e: number(jwk.e.as_ref())?,
        },
        ("EC", Some("P-256")) => Material::P256(point(32)?),
        ("EC", Some("P-384")) => Material::P384(point(48)?),
        ("OKP", Some("Ed25519")) => Material::Ed25519(bytes(jwk.x.as_ref())?),
        _ => return None,
    };
    Some(Key {
        id: jwk.kid,
        algorithm: jwk.alg,
        material,
    })
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It is no signed token.
    Malformed,
    /// Its algorithm is none that counts.
    Algorithm,
    /// No key has its id.
    UnknownKey,
    /// The signature is not of its key.
    Signature,
}

impl Doubt {
    /// For people and for the log.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Malformed => "its token cannot be read",
            Self::Algorithm => "its token is not signed in a way that can be trusted",
            Self::UnknownKey => "its token is signed with a key that it does not publish",
            Self::Signature => "its token's signature is wrong",
        }
    }
}

/// What a token says, once its signature is seen to be of one of the keys.
///
/// # Errors
/// Why it is not believed.
pub(super) fn verified(token: &str, keys: &[Key]) -> Result<Vec<u8>, Doubt> {
    if token.len() > LONGEST {
        return Err(Doubt::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(Doubt::Malformed)?;
    let (head, claims) = signed.split_once('.').ok_or(Doubt::Malformed)?;
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| Doubt::Malformed);
    let header: Header = serde_json::from_slice(&decode(head)?).map_err(|_| Doubt::Malformed)?;
    let (claims, signature) = (decode(claims)?, decode(signature)?);
    if header.crit.is_some() {
        return Err(Doubt::Malformed);
    }
    if !is_known(&header.alg) {
        return Err(Doubt::Algorithm);
    }
    let mut known = false;
    for key in keys {
        if header.kid.is_some() && key.id != header.kid {
            continue;
        }
        known = true;
        let is_for = key.algorithm.as_ref().is_none_or(|own| *own == header.alg);
        if is_for && signs(&key.material, &header.alg, signed.as_bytes(), &signature) {
            return Ok(claims);
        }
    }
    Err(if known {
        Doubt::Signature
    } else {
        Doubt::UnknownKey
    })
}

fn rsa(algorithm: &str) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        "RS256" => &RSA_PKCS1_2048_8192_SHA256,
        "RS384" => &RSA_PKCS1_2048_8192_SHA384,
        "RS512" => &RSA_PKCS1_2048_8192_SHA512,
        "PS256" => &RSA_PSS_2048_8192_SHA256,
        "PS384" => &RSA_PSS_2048_8192_SHA384,
        "PS512" => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

fn is_known(algorithm: &str) -> bool {
    rsa(algorithm).is_some() || ["ES256", "ES384", "EdDSA"].contains(&algorithm)
}

fn signs(material: &Material, algorithm: &str, signed: &[u8], signature: &[u8]) -> bool {
    let with = |kind: &'static dyn VerificationAlgorithm, key: &[u8]| {
        UnparsedPublicKey::new(kind, key)
            .verify(signed, signature)
            .is_ok()
    };
    match (material, algorithm) {
        (Material::Rsa { n, e }, algorithm) => rsa(algorithm).is_some_and(|parameters| {
            RsaPublicKeyComponents { n, e }
                .verify(parameters, signed, signature)
                .is_ok()
        }),
        (Material::P256(key), "ES256") => with(&ECDSA_P256_SHA256_FIXED, key),
        (Material::P384(key), "ES384") => with(&ECDSA_P384_SHA384_FIXED, key),
        (Material::Ed25519(key), "EdDSA") => with(&ED25519, key),
        _ => false,
    }
}
