//! Which addresses a request may go to whose target somebody else chose (SEC-121): those of the public internet, and no
//! other by accident.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IANA's special-purpose networks of IPv4, multicast and the reserved rest.
const SPECIAL_V4: [([u8; 4], u32); 16] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 52, 193, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 3),
];

/// What lies inside 2000::/3 and is not the public internet, or leads to an IPv4 address that nobody looked at:
/// protocol assignments with Teredo, documentation, 6to4, and documentation again.
const SPECIAL_V6: [([u16; 2], u32); 4] =
    [([0x2001, 0], 23), ([0x2001, 0xdb8], 32), ([0x2002, 0], 16), ([0x3fff, 0], 20)];

/// Whether an address is of the public internet. Of IPv6 only 2000::/3 is: that leaves out loopback, mapped and
/// compatible addresses, NAT64, unique local, link-local, site-local and multicast ones.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !SPECIAL_V4.iter().any(|(net, bits)| covers_v4(*net, *bits, v4)),
        IpAddr::V6(v6) => {
            let global = v6.segments().first().is_some_and(|first| first >> 13 == 1);
            global && !SPECIAL_V6.iter().any(|(net, bits)| covers_v6(*net, *bits, v6))
        }
    }
}

fn covers_v4(net: [u8; 4], bits: u32, address: Ipv4Addr) -> bool {
    let shift = 32 - bits;
    u32::from_be_bytes(net) >> shift == u32::from(address) >> shift
}

fn covers_v6([first, second]: [u16; 2], bits: u32, address: Ipv6Addr) -> bool {
    let shift = 128 - bits;
    let net = u128::from(first) << 112 | u128::from(second) << 96;
    net >> shift == u128::from(address) >> shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_121_only_the_public_internet_is_public() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2001:1ff:ffff::1",
            "2002:7f00:1::1",
            "3fff::1",
            "3fff:fff::1",
            "5f00::1",
            "4000::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.1",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "2001:200::1",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "3ffe:ffff::1",
            "3fff:1000::1",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }
}
