//! Secrets by reference: `env:NAME` and `file:PATH`, only those the operator listed, read when they are
//! used and never shown. Nothing here stores, caches or prints a value.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use tokio::io::AsyncReadExt;

/// No secret is longer: a path that was mistyped into a disk must not fill the memory.
const SECRET_BYTES_MAX: usize = 16 * 1024;
/// Shorter parts are not taken out of outputs: they would be found everywhere and hide nothing.
const REDACTED_BYTES_MIN: usize = 6;
const REDACTED: &[u8] = b"[secret]";

/// Where a secret is kept.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SecretRef {
    /// An environment variable of the server.
    Env(String),
    /// A file that the server can read.
    File(PathBuf),
}

impl FromStr for SecretRef {
    type Err = SecretFault;

    fn from_str(text: &str) -> Result<Self, SecretFault> {
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() && !name.contains(['=', '\0']) => Ok(Self::Env(name.to_owned())),
            Some(("file", path)) if !path.is_empty() && !path.contains('\0') => Ok(Self::File(PathBuf::from(path))),
            _ => Err(SecretFault::NotAReference),
        }
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

/// The value of a header or an environment variable: as written, or a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Setting {
    /// As written in the policy.
    Plain(String),
    /// Read when it is used.
    Secret(SecretRef),
}

impl Setting {
    /// `env:…` and `file:…` name a secret; anything else stands for itself.
    pub fn parse(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Plain(text.to_owned()), Self::Secret)
    }
}

/// A plain setting may be a credential that somebody wrote inline: its value is not shown either.
impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("Plain(…)"),
            Self::Secret(reference) => write!(f, "Secret({reference})"),
        }
    }
}

/// A secret's value. It can be exposed by name only, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, for the one place that sends or signs with it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([secret])")
    }
}

/// Why there is no secret.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SecretFault {
    /// Neither form.
    #[error("a secret is named `env:NAME` or `file:PATH`")]
    NotAReference,
    /// The operator did not list it.
    #[error("secret `{0}` is not listed in `secrets.allow`")]
    NotAllowed(SecretRef),
    /// Nothing there, or not readable text.
    #[error("secret `{0}` cannot be read")]
    Unreadable(SecretRef),
    /// Nothing in it: an empty key signs for anybody.
    #[error("secret `{0}` is empty")]
    Empty(SecretRef),
}

/// The secrets that policies and the directory may name.
#[derive(Clone, Default, Debug)]
pub struct Secrets {
    allowed: BTreeSet<SecretRef>,
}

impl Secrets {
    /// Those that `secrets.allow` lists.
    pub fn allowing(allowed: impl IntoIterator<Item = SecretRef>) -> Self {
        Self { allowed: allowed.into_iter().collect() }
    }

    /// Whether this one may be named, for checks at load time.
    pub fn allows(&self, reference: &SecretRef) -> bool {
        self.allowed.contains(reference)
    }

    /// Reads one that is allowed.
    pub async fn resolve(&self, reference: &SecretRef) -> Result<Secret, SecretFault> {
        if !self.allows(reference) {
            return Err(SecretFault::NotAllowed(reference.clone()));
        }
        let value = match reference {
            SecretRef::Env(name) => std::env::var(name).ok(),
            SecretRef::File(path) => read(path).await,
        };
        let value = value.ok_or_else(|| SecretFault::Unreadable(reference.clone()))?;
        match value.trim_end_matches(['\r', '\n']) {
            "" => Err(SecretFault::Empty(reference.clone())),
            value => Ok(Secret::new(value)),
        }
    }

    /// Reads the settings that are secrets; gives all of them as text with the secrets among them.
    pub async fn settle(&self, settings: &[(String, Setting)]) -> Result<Settled, SecretFault> {
        let mut settled = Settled::default();
        for (name, setting) in settings {
            let value = match setting {
                Setting::Plain(text) => text.clone(),
                Setting::Secret(reference) => {
                    let secret = self.resolve(reference).await?;
                    settled.secrets.push(secret.clone());
                    secret.0
                }
            };
            settled.values.push((name.clone(), Secret(value)));
        }
        Ok(settled)
    }
}

