//! Signing in with a passkey alone: the device knows whose it is, and proves it.

use super::ceremony::Purpose;
use super::{Engine, EngineError, Enrolment, Keyring, PasskeyFault};
use crate::engine::keys::read;
use countersign_core::canonical::Digest;
use countersign_core::id::PersonId;
use countersign_store::Kind;
use uuid::Uuid;
use webauthn_rs::prelude::PublicKeyCredential;

impl Engine {
    /// Asks whoever is there; says nothing about who might be.
    ///
    /// # Errors
    /// When the server has no name for passkeys, or the store fails.
    pub async fn start_passkey_sign_in(&self) -> Result<Enrolment, EngineError> {
        let challenge = self.draw();
        let options = self.question(&[], Digest(challenge))?;
        Ok(Enrolment { ceremony: self.ask(Purpose::SignIn { challenge }).await?, options })
    }

    /// Who is there.
    ///
    /// # Errors
    /// When the answer is late or not verified, or its person has left.
    pub async fn finish_passkey_sign_in(&self, ceremony: &str, answer: &PublicKeyCredential) -> Result<PersonId, EngineError> {
        let Purpose::SignIn { challenge } = self.asked(ceremony).await? else { return Err(PasskeyFault::Late.into()) };
        let handle = answer.get_user_unique_id().and_then(|bytes| Uuid::from_slice(bytes).ok()).ok_or(PasskeyFault::Refused)?;
        let record = self.records().get(Kind::Passkeys, &handle.simple().to_string()).await?.ok_or(PasskeyFault::Refused)?;
        let person = PersonId::new(read::<Keyring>(&record)?.person);
        self.verified(&person, Digest(challenge), answer).await?;
        if !self.shelf().people().roster.is_active(&person) {
            return Err(PasskeyFault::Refused.into());
        }
        Ok(person)
    }
}
