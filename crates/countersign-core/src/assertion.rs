//! A decision that a person's passkey signed: what exactly is signed, and what the record keeps of it. Whether the
//! signature is genuine was found out before it comes here; the law holds it against the request it came for.

use crate::canonical::{Digest, canonical};
use crate::event::{ContentId, Decision};
use crate::id::{PersonId, RequestId, Revision, StageId};
use serde_json::{Value, json};

/// What a passkey signs when a person decides. The challenge is the digest of its canonical bytes, so whoever holds
/// these bytes and the signature can verify that this and nothing else was agreed to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    /// Which request.
    pub request: RequestId,
    /// Under which version of its policy.
    pub policy_version: Digest,
    /// Which revision.
    pub revision: Revision,
    /// The digest of the payload that was shown.
    pub payload: Digest,
    /// The stages that the decision counts for.
    pub stages: Vec<StageId>,
    /// Who decides.
    pub person: PersonId,
    /// What they say.
    pub decision: Decision,
    /// Drawn afresh for each signature; makes it unguessable once it is erased.
    pub nonce: [u8; 32],
}

impl Statement {
    /// The statement as JSON.
    #[must_use]
    pub fn value(&self) -> Value {
        json!({
            "type": "countersign.decision",
            "request": self.request.to_string(),
            "policy_version": self.policy_version.to_string(),
            "revision": self.revision.0,
            "payload_digest": self.payload.to_string(),
            "stages": self.stages.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "person": self.person.as_str(),
            "decision": self.decision.as_str(),
            "nonce": Digest(self.nonce).hex(),
        })
    }

    /// The RFC 8785 bytes.
    #[must_use]
    pub fn canonical(&self) -> String {
        canonical(&self.value())
    }

    /// The challenge that the passkey signs: SHA-256 of the canonical bytes.
    #[must_use]
    pub fn challenge(&self) -> Digest {
        Digest::of(self.canonical().as_bytes())
    }
}

/// What an authenticator gave, as it gave it: enough to verify the signature without us.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signed {
    /// The credential's id.
    pub credential: Vec<u8>,
    /// Its public key at that time, as a COSE key.
    pub public_key: Vec<u8>,
    /// The authenticator's words: whose site, that a person was there and verified, the counter.
    pub authenticator_data: Vec<u8>,
    /// The browser's words: what it was for, which challenge, from which origin.
    pub client_data: Vec<u8>,
    /// Over the authenticator's words and the digest of the browser's.
    pub signature: Vec<u8>,
    /// The challenge that the browser's words hold.
    pub challenge: Digest,
}

/// A verified signature on its way in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proof {
    /// What was signed, by what.
    pub signed: Signed,
    /// The nonce of the statement that it should cover.
    pub nonce: [u8; 32],
}

/// A signature as the record keeps it. The statement stands apart, for it holds the payload's digest, which a short
/// payload could be guessed from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assertion {
    /// What was signed, by what.
    pub signed: Signed,
    /// The statement's canonical bytes.
    pub statement: ContentId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_that_are_signed_are_these() {
        let statement = Statement {
            request: RequestId::from_bytes([1; 16]),
            policy_version: Digest([2; 32]),
            revision: Revision(3),
            payload: Digest([4; 32]),
            stages: vec![StageId(5)],
            person: "ana".into(),
            decision: Decision::Approve,
            nonce: [6; 32],
        };
        insta::assert_snapshot!(statement.canonical());
        let other = Statement { nonce: [7; 32], ..statement.clone() };
        assert_ne!(statement.challenge(), other.challenge());
        assert_eq!(statement.challenge(), Digest::of(statement.canonical().as_bytes()));
    }
}
