//! A provider of identities that says and signs whatever a test wants, honest or not.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

/// The client that the provider knows.
pub(crate) const CLIENT: &str = "headwater";

/// A key that signs, and its name.
pub(crate) struct Signer {
    pub(crate) id: String,
    pair: EcdsaKeyPair,
}

impl Signer {
    /// A fresh one.
    pub(crate) fn fresh(id: &str) -> Self {
        let (kind, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let document = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).unwrap();
        Self {
            id: id.to_owned(),
            pair,
        }
    }

    /// The public half, as a provider publishes it.
    pub(crate) fn public(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": self.id, "x": part(&point[1..33]), "y": part(&point[33..])})
    }

    /// A token with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_as(&json!({"alg": "ES256", "kid": self.id}), claims)
    }

    /// The same with any header.
    pub(crate) fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = signature.unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

/// An answer to one path: its status, further headers, and its body.
pub(crate) type Said = (u16, String, String);

/// A server that answers what it was told to say, and remembers what it was asked.
pub(crate) struct Provider {
    pub(crate) base: String,
    says: Arc<Mutex<Vec<(String, Said)>>>,
    /// Head and body of each request.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Provider {
    /// One that listens, and knows nothing yet.
    pub(crate) fn silent() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let provider = Self {
            base,
            says: Arc::default(),
            asked: Arc::default(),
        };
        let (says, asked) = (Arc::clone(&provider.says), Arc::clone(&provider.asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (says, asked) = (Arc::clone(&says), Arc::clone(&asked));
                std::thread::spawn(move || converse(stream, &says, &asked));
            }
        });
        provider
    }

    /// One that says of itself what a provider does, with these keys.
    pub(crate) fn with(keys: &[&Signer]) -> Self {
        let provider = Self::silent();
        let base = &provider.base;
        provider.says(
            "/.well-known/openid-configuration",
            &json!({
                "issuer": base, "authorization_endpoint": format!("{base}/authorize"), "token_endpoint": format!("{base}/token"),
                "userinfo_endpoint": format!("{base}/me"), "jwks_uri": format!("{base}/keys"),
                "authorization_response_iss_parameter_supported": true
            }),
        );
        provider.publishes(keys);
        provider
    }

    /// Answers a path with JSON from now on.
    pub(crate) fn says(&self, path: &str, body: &Value) {
        self.answers(path, (200, String::new(), body.to_string()));
    }

    /// Answers a path so from now on.
    pub(crate) fn answers(&self, path: &str, said: Said) {
        let mut says = self.says.lock().unwrap();
        says.retain(|(known, _)| known != path);
        says.push((path.to_owned(), said));
    }

    /// Publishes these keys from now on.
    pub(crate) fn publishes(&self, keys: &[&Signer]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.public()).collect();
        self.says("/keys", &json!({"keys": keys}));
    }

    /// Gives this token for the next codes.
    pub(crate) fn grants(&self, token: &str) {
        let granted = json!({"id_token": token, "access_token": "at", "token_type": "Bearer"});
        self.says("/token", &granted);
    }

    /// What it was asked at a path.
    pub(crate) fn asked(&self, path: &str) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        let at = |request: &&String| request.split(' ').nth(1) == Some(path);
        asked.iter().filter(at).cloned().collect()
    }
}

fn converse(stream: TcpStream, says: &Mutex<Vec<(String, Said)>>, asked: &Mutex<Vec<String>>) {
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or_default() == 0 {
            return;
        }
        if let Some(text) = line.to_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
        head.push_str(&line);
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let request = format!("{head}{}", String::from_utf8_lossy(&body));
    asked.lock().unwrap().push(request);
    let said = says.lock().unwrap();
    let said = said
        .iter()
        .find(|(known, _)| *known == path)
        .map(|(_, said)| said.clone());
    let (status, headers, body) = said.unwrap_or((404, String::new(), String::new()));
    // Whoever asked may have had enough.
    if status == 0 {
        let _ = writer.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        while writer.write_all(chunk.as_bytes()).is_ok() {}
        return;
    }
    let _ = write!(
        writer,
        "HTTP/1.1 {status} Said\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
        body.len()
    );
}
