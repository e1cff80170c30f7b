//! Hosts that an operator allows though they are not public.

use url::Host;

/// A host, and the port if only one of its ports is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// As a URL writes it.
    host: String,
    port: Option<u16>,
}

impl Allowed {
    /// Whether it allows a host, as a URL writes it, at a port.
    pub(super) fn has(&self, host: &str, port: u16) -> bool {
        self.host.eq_ignore_ascii_case(host) && self.port.is_none_or(|own| own == port)
    }
}

/// Reads `--allow-outbound`: a name or an address, perhaps with a port.
pub(crate) fn host(text: &str) -> Result<Allowed, String> {
    let wrong = || {
        "write a host such as login.example.internal, 10.0.0.7 or [fd12::7], with :PORT if only one port is meant".to_owned()
    };
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port))
            if !host.ends_with(':') && (!host.contains(':') || host.ends_with(']')) =>
        {
            (host, Some(port.parse().map_err(|_| wrong())?))
        }
        _ => (text, None),
    };
    let host = Host::parse(host).map_err(|_| wrong())?;
    Ok(Allowed {
        host: host.to_string(),
        port,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_allowed_by_its_name_or_address_and_perhaps_its_port() {
        let allows = |text: &str, name: &str, port| host(text).is_ok_and(|one| one.has(name, port));
        assert!(allows("login.internal", "login.internal", 443));
        assert!(allows("Login.Internal:8443", "login.internal", 8443));
        assert!(!allows("login.internal:8443", "login.internal", 443));
        assert!(!allows("login.internal", "evil.login.internal", 443));
        assert!(allows("10.0.0.7", "10.0.0.7", 1));
        assert!(allows("10.0.0.7:99", "10.0.0.7", 99));
        assert!(allows("[fd12::7]", "[fd12::7]", 1));
        assert!(allows("[fd12::7]:99", "[fd12::7]", 99));
        for text in ["", "a b", "fd12::7", "login.internal:port", "login:99999"] {
            assert!(host(text).is_err(), "{text}");
        }
    }
}
