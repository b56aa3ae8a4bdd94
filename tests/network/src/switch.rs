//! A network for nodes in namespaces of their own, as on machines of their own. Making it needs root.

use std::{
    net::Ipv4Addr,
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Result, ensure};

/// A bridge to which namespaces are plugged; taken down when dropped.
pub(crate) struct Switch {
    bridge: String,
    plugged: usize,
    /// The first two bytes after 10.
    network: [u8; 2],
}

impl Switch {
    /// A bridge in a network of this process; none where it may not make one.
    pub(crate) fn new() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let (process, count) = (process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let [.., high, low] = process.wrapping_add(count).to_be_bytes();
        let switch = Self {
            bridge: format!("fc{process}n{count}"),
            plugged: 0,
            network: [high | 128, low],
        };
        let (name, address) = (&switch.bridge, format!("{}/24", switch.address(253)));
        (ip(&["link", "add", name, "type", "bridge"])
            && ip(&["address", "add", &address, "dev", name])
            && ip(&["link", "set", name, "up"]))
        .then_some(switch)
    }

    /// Makes the namespace of a node; answers its name and the node's address.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn plug(&mut self, place: usize) -> Result<(String, Ipv4Addr)> {
        let (name, address) = (self.namespace(place), self.address(place));
        let cable = &name;
        let with_mask = format!("{address}/24");
        self.plugged = place + 1;
        let is_made = ip(&["netns", "add", &name])
            && ip(&[
                "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", &name,
            ])
            && ip(&["link", "set", cable, "master", &self.bridge, "up"])
            && ip(&["-n", &name, "address", "add", &with_mask, "dev", "eth0"])
            && ip(&["-n", &name, "link", "set", "eth0", "up"])
            && ip(&["-n", &name, "link", "set", "lo", "up"]);
        ensure!(is_made, "the network namespace {name} cannot be made");
        Ok((name, address))
    }

    /// Drops what two nodes send each other.
    ///
    /// # Errors
    /// When that cannot be arranged.
    pub(crate) fn cut(&self, one: usize, other: usize) -> Result<()> {
        let is_cut = self.route("add", one, other) && self.route("add", other, one);
        ensure!(is_cut, "nodes {one} and {other} cannot be parted");
        Ok(())
    }

    /// Lets two nodes hear each other again, if they could not.
    pub(crate) fn mend(&self, one: usize, other: usize) {
        self.route("delete", one, other);
        self.route("delete", other, one);
    }

    fn route(&self, action: &str, from: usize, to: usize) -> bool {
        let (name, to) = (self.namespace(from), self.address(to).to_string());
        ip(&["-n", &name, "route", action, "blackhole", &to])
    }

    fn namespace(&self, place: usize) -> String {
        format!("{}p{place}", self.bridge)
    }

    fn address(&self, place: usize) -> Ipv4Addr {
        let [high, low] = self.network;
        Ipv4Addr::new(10, high, low, place as u8 + 1)
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        for place in 0..self.plugged {
            ip(&["netns", "delete", &self.namespace(place)]);
        }
        ip(&["link", "delete", &self.bridge]);
    }
}

/// Whether the tool of this name did it.
fn ip(args: &[&str]) -> bool {
    let output = Command::new("ip").args(args).output();
    output.is_ok_and(|output| output.status.success())
}
