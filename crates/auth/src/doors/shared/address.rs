//! From where a request comes: the peer, or what a trusted proxy says of it (SEC-14).

use http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;
use std::net::IpAddr;

static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address and whether it can be trusted to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress {
    /// The address that limits count by.
    pub address: IpAddr,
    /// A proxy in a private network forwarded this, and nobody declared it: everybody would share its address.
    pub undeclared_proxy: bool,
}

impl ClientAddress {
    /// Judges the peer and its forwarding headers: the right-most hop that is no trusted proxy.
    pub fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let peer = peer.to_canonical();
        let is_trusted = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
        if !is_trusted(&peer) {
            let forwarded = headers.contains_key(&FORWARDED_FOR) || headers.contains_key(header::FORWARDED);
            return Self { address: peer, undeclared_proxy: trusted.is_empty() && forwarded && is_private(peer) };
        }
        let hops = headers.get_all(&FORWARDED_FOR).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(','));
        let hops: Vec<Option<IpAddr>> =
            hops.map(|hop| hop.trim().parse().ok().map(|ip: IpAddr| ip.to_canonical())).collect();
        let mut address = peer;
        for hop in hops.into_iter().rev() {
            // What stands before something unreadable was written by nobody that is trusted.
            let Some(hop) = hop else { break };
            address = hop;
            if !is_trusted(&hop) {
                break;
            }
        }
        Self { address, undeclared_proxy: false }
    }
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(peer: &str, forwarded: &[&str], trusted: &[&str]) -> ClientAddress {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(&FORWARDED_FOR, value.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|t| t.parse().unwrap()).collect();
        ClientAddress::of(peer.parse().unwrap(), &headers, &trusted)
    }

    #[test]
    fn sec_14_headers_are_ignored_unless_the_peer_is_trusted() {
        assert_eq!(of("198.51.100.7", &["203.0.113.9"], &[]).address.to_string(), "198.51.100.7");
        assert!(!of("198.51.100.7", &["203.0.113.9"], &[]).undeclared_proxy);
        assert!(of("10.0.0.1", &["203.0.113.9"], &[]).undeclared_proxy);
        assert!(!of("10.0.0.1", &[], &[]).undeclared_proxy);
        assert_eq!(of("10.0.0.1", &["203.0.113.9"], &["192.168.0.0/16"]).address.to_string(), "10.0.0.1");
    }

    #[test]
    fn sec_14_the_right_most_hop_that_is_not_trusted_counts() {
        let trusted = &["10.0.0.0/8"];
        let ip = |forwarded: &[&str]| of("10.0.0.1", forwarded, trusted).address.to_string();
        assert_eq!(ip(&["1.1.1.1, 203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(ip(&["1.1.1.1", "203.0.113.9"]), "203.0.113.9");
        assert_eq!(ip(&["203.0.113.9, nonsense, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(ip(&[]), "10.0.0.1");
        assert_eq!(ip(&["::ffff:203.0.113.9"]), "203.0.113.9");
    }
}
