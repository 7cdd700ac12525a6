//! The guard's table: hosts and addresses, with what must become of them. Add a row for every trick.

use super::*;

/// Refused without any network allowed, however they are written.
const REFUSED_URLS: [(&str, Refused); 68] = [
    ("http://127.0.0.1/", Refused::Address),
    ("http://127.0.0.1:7171/v1", Refused::Address),
    ("http://127.1/", Refused::Address),
    ("http://127.255.255.254/", Refused::Address),
    ("http://2130706433/", Refused::Address),
    ("http://0x7f000001/", Refused::Address),
    ("http://0x7f.1/", Refused::Address),
    ("http://0X7F.0x0.0x0.0x1/", Refused::Address),
    ("http://0177.0.0.1/", Refused::Address),
    ("http://017700000001/", Refused::Address),
    ("http://127.0.0.1./", Refused::Address),
    ("http://%31%32%37.0.0.1/", Refused::Address),
    ("http://１２７.０.０.１/", Refused::Address),
    ("http://①②⑦.0.0.1/", Refused::Address),
    ("http://127。0。0。1/", Refused::Address),
    ("http://127.0.0.1%2f/", Refused::Unreadable),
    ("http:127.0.0.1/", Refused::Address),
    ("http:\\\\127.0.0.1\\", Refused::Address),
    ("\thttp://127.0.0.1/", Refused::Address),
    ("http://127.0.\n0.1/", Refused::Address),
    ("http://0/", Refused::Address),
    ("http://0.0.0.0/", Refused::Address),
    ("http://0.1.2.3/", Refused::Address),
    ("http://10.0.0.1/", Refused::Address),
    ("http://10.255.255.255/", Refused::Address),
    ("http://100.64.0.1/", Refused::Address),
    ("http://100.100.100.200/latest/meta-data", Refused::Address),
    ("http://100.127.255.255/", Refused::Address),
    ("http://168.63.129.16/", Refused::Address),
    ("http://169.254.169.254/latest/meta-data/", Refused::Address),
    ("http://0xa9fea9fe/", Refused::Address),
    ("http://2852039166/", Refused::Address),
    ("http://172.16.0.1/", Refused::Address),
    ("http://172.31.255.255/", Refused::Address),
    ("http://192.0.0.192/", Refused::Address),
    ("http://192.0.2.1/", Refused::Address),
    ("http://192.88.99.1/", Refused::Address),
    ("http://192.168.1.1/", Refused::Address),
    ("http://198.18.0.1/", Refused::Address),
    ("http://198.19.255.255/", Refused::Address),
    ("http://198.51.100.7/", Refused::Address),
    ("http://203.0.113.9/", Refused::Address),
    ("http://224.0.0.1/", Refused::Address),
    ("http://239.255.255.250/", Refused::Address),
    ("http://240.0.0.1/", Refused::Address),
    ("http://255.255.255.255/", Refused::Address),
    ("http://[::]/", Refused::Address),
    ("http://[::1]/", Refused::Address),
    ("http://[0:0:0:0:0:0:0:1]/", Refused::Address),
    ("http://[::ffff:127.0.0.1]/", Refused::Address),
    ("http://[::ffff:7f00:1]/", Refused::Address),
    ("http://[::ffff:169.254.169.254]/", Refused::Address),
    ("http://[::127.0.0.1]/", Refused::Address),
    ("http://[64:ff9b::127.0.0.1]/", Refused::Address),
    ("http://[64:ff9b::a9fe:a9fe]/", Refused::Address),
    ("http://[64:ff9b:1::808:808]/", Refused::Address),
    ("http://[2002:7f00:1::]/", Refused::Address),
    ("http://[2002:808:808::]/", Refused::Address),
    ("http://[2001:0:808:808::1]/", Refused::Address),
    ("http://[2001:db8::1]/", Refused::Address),
    ("http://[fe80::1]/", Refused::Address),
    ("http://[fc00::1]/", Refused::Address),
    ("http://[fd00:ec2::254]/", Refused::Address),
    ("http://[ff02::1]/", Refused::Address),
    ("ftp://example.com/", Refused::Scheme),
    ("file:///etc/passwd", Refused::Scheme),
    ("https://leo@example.com/", Refused::Userinfo),
    ("https://example.com:pw@127.0.0.1/", Refused::Userinfo),
];