/// Settings with their values, for one attempt.
#[derive(Clone, Default, Debug)]
pub struct Settled {
    /// Name and value, in the order given.
    pub values: Vec<(String, Secret)>,
    /// The values that were secrets, to be taken out of whatever comes back.
    pub secrets: Vec<Secret>,
}

/// Takes secrets, and the words they consist of, out of what came back, then cuts it to `bytes_max`.
pub fn redact(output: Vec<u8>, secrets: &[Secret], bytes_max: usize) -> Vec<u8> {
    let parts = secrets.iter().flat_map(|secret| std::iter::once(secret.expose()).chain(secret.expose().split_whitespace()));
    let mut output = parts.filter(|part| part.len() >= REDACTED_BYTES_MIN).fold(output, |output, part| without(&output, part.as_bytes()));
    output.truncate(bytes_max);
    output
}

fn without(output: &[u8], part: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(output.len());
    let mut rest = output;
    while let Some(at) = rest.windows(part.len()).position(|window| window == part) {
        let (before, after) = rest.split_at(at);
        kept.extend_from_slice(before);
        kept.extend_from_slice(REDACTED);
        rest = after.get(part.len()..).unwrap_or_default();
    }
    kept.extend_from_slice(rest);
    kept
}

async fn read(path: &PathBuf) -> Option<String> {
    let mut text = String::new();
    let limit = u64::try_from(SECRET_BYTES_MAX).ok()?;
    tokio::fs::File::open(path).await.ok()?.take(limit + 1).read_to_string(&mut text).await.ok()?;
    (text.len() <= SECRET_BYTES_MAX).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_reads_back_as_written() {
        for text in ["env:ERP_TOKEN", "file:/run/secrets/erp"] {
            assert_eq!(text.parse::<SecretRef>().unwrap().to_string(), text);
        }
        for text in ["", "env:", "file:", "ERP_TOKEN", "ENV:X", "env:A=B", "vault:x", "hunter2"] {
            assert_eq!(text.parse::<SecretRef>(), Err(SecretFault::NotAReference), "{text}");
        }
    }

    #[tokio::test]
    async fn only_what_is_listed_can_be_read() {
        let secrets = Secrets::allowing(["env:PATH".parse().unwrap()]);
        assert_eq!(secrets.resolve(&SecretRef::Env("PATH".into())).await.unwrap().expose(), std::env::var("PATH").unwrap());
        let other = SecretRef::Env("HOME".into());
        assert_eq!(secrets.resolve(&other).await, Err(SecretFault::NotAllowed(other)));
    }

    #[tokio::test]
    async fn a_file_loses_its_last_newline_and_must_not_be_empty_endless_or_absent() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            SecretRef::File(path)
        };
        let (good, empty, absent) = (write("good", "whsec_x y \r\n"), write("empty", "\n"), SecretRef::File(folder.path().join("absent")));
        let endless = SecretRef::File("/dev/zero".into());
        let secrets = Secrets::allowing([good.clone(), empty.clone(), absent.clone(), endless.clone()]);
        assert_eq!(secrets.resolve(&good).await.unwrap().expose(), "whsec_x y ");
        assert_eq!(secrets.resolve(&empty).await, Err(SecretFault::Empty(empty)));
        assert_eq!(secrets.resolve(&absent).await, Err(SecretFault::Unreadable(absent)));
        assert_eq!(secrets.resolve(&endless).await, Err(SecretFault::Unreadable(endless)));
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert!(!format!("{:?}", Secret::new("hunter22")).contains("hunter22"));
        assert!(!format!("{:?}", Setting::parse("Bearer hunter22")).contains("hunter22"));
    }

    #[test]
    fn what_comes_back_is_shown_without_the_secrets_that_went_out() {
        let shown = redact(b"got: hunter22! Bearer hunter22 ok".to_vec(), &[Secret::new("Bearer hunter22")], 64);
        assert_eq!(String::from_utf8(shown).unwrap(), "got: [secret]! [secret] ok");
    }
}
