//! Who calls: the address of the connection, or what proxies that are trusted say of it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ipnet::IpNet;

/// Proxies whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Networks, or single addresses.
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks.into())
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The caller, from the connection's address and the chain of proxies: each wrote down whom it
    /// heard from, so the first that is not trusted, from our end, is the caller. Whatever stands
    /// before that a client may have made up.
    fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut caller = peer.to_canonical();
        let chain: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        for hop in chain.into_iter().rev() {
            if !self.trusts(caller) {
                break;
            }
            match address(hop) {
                Some(before) => caller = before,
                None => break,
            }
        }
        caller
    }
}

/// Reads a hop; some proxies write the port too.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    cdp_core::address::read(bare).or_else(|| {
        hop.parse()
            .ok()
            .map(|socket: SocketAddr| socket.ip().to_canonical())
    })
}

/// The caller of a request.
pub(crate) fn of(parts: &Parts) -> Option<IpAddr> {
    let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    let proxies = parts.extensions.get::<TrustedProxies>()?;
    Some(proxies.caller(peer.ip(), &parts.headers))
}

/// Whether the browser came over https, as a proxy that is trusted says; this server itself speaks http.
pub(crate) fn is_secure(parts: &Parts) -> bool {
    let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else {
        return false;
    };
    let trusted = parts
        .extensions
        .get::<TrustedProxies>()
        .is_some_and(|proxies| proxies.trusts(peer.ip().to_canonical()));
    let said = parts.headers.get("x-forwarded-proto");
    trusted && said.is_some_and(|said| said.as_bytes().eq_ignore_ascii_case(b"https"))
}

/// Reads `--trusted-proxy`: an address or a network.
pub(crate) fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| {
            "write an address such as 10.0.0.7, or a network such as 10.0.0.0/8".to_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn caller(peer: &str, chain: &[&str]) -> Option<String> {
        let networks = ["10.0.0.0/8", "127.0.0.1"].map(network);
        let networks = networks.into_iter().collect::<Result<_, _>>().ok()?;
        let mut headers = HeaderMap::new();
        for value in chain {
            headers.append("x-forwarded-for", HeaderValue::from_str(value).ok()?);
        }
        let caller = TrustedProxies::new(networks).caller(peer.parse().ok()?, &headers);
        Some(caller.to_string())
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        for (peer, chain, wanted) in [
            ("203.0.113.1", &["198.51.100.1"][..], "203.0.113.1"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:127.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            (
                "127.0.0.1",
                &["1.1.1.1, 198.51.100.1, 10.1.2.3"],
                "198.51.100.1",
            ),
            (
                "127.0.0.1",
                &["1.1.1.1", "198.51.100.1,10.1.2.3"],
                "198.51.100.1",
            ),
            ("127.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("127.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("127.0.0.1", &["2001:db8::1"], "2001:db8::1"),
            ("127.0.0.1", &["nonsense"], "127.0.0.1"),
        ] {
            assert_eq!(
                caller(peer, chain).as_deref(),
                Some(wanted),
                "{peer} {chain:?}"
            );
        }
    }

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        assert!(network("10.0.0.7").is_ok() && network("2001:db8::/32").is_ok());
        assert!(network("proxy.example").is_err());
    }
}
