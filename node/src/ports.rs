//! The ports at which a node listens, looked at before it touches anything else.
//!
//! Left alone, the server of RPC would take any other port where its own is taken, at which no client looks, and
//! the network would share one with another node.

use sc_network::multiaddr::{Multiaddr, Protocol};
use sc_service::Configuration;
use std::{
    io::{self, ErrorKind},
    net::{IpAddr, SocketAddr, TcpListener},
};

/// Looks whether the node can listen where it should.
///
/// # Errors
/// When another program listens there.
pub fn ensure_free(config: &Configuration) -> io::Result<()> {
    let rpc = config.rpc.addr.iter().flatten();
    for endpoint in rpc.filter(|endpoint| !endpoint.is_optional) {
        try_listening(
            endpoint.listen_addr,
            "RPC",
            "--rpc-port or --experimental-rpc-endpoint",
        )?;
    }
    let peers = &config.network.listen_addresses;
    for address in peers.iter().filter_map(tcp) {
        try_listening(address, "peers", "--port or --listen-addr")?;
    }
    Ok(())
}

/// Listens for a moment. What else may be wrong with an address, who listens for good will say.
fn try_listening(address: SocketAddr, of: &str, flag: &str) -> io::Result<()> {
    match TcpListener::bind(address) {
        Err(cause) if cause.kind() == ErrorKind::AddrInUse => Err(io::Error::new(
            cause.kind(),
            format!(
                "another program, perhaps a node, listens at {address} already: end it, or choose \
                 another port for {of} by {flag}"
            ),
        )),
        _ => Ok(()),
    }
}

/// The address that is listened at by TCP, if any is.
fn tcp(address: &Multiaddr) -> Option<SocketAddr> {
    let (mut ip, mut port) = (None, None);
    for part in address.iter() {
        match part {
            Protocol::Ip4(address) => ip = Some(IpAddr::from(address)),
            Protocol::Ip6(address) => ip = Some(IpAddr::from(address)),
            Protocol::Tcp(number) => port = Some(number),
            _ => {}
        }
    }
    Some(SocketAddr::new(ip?, port?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_named() {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = other.local_addr().unwrap();
        let error = try_listening(address, "peers", "--port").unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "another program, perhaps a node, listens at {address} already: end it, or choose \
                 another port for peers by --port"
            )
        );
        drop(other);
        assert!(try_listening(address, "peers", "--port").is_ok());
    }

    #[test]
    fn addresses_of_peers_are_read() {
        let read = |text: &str| tcp(&text.parse().unwrap());
        let expected = |text: &str| text.parse::<SocketAddr>().ok();
        let v4 = expected("127.0.0.1:30333");
        assert_eq!(read("/ip4/127.0.0.1/tcp/30333"), v4);
        assert_eq!(read("/ip4/127.0.0.1/tcp/30333/ws"), v4);
        assert_eq!(read("/ip6/::/tcp/7"), expected("[::]:7"));
        assert_eq!(read("/dns4/a.example/tcp/7"), None);
    }
}
