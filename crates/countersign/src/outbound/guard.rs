//! The address guard: which addresses an outbound request may reach. A name is resolved once, every
//! address is checked, and the connection is made to a checked one: there is no second look-up to cheat.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Names with more addresses than this are cut: a resolver's answer must not grow our work.
const ADDRESSES_MAX: usize = 32;

/// IPv4 that is not the public internet (IANA special-purpose registry), and Azure's metadata address.
const V4_REFUSED: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),        // this network; 0.0.0.0 connects to loopback
    (Ipv4Addr::new(10, 0, 0, 0), 8),       // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),    // carrier-grade NAT, Alibaba's metadata
    (Ipv4Addr::new(127, 0, 0, 0), 8),      // loopback
    (Ipv4Addr::new(168, 63, 129, 16), 32), // Azure's metadata
    (Ipv4Addr::new(169, 254, 0, 0), 16),   // link-local, metadata of most clouds
    (Ipv4Addr::new(172, 16, 0, 0), 12),    // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),     // protocol assignments, Oracle's metadata
    (Ipv4Addr::new(192, 0, 2, 0), 24),     // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),   // 6to4 relays
    (Ipv4Addr::new(192, 168, 0, 0), 16),   // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),    // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24),  // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),   // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),      // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),      // reserved, broadcast
];
/// Only global unicast can be public IPv6 …
const V6_GLOBAL: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// … but for these.
const V6_REFUSED: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments, with Teredo and benchmarks
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4: carries an IPv4 address, relays are gone
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];
/// Carries an IPv4 address, which decides.
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);
/// Private IPv6, which a trusted host may have.
const V6_PRIVATE: (Ipv6Addr, u32) = (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7);

/// Why a URL or its addresses are refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// It cannot be read as a URL with a host.
    #[error("url not readable")]
    Unreadable,
    /// Neither http nor https.
    #[error("url neither http nor https")]
    Scheme,
    /// A name or password in it, which hides the host from readers and leaks into logs.
    #[error("url with user name or password")]
    Userinfo,
    /// Private, and not in `webhooks.allow_networks`.
    #[error("address refused")]
    Address,
}

/// Private networks that outbound requests may reach, in CIDR notation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

/// The text is not a network.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is not a network like `10.0.0.0/8` or `::1/128`")]
pub struct NotANetwork(String);

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let wrong = || NotANetwork(text.to_owned());
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let digits = |prefix: &&str| prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = prefix.map_or(Ok(bits), |prefix| Some(prefix).filter(digits).and_then(|prefix| prefix.parse().ok()).ok_or_else(wrong))?;
        if prefix > bits { Err(wrong()) } else { Ok(Self { address, prefix }) }
    }
}

impl Network {
    /// Whether the address lies in it. An IPv4 address written as IPv6 is the same address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => in_v4(address, (network, self.prefix)),
            (IpAddr::V6(network), IpAddr::V6(address)) => in_v6(address, (network, self.prefix)),
            _ => false,
        }
    }
}

/// Decides which addresses may be reached, as the client's resolver and before it.
#[derive(Clone, Default, Debug)]
pub struct Guard {
    allowed: Vec<Network>,
    trusted_host: Option<String>,
}

impl Guard {
    /// Public addresses, and these networks.
    pub fn allowing(allowed: impl IntoIterator<Item = Network>) -> Self {
        Self { allowed: allowed.into_iter().collect(), trusted_host: None }
    }

    /// For a URL from the server's own configuration: its host may also be local or private; no other host
    /// can be reached at all.
    pub fn only(url: &Url) -> Self {
        Self { allowed: Vec::new(), trusted_host: url.host_str().map(bare) }
    }

    /// Reads a URL and refuses what can be refused without resolving.
    pub fn check(&self, text: &str) -> Result<Url, Refused> {
        let url = Url::parse(text).map_err(|_| Refused::Unreadable)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refused::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Userinfo);
        }
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(name)) if !name.is_empty() => None,
            _ => return Err(Refused::Unreadable),
        };
        let host = url.host_str().map(bare).unwrap_or_default();
        match literal {
            Some(address) if !self.admits(&host, address) => Err(Refused::Address),
            _ => Ok(url),
        }
    }

    /// Whether this host may be reached at this address.
    pub fn admits(&self, host: &str, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if address.is_unspecified() || address.is_multicast() || address == IpAddr::V4(Ipv4Addr::BROADCAST) {
            return false;
        }
        match &self.trusted_host {
            Some(trusted) => trusted == host && (is_public(address) || is_local(address)),
            None => is_public(address) || self.allowed.iter().any(|network| network.contains(address)),
        }
    }

    /// Those of a name's addresses that may be reached; an error if there is none.
    pub fn checked(&self, host: &str, addresses: impl IntoIterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, Refused> {
        let host = bare(host);
        let admitted = addresses.into_iter().filter(|address| self.admits(&host, address.ip()));
        let admitted: Vec<_> = admitted.take(ADDRESSES_MAX).collect();
        if admitted.is_empty() { Err(Refused::Address) } else { Ok(admitted) }
    }
}

/// The client connects to what this returns and to nothing else.
#[derive(Clone, Debug)]
pub struct GuardedResolver(pub Arc<Guard>);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::clone(&self.0);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(guard.checked(name.as_str(), found)?.into_iter()) as Addrs)
        })
    }
}

/// A host as it is compared: without brackets, the root's dot, or capitals.
fn bare(host: &str) -> String {
    host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase()
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !V4_REFUSED.iter().any(|block| in_v4(address, *block)),
        IpAddr::V6(address) if in_v6(address, NAT64) => is_public(IpAddr::V4(last_four(address))),
        IpAddr::V6(address) => in_v6(address, V6_GLOBAL) && !V6_REFUSED.iter().any(|block| in_v6(address, *block)) && !is_isatap(address),
    }
}

fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || in_v6(address, V6_PRIVATE),
    }
}

/// ISATAP tunnels to the IPv4 address in the last four bytes, under any prefix.
fn is_isatap(address: Ipv6Addr) -> bool {
    let [_, _, _, _, marker, tunnel, _, _] = address.segments();
    tunnel == 0x5efe && marker & 0xfdff == 0
}

fn last_four(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

fn in_v4(address: Ipv4Addr, (network, prefix): (Ipv4Addr, u32)) -> bool {
    (address.to_bits() ^ network.to_bits()).checked_shr(32 - prefix).unwrap_or(0) == 0
}

fn in_v6(address: Ipv6Addr, (network, prefix): (Ipv6Addr, u32)) -> bool {
    (address.to_bits() ^ network.to_bits()).checked_shr(128 - prefix).unwrap_or(0) == 0
}

#[cfg(test)]
#[path = "guard_vectors.rs"]
mod vectors;
