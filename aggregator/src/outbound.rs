//! The only way by which the server asks other servers for something, such as a provider of identities.
//!
//! Whom it asks is written by people into settings, so it may not be led to what only this machine or its network can reach:
//! a name is resolved once, every address that it gives is judged ([`address`]), and the connection goes to one of these
//! very addresses. Redirects are not followed, and size and time are bounded.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT_ENCODING, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

mod address;
mod allowed;

pub(crate) use allowed::{Allowed, host};

/// How long a question may take, from the name to the end of the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer.
const MOST: usize = 256 * 1024;
/// Bytes of an answer's head.
const LARGEST_HEAD: usize = 32 * 1024;

/// Asks other servers.
#[derive(Debug, Default)]
pub(crate) struct Outbound {
    /// Hosts that an operator allows though their addresses are no public ones.
    allowed: Vec<Allowed>,
    /// For development: this machine itself may be asked, and without TLS.
    insecure_loopback: bool,
    tls: OnceCell<Arc<ClientConfig>>,
}

/// What came back. It need not be a success.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// Why nothing came back, in words that name the host.
#[derive(Debug)]
pub(crate) struct Unanswered(String);

impl fmt::Display for Unanswered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Unanswered {}

type Told<T> = Result<T, Unanswered>;

fn because(words: impl Into<String>) -> Unanswered {
    Unanswered(words.into())
}

impl Outbound {
    /// With what an operator allows.
    pub(crate) fn new(allowed: Vec<Allowed>, insecure_loopback: bool) -> Self {
        Self {
            allowed,
            insecure_loopback,
            tls: OnceCell::new(),
        }
    }

    /// Whether an address may be asked, as far as can be told from it alone.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub(crate) fn check(&self, url: &Url) -> Told<()> {
        let plain = self.insecure_loopback && url.scheme() == "http";
        if url.scheme() != "https" && !plain {
            return Err(because(format!("{url} is not https")));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(because("an address holds no user and no password"));
        }
        match url.host() {
            None => Err(because(format!("{url} names no host"))),
            Some(Host::Domain(_)) => Ok(()),
            Some(Host::Ipv4(ip)) => self.judge(url, &[SocketAddr::from((ip, 0))]),
            Some(Host::Ipv6(ip)) => self.judge(url, &[SocketAddr::from((ip, 0))]),
        }
    }

    /// Sends a request and reads its answer whole.
    ///
    /// # Errors
    /// Where the address may not be asked, or nothing whole comes back in time.
    pub(crate) async fn ask(&self, url: &Url, request: Request<Bytes>) -> Told<Reply> {
        self.check(url)?;
        let host = url.host_str().unwrap_or_default();
        let answered = timeout(PATIENCE, self.converse(url, request)).await;
        answered.unwrap_or_else(|_| {
            let seconds = PATIENCE.as_secs();
            Err(because(format!(
                "{host} did not answer within {seconds} seconds"
            )))
        })
    }

    async fn converse(&self, url: &Url, request: Request<Bytes>) -> Told<Reply> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let addresses = self.resolve(url).await?;
        let stream = connect(&host, &addresses).await?;
        if url.scheme() == "http" {
            return exchange(stream, url, &host, request).await;
        }
        let name = match url.host() {
            Some(Host::Ipv4(ip)) => ServerName::from(std::net::IpAddr::from(ip)),
            Some(Host::Ipv6(ip)) => ServerName::from(std::net::IpAddr::from(ip)),
            _ => ServerName::try_from(host.trim_end_matches('.').to_owned())
                .map_err(|_| because(format!("{host} is no name that a certificate has")))?,
        };
        let tls = self.tls.get_or_try_init(trust).await?;
        let stream = TlsConnector::from(Arc::clone(tls))
            .connect(name, stream)
            .await
            .map_err(|error| {
                because(format!(
                    "no secure connection to {host} could be made: {error}"
                ))
            })?;
        exchange(stream, url, &host, request).await
    }

    /// The addresses of a host, all of which may be asked.
    async fn resolve(&self, url: &Url) -> Told<Vec<SocketAddr>> {
        let port = url.port_or_known_default().unwrap_or(443);
        let addresses: Vec<SocketAddr> = match url.host() {
            Some(Host::Ipv4(ip)) => vec![(ip, port).into()],
            Some(Host::Ipv6(ip)) => vec![(ip, port).into()],
            Some(Host::Domain(name)) => {
                let found = lookup_host((name, port)).await;
                found
                    .map_err(|error| because(format!("{name} has no address: {error}")))?
                    .collect()
            }
            None => Vec::new(),
        };
        if addresses.is_empty() {
            return Err(because("this host has no address"));
        }
        self.judge(url, &addresses)?;
        Ok(addresses)
    }

    /// Every address has to be one that may be asked: of a name with several, nobody knows which is taken.
    fn judge(&self, url: &Url, addresses: &[SocketAddr]) -> Told<()> {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or(443);
        let is_allowed = self.allowed.iter().any(|allowed| allowed.has(host, port));
        for address in addresses {
            let ip = address.ip().to_canonical();
            let own = self.insecure_loopback && ip.is_loopback();
            if url.scheme() != "https" && !own {
                return Err(because(format!("{url} is not https")));
            }
            if own || address::is_public(ip) || (is_allowed && !address::is_link_local(ip)) {
                continue;
            }
            return Err(because(format!(
                "{host} is at {ip}, which is no public address: if it is meant, start headwater serve with --allow-outbound {host}"
            )));
        }
        Ok(())
    }
}

async fn connect(host: &str, addresses: &[SocketAddr]) -> Told<TcpStream> {
    let mut last = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    let why = last.map_or_else(String::new, |error| format!(": {error}"));
    Err(because(format!("{host} cannot be reached{why}")))
}

/// TLS with the certificate authorities that the system trusts.
async fn trust() -> Told<Arc<ClientConfig>> {
    let loaded = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs);
    let loaded = loaded.await.map_err(|error| because(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(loaded.certs);
    if roots.is_empty() {
        return Err(because(
            "this machine has no list of certificate authorities: install ca-certificates, or name a file with the variable SSL_CERT_FILE",
        ));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| because(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[expect(clippy::disallowed_methods, reason = "this is the one outbound client")]
async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    url: &Url,
    host: &str,
    request: Request<Bytes>,
) -> Told<Reply> {
    let broken =
        |error: hyper::Error| because(format!("{host} does not speak HTTP as it should: {error}"));
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(LARGEST_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    // It ends with the answer, or when this future is dropped, and the sender with it.
    let connection = tokio::spawn(connection);
    let (mut parts, body) = request.into_parts();
    parts.uri = url[url::Position::BeforePath..url::Position::AfterQuery]
        .parse()
        .map_err(|_| because(format!("{url} cannot be asked for")))?;
    let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let authority = HeaderValue::from_str(authority);
    parts.headers.insert(
        HOST,
        authority.map_err(|_| because(format!("{url} cannot be asked for")))?,
    );
    parts
        .headers
        .insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    parts
        .headers
        .insert(USER_AGENT, HeaderValue::from_static("headwater"));
    let request = Request::from_parts(parts, Full::new(body));
    let response = sender.send_request(request).await.map_err(broken)?;
    let status = response.status();
    let body = Limited::new(response.into_body(), MOST).collect().await;
    drop(sender);
    connection.abort();
    let body = body.map_err(|error| {
        because(if error.is::<LengthLimitError>() {
            format!("{host} answers with more than {MOST} bytes")
        } else {
            format!("{host} broke its answer off: {error}")
        })
    })?;
    Ok(Reply {
        status,
        body: body.to_bytes(),
    })
}
