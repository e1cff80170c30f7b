//! Addresses of callers, and what may be recorded of them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// Bits of an IPv4 address that truncation leaves.
const KEPT_OF_V4: u32 = 24;
/// Bits of an IPv6 address that truncation leaves.
const KEPT_OF_V6: u32 = 48;
/// Bits of an IPv6 address that one household or server has: networks are given out so.
const NETWORK_OF_V6: u32 = 64;

/// What a source records of its callers' addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum IpPolicy {
    /// Nothing.
    Drop,
    /// The first 24 bits of IPv4, the first 48 of IPv6.
    #[default]
    Truncate,
    /// All of it.
    Keep,
}

impl IpPolicy {
    /// What may be recorded of an address. What is no address cannot be truncated, so nothing of it
    /// is, unless everything may be.
    #[must_use]
    pub fn recorded(self, text: &str) -> Option<String> {
        match self {
            Self::Drop => None,
            Self::Truncate => read(text).map(|address| truncated(address).to_string()),
            Self::Keep => Some(text.to_owned()),
        }
    }
}

/// Reads an address; an IPv4 address in IPv6 clothes is an IPv4 address.
#[must_use]
pub fn read(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.trim().parse().ok()?;
    Some(address.to_canonical())
}

/// The address without the bits that tell households apart.
#[must_use]
pub fn truncated(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX << (Ipv4Addr::BITS - KEPT_OF_V4);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => v6_prefix(address, KEPT_OF_V6).into(),
    }
}

/// What counts as one caller: an IPv4 address, or the network of an IPv6 address, whose owner can
/// take any address in it.
#[must_use]
pub fn caller(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => v6_prefix(address, NETWORK_OF_V6).into(),
    }
}

/// Whether an address tells callers apart at all. Behind a proxy that the server does not know of,
/// everybody comes from the same private address.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            !(address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified())
        }
        IpAddr::V6(address) => {
            !(address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_unspecified())
        }
    }
}

fn v6_prefix(address: Ipv6Addr, bits: u32) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (Ipv6Addr::BITS - bits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncation_leaves_the_network_and_nothing_of_what_is_no_address() {
        for (given, left) in [
            ("203.0.113.77", Some("203.0.113.0")),
            (" 203.0.113.77 ", Some("203.0.113.0")),
            ("::ffff:203.0.113.77", Some("203.0.113.0")),
            ("2001:db8:1:2:3:4:5:6", Some("2001:db8:1::")),
            ("0.0.0.0", Some("0.0.0.0")),
            ("203.0.113.77, 198.51.100.4", None),
            ("203.0.113.77:443", None),
            ("unknown", None),
            ("", None),
        ] {
            assert_eq!(
                IpPolicy::Truncate.recorded(given).as_deref(),
                left,
                "{given}"
            );
            assert_eq!(IpPolicy::Drop.recorded(given), None);
            assert_eq!(IpPolicy::Keep.recorded(given).as_deref(), Some(given));
        }
    }

    #[test]
    fn one_household_is_one_caller() {
        let caller_of = |text: &str| read(text).map(caller);
        assert_eq!(
            caller_of("2001:db8:1:2:3:4:5:6"),
            caller_of("2001:db8:1:2:ffff::1")
        );
        assert_ne!(caller_of("2001:db8:1:2::1"), caller_of("2001:db8:1:3::1"));
        assert_ne!(caller_of("203.0.113.1"), caller_of("203.0.113.2"));
    }

    #[test]
    fn private_addresses_tell_nobody_apart() {
        for (address, public) in [
            ("203.0.113.1", true),
            ("2001:db8::1", true),
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("169.254.1.1", false),
            ("fd00::1", false),
            ("fe80::1", false),
            ("::1", false),
        ] {
            assert_eq!(read(address).map(is_public), Some(public), "{address}");
        }
    }
}
