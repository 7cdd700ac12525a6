//! Names for things: prefixed, time-sortable ids made from bytes that the caller supplies, and the opaque
//! names that files give to people and policies.

use jiff::Timestamp;
use std::fmt;
use uuid::Uuid;

/// An id whose text could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what} id: expected `{prefix}_` and 32 hex digits")]
pub struct MalformedId {
    text: String,
    what: &'static str,
    prefix: &'static str,
}

macro_rules! sortable_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A UUIDv7 of this moment and these random bytes.
            #[must_use]
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
                let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }
            /// The sixteen bytes, as stores keep them.
            #[must_use]
            pub fn bytes(&self) -> [u8; 16] {
                *self.0.as_bytes()
            }
            /// The id of these sixteen bytes.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
            /// Reads the shown form.
            ///
            /// # Errors
            /// When the prefix or the digits are wrong.
            pub fn parse(text: &str) -> Result<Self, MalformedId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .filter(|hex| hex.len() == 32 && !hex.bytes().any(|b| b.is_ascii_uppercase()))
                    .and_then(|hex| Uuid::try_parse(hex).ok())
                    .map(Self)
                    .ok_or_else(|| MalformedId { text: text.chars().take(80).collect(), what: $what, prefix: $prefix })
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }
    };
}

sortable_id!(
    /// One request.
    RequestId, "req", "request");
sortable_id!(
    /// One API key; the secret is never part of it.
    KeyId, "key", "key");
sortable_id!(
    /// One session of a person who signed in; its secret is never part of it.
    SessionId, "ses", "session");
sortable_id!(
    /// One effect in the outbox: a piece of work owed to the outside.
    EffectId, "eff", "effect");

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as the name; no rule in the core looks inside it.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

name!(
    /// One human, however many emails, chat ids or sign-ins they have. Opaque: two ids are equal or not.
    PersonId);
name!(
    /// One group of the directory.
    GroupId);
name!(
    /// The name of a policy, as its file gives it.
    PolicyName);
name!(
    /// The name of one action of a policy.
    ActionName);

/// One opening of a stage, numbered within its request from 1; shown as `stg_<n>`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StageId(pub u32);

impl fmt::Display for StageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stg_{}", self.0)
    }
}

/// One state of a request's payload, counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Revision(pub u32);

impl Revision {
    /// The revision of a submission.
    pub const FIRST: Self = Self(1);

    /// The revision after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