/// Public, so reached.
const REACHED_URLS: [&str; 14] = [
    "http://1.1.1.1/",
    "https://8.8.8.8:8443/x?y#z",
    "http://100.63.255.255/",
    "http://100.128.0.0/",
    "http://172.15.255.255/",
    "http://172.32.0.0/",
    "http://169.253.255.255/",
    "http://198.20.0.0/",
    "http://223.255.255.255/",
    "http://[2606:4700:4700::1111]/",
    "http://[::ffff:8.8.8.8]/",
    "http://[64:ff9b::808:808]/",
    "https://example.com/",
    "https://bücher.example/",
];

#[test]
fn every_way_to_write_a_private_address_is_refused() {
    for (url, why) in REFUSED_URLS {
        assert_eq!(Guard::default().check(url).unwrap_err(), why, "{url}");
    }
    for url in ["", "example.com", "http://", "http:///", "http://[::1", "http://a b/", "http://256.1.1.1/", "http://1.2.3.4.5/", "//x"] {
        assert_eq!(Guard::default().check(url).unwrap_err(), Refused::Unreadable, "{url}");
    }
}

#[test]
fn public_addresses_are_reached() {
    for url in REACHED_URLS {
        assert!(Guard::default().check(url).is_ok(), "{url}");
    }
}

#[test]
fn tunnels_and_documentation_under_any_prefix_are_refused() {
    for address in ["2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a00:1", "3fff:0fff::1", "5f00::1", "fec0::1", "2001:2::1", "100::1"] {
        assert!(!Guard::default().admits("x", address.parse().unwrap()), "{address}");
    }
}

#[test]
fn an_allowed_network_opens_itself_and_nothing_else() {
    let guard = Guard::allowing(["127.0.0.0/8", "::1", "10.1.0.0/16"].map(|network| network.parse().unwrap()));
    for url in ["http://127.0.0.1:9000/leo", "http://0x7f.2/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://10.1.255.1/"] {
        assert!(guard.check(url).is_ok(), "{url}");
    }
    for url in ["http://10.2.0.1/", "http://[::2]/", "http://[64:ff9b::127.0.0.1]/", "http://169.254.169.254/", "http://0.0.0.0/"] {
        assert_eq!(guard.check(url).unwrap_err(), Refused::Address, "{url}");
    }
    let all = Guard::allowing(["0.0.0.0/0", "::/0"].map(|network| network.parse().unwrap()));
    assert!(all.check("http://192.168.0.1/").is_ok());
    for url in ["http://0.0.0.0/", "http://[::]/", "http://224.0.0.1/", "http://[ff02::1]/", "http://255.255.255.255/"] {
        assert_eq!(all.check(url).unwrap_err(), Refused::Address, "{url}");
    }
}

#[test]
fn a_network_is_written_in_cidr_notation() {
    for text in ["10.0.0.0/8", "10.1.2.3", "::1/128", "fd00::/8", "0.0.0.0/0"] {
        assert!(text.parse::<Network>().is_ok(), "{text}");
    }
    for text in ["", "10.0.0.0/33", "::/129", "10/8", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/-1", "localhost", "10.0.0.0/8/8"] {
        assert!(text.parse::<Network>().is_err(), "{text}");
    }
}

#[test]
fn of_a_names_addresses_only_the_admitted_are_left() {
    let addresses = ["8.8.8.8", "127.0.0.1", "::1", "169.254.169.254"].map(|address| SocketAddr::new(address.parse().unwrap(), 0));
    let left = Guard::default().checked("rebind.example", addresses).unwrap();
    assert_eq!(left, [SocketAddr::new("8.8.8.8".parse().unwrap(), 0)]);
    assert_eq!(Guard::default().checked("rebind.example", addresses.into_iter().skip(1)), Err(Refused::Address));
}

#[test]
fn a_configured_url_opens_its_own_host_only() {
    let guard = Guard::only(&Url::parse("http://LocalHost:11434").unwrap());
    let loopback: IpAddr = "127.0.0.1".parse().unwrap();
    assert!(guard.admits("localhost", loopback));
    assert!(!guard.admits("other", loopback));
    assert!(!guard.admits("other", "8.8.8.8".parse().unwrap()));
    assert!(!guard.admits("localhost", "169.254.169.254".parse().unwrap()));
    let literal = Guard::only(&Url::parse("http://[::1]:11434").unwrap());
    assert!(literal.check("http://[::1]:11434/api/chat").is_ok());
    assert_eq!(literal.check("http://127.0.0.1/").unwrap_err(), Refused::Address);
}
