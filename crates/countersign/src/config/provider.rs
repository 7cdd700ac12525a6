//! `[[provider]]`: where people sign in, as the file writes it.

use crate::openid::Provider;
use crate::placed::{self, Placed, Span, Table};
use countersign_core::id::GroupId;
use std::collections::BTreeMap;

const KEYS: [&str; 9] = ["id", "name", "issuer", "client_id", "client_secret", "scopes", "trust_email", "groups_claim", "groups"];
const ID_CHARS_MAX: usize = 40;
/// Asked for where the file does not say; `openid` always is.
const SCOPES: [&str; 2] = ["email", "profile"];

/// A provider with the text that must name its secret: whoever wrote the secret itself there is not shown it again.
pub(super) struct ProviderText {
    pub(super) provider: Provider,
    pub(super) id_at: Span,
    pub(super) secret: Option<(String, Span)>,
}

/// A provider, if all of it is right.
pub(super) fn read(placed: &mut Placed<'_>, table: &Table<'_>, span: &Span) -> Option<ProviderText> {
    placed.keys(table, "[[provider]]", &KEYS);
    let id = id(placed, table, span);
    let name = placed.text(table, "name").map(|(name, _)| name);
    let issuer = issuer(placed, table, span);
    let client_id = placed.required(table, "client_id", span, "client_id = \"countersign\"");
    let secret = placed.text(table, "client_secret");
    let scopes = placed.texts(table, "scopes").map(|scopes| scopes.into_iter().map(|(scope, _)| scope).filter(|scope| scope != "openid").collect());
    let trust_email = placed.flag(table, "trust_email", false);
    let groups_claim = placed.text(table, "groups_claim");
    let groups = groups(placed, table);
    if let (None, Some(item)) = (&groups_claim, placed::find(table, "groups")) {
        placed.error(&item.span(), "missing_key", "`groups` needs the claim that names them", Some("groups_claim = \"groups\"".into()));
    }
    let (id, id_at) = id?;
    let provider = Provider {
        name: name.unwrap_or_else(|| id.clone()),
        id,
        issuer: issuer?,
        client_id: client_id?.0,
        client_secret: None,
        scopes: scopes.unwrap_or_else(|| SCOPES.map(str::to_owned).to_vec()),
        trust_email,
        groups_claim: groups_claim.map(|(claim, _)| claim),
        groups,
    };
    Some(ProviderText { provider, id_at, secret })
}

fn id(placed: &mut Placed<'_>, table: &Table<'_>, span: &Span) -> Option<(String, Span)> {
    let (id, at) = placed.required(table, "id", span, "id = \"corp\"")?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let good = !id.is_empty() && id.len() <= ID_CHARS_MAX && id.bytes().all(plain);
    if !good {
        placed.error(&at, "bad_id", format!("`{id}` is no id: expected small letters, digits and `-`"), None);
    }
    good.then_some((id, at))
}

/// The issuer: encrypted, but for a provider on this machine.
fn issuer(placed: &mut Placed<'_>, table: &Table<'_>, span: &Span) -> Option<String> {
    let (issuer, at) = placed.required(table, "issuer", span, "issuer = \"https://login.example\"")?;
    let sound = |url: &url::Url| {
        let local = match url.host() {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        (url.scheme() == "https" || (url.scheme() == "http" && local)) && url.query().is_none() && url.fragment().is_none()
    };
    let good = url::Url::parse(&issuer).is_ok_and(|url| sound(&url));
    if !good {
        let example = Some("issuer = \"https://login.example\"".into());
        placed.error(&at, "bad_value", "`provider.issuer`: expected an https URL without query (http only on this machine)", example);
    }
    good.then_some(issuer)
}

fn groups(placed: &mut Placed<'_>, table: &Table<'_>) -> BTreeMap<String, GroupId> {
    let Some(item) = placed::find(table, "groups") else { return BTreeMap::new() };
    let Some(groups) = placed.as_table(item, "`{ \"theirs\" = \"ours\" }`") else { return BTreeMap::new() };
    let read = |(theirs, ours)| Some((theirs, GroupId::new(placed.as_text(ours)?.0)));
    groups.iter().map(|(theirs, ours)| (theirs.get_ref().to_string(), ours)).filter_map(read).collect()
}
