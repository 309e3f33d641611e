//! The client address of a request.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::http::header::HeaderMap;

/// The client as far as its address identifies it: an IPv4 address, or the network of an IPv6
/// address, because a client with one address of such a network has all of them. `None` when the
/// address is not known.
pub(crate) type Client = Option<IpAddr>;

/// Returns the client of a request that came through `proxies` trusted proxies. Header entries
/// before those of the proxies were written by the client and are not trusted.
pub(crate) fn client(peer: Option<SocketAddr>, headers: &HeaderMap, proxies: u8) -> Client {
    let peer = peer.map(|address| address.ip());
    if proxies == 0 {
        return peer.map(network);
    }
    let addresses: Vec<_> = headers
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let addresses = addresses.iter().rev().nth(usize::from(proxies) - 1);
    addresses.and_then(|text| text.trim().parse().ok()).or(peer).map(network)
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn of(peer: &str, forwarded: &str, proxies: u8) -> String {
        let peer = format!("{peer}:1").parse().unwrap();
        let request = TestRequest::default().peer_addr(peer);
        let request = request.insert_header(("x-forwarded-for", forwarded)).to_srv_request();
        client(request.peer_addr(), request.headers(), proxies).unwrap().to_string()
    }

    #[test]
    fn only_trusted_proxies_set_the_client_address() {
        assert_eq!(of("10.0.0.1", "9.9.9.9", 0), "10.0.0.1");
        assert_eq!(of("10.0.0.1", "9.9.9.9, 1.2.3.4", 1), "1.2.3.4");
        assert_eq!(of("10.0.0.1", "9.9.9.9, 1.2.3.4, 10.0.0.2", 2), "1.2.3.4");
        assert_eq!(of("10.0.0.1", "forged", 1), "10.0.0.1");
        assert_eq!(of("10.0.0.1", "1.2.3.4", 2), "10.0.0.1");
    }

    #[test]
    fn the_addresses_of_one_network_are_one_client() {
        assert_eq!(of("[2001:db8:1:2:3::4]", "", 0), "2001:db8:1:2::");
        assert_eq!(of("[::ffff:1.2.3.4]", "", 0), "1.2.3.4");
    }
}
