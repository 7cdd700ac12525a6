//! Where somebody goes after signing in: a page of ours or the front page, never another host.

/// The longest path that is kept.
const PATH_BYTES_MAX: usize = 1_000;

/// The path, if it is one of ours: from one slash, of plain printable characters, without a second slash or a backslash
/// in front, which browsers read as another host.
pub(in crate::web) fn local(path: &str) -> Option<&str> {
    let rest = path.strip_prefix('/')?;
    let plain = path.len() <= PATH_BYTES_MAX && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (plain && !rest.starts_with('/')).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn only_paths_of_ours_are_gone_on_to() {
        for good in ["/", "/requests/req_1", "/?status=pending&q=a%20b", "/me/sessions#x", "/a//b", "/:80/"] {
            assert_eq!(local(good), Some(good));
        }
        let bad = [
            "",
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example/",
            "\\/evil.example",
            "evil.example",
            "javascript:alert(1)",
            "/a\r\nset-cookie: x=1",
            "/\t/evil.example",
            "/\n/evil.example",
            " /",
            "/\u{202e}",
            "/a\\b",
            "///",
            "http:/",
        ];
        for bad in bad {
            assert_eq!(local(bad), None, "{bad:?}");
        }
        assert_eq!(local(&format!("/{}", "a".repeat(1_000))), None);
    }

    #[test]
    fn a_browser_stays_on_our_host_for_every_path_that_is_let_through() {
        let ours = url::Url::parse("https://approvals.example/login").unwrap();
        for path in ["/", "/requests/req_1", "/a//b", "/:80/", "/.//evil.example", "/..//evil.example", "/@evil.example"] {
            let path = local(path).unwrap();
            assert_eq!(ours.join(path).unwrap().host_str(), Some("approvals.example"), "{path}");
        }
    }
}
