//! The port of versioned records: directory, policies, keys, sessions, links. Each write makes a new
//! version; older ones stay readable, so that a request pinned to a policy version finds it for ever.

use crate::Fault;
use async_trait::async_trait;
use jiff::Timestamp;

/// What a record is. The name is stored; never rename one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// The directory, as one document.
    Directory,
    /// A policy by name: the document names the digest in force.
    Policy,
    /// A policy version by digest: the sources, never changed.
    PolicyVersion,
    /// An API key by id.
    Key,
    /// A person's session, by the hash of its secret.
    Session,
    /// A one-time sign-in link, by the hash of its secret.
    LoginLink,
    /// A sign-in at an identity provider and whose it is, by the hash of issuer and subject.
    Subject,
    /// The groups that a provider says a person is in, by person and provider.
    Claims,
    /// A link that confirms one decision, by the hash of its secret.
    ConfirmLink,
    /// The passkeys of a person, by their user handle.
    Passkeys,
    /// One question to a passkey, by the hash of its secret.
    Ceremony,
    /// A file beside a request, by its salted digest: the salt, then the file.
    Attachment,
    /// What an admin did to the sign-ins of somebody else, the newest first by key.
    Intervention,
    /// Anything the engine must remember by name.
    Setting,
}

impl Kind {
    /// The stored word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Policy => "policy",
            Self::PolicyVersion => "policy_version",
            Self::Key => "key",
            Self::Session => "session",
            Self::LoginLink => "login_link",
            Self::Subject => "subject",
            Self::Claims => "claims",
            Self::ConfirmLink => "confirm_link",
            Self::Passkeys => "passkeys",
            Self::Ceremony => "ceremony",
            Self::Attachment => "attachment",
            Self::Intervention => "intervention",
            Self::Setting => "setting",
        }
    }
}

/// One version of one record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its key within the kind.
    pub key: String,
    /// From 1.
    pub version: u64,
    /// When it was written.
    pub at: Timestamp,
    /// The document.
    pub bytes: Vec<u8>,
}

/// One write: conditional on the version it expects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Put {
    /// What it is.
    pub kind: Kind,
    /// Its key.
    pub key: String,
    /// The version that must be current; 0 where there must be none.
    pub expected: u64,
    /// The document; `None` removes the record from `get` and `list` (its versions stay).
    pub bytes: Option<Vec<u8>>,
}

/// Versioned documents by kind and key.
#[async_trait]
pub trait Records: Send + Sync {
    /// The current version.
    async fn get(&self, kind: Kind, key: &str) -> Result<Option<Record>, Fault>;
    /// Writes a new version and returns its number.
    async fn put(&self, put: Put) -> Result<u64, PutError>;
    /// The current versions of a kind, by key, after the one given.
    async fn list_kind(&self, kind: Kind, after: Option<&str>, limit: usize) -> Result<Vec<Record>, Fault>;
    /// All versions of one record, oldest first.
    async fn history(&self, kind: Kind, key: &str) -> Result<Vec<Record>, Fault>;
}

/// Why a record was not written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PutError {
    /// Another version is current.
    #[error("the record changed meanwhile")]
    Conflict,
    /// The world failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
