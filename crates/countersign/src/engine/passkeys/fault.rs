//! Why a passkey was not taken. Each has a stable code and a page.

/// Why a passkey was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PasskeyFault {
    /// The server has no name that passkeys could belong to.
    Unavailable,
    /// The sign-in is too old to enrol one.
    NotFresh,
    /// There are as many as one person may have.
    TooMany,
    /// There is no such passkey of this person.
    Unknown,
    /// The person has none.
    None,
    /// The question was answered before, is late or unknown.
    Late,
    /// The answer was not verified.
    Refused,
    /// Its counter went back.
    Suspected,
}

impl PasskeyFault {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unavailable => "passkeys_unavailable",
            Self::NotFresh => "session_not_fresh",
            Self::TooMany => "too_many_passkeys",
            Self::Unknown => "unknown_passkey",
            Self::None => "no_passkey",
            Self::Late => "passkey_late",
            Self::Refused => "passkey_refused",
            Self::Suspected => "passkey_suspected",
        }
    }

    /// One sentence: why, what is true now, what can be done.
    #[must_use]
    pub fn detail(self) -> &'static str {
        match self {
            Self::Unavailable => {
                "passkeys need a name to belong to: `server.public_url` must be an https:// name or http://localhost; nothing was changed"
            }
            Self::NotFresh => "you signed in more than fifteen minutes ago; sign in again to add a passkey",
            Self::TooMany => "you have ten passkeys, which is the most one may have; remove one first",
            Self::Unknown => "there is no such passkey, or it is not yours",
            Self::None => "this must be signed with a passkey, and you have none yet; add one under /me/passkeys",
            Self::Late => "what was asked of the passkey was answered before, or is older than five minutes; nothing was changed, start again",
            Self::Refused => "the passkey's answer could not be verified; nothing was changed, try again with one of your passkeys",
            Self::Suspected => "this passkey's counter went back, so a copy of it may exist; it is refused from now on, remove it and add another",
        }
    }
}
