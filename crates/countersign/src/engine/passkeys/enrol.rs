//! Enrolling: only in a fresh session, only with the person verified, at most so many.

use super::ceremony::{Purpose, put_to};
use super::{Engine, EngineError, Kept, Listed, PASSKEYS_MAX, PasskeyFault, cose, tidy, web_person};
use crate::engine::Caller;
use serde_json::{Value, json};
use webauthn_rs::prelude::RegisterPublicKeyCredential;

/// A question to an authenticator.
#[derive(Clone, PartialEq, Debug)]
pub struct Enrolment {
    /// Names the question in the answer.
    pub ceremony: String,
    /// For `navigator.credentials.create`, binary members as base64url.
    pub options: Value,
}

impl Engine {
    /// Asks for a new passkey of the caller, whose session this is.
    ///
    /// # Errors
    /// When the session is not fresh, there are too many, or the server has no name for passkeys.
    pub async fn start_enrolment(&self, caller: &Caller, session: &str) -> Result<Enrolment, EngineError> {
        let person = web_person(caller)?;
        let webauthn = self.webauthn()?;
        if !self.is_fresh(session).await? {
            return Err(PasskeyFault::NotFresh.into());
        }
        let handle = self.user_handle(person).await?;
        let (keyring, _) = self.keyring(handle, person).await?;
        if keyring.passkeys.len() >= PASSKEYS_MAX {
            return Err(PasskeyFault::TooMany.into());
        }
        let known = keyring.passkeys.iter().map(|kept| kept.key.cred_id().clone()).collect();
        let name = self.shelf().people().name(person);
        let started = webauthn.start_passkey_registration(handle, person.as_str(), &name, Some(known));
        let (options, state) = started.map_err(|_| PasskeyFault::Refused)?;
        let mut options = serde_json::to_value(options).unwrap_or(Value::Null);
        // So that it can sign its person in: kept on the device where there is room.
        if let Some(Value::Object(selection)) = options.pointer_mut("/publicKey/authenticatorSelection") {
            selection.insert("residentKey".to_owned(), json!("preferred"));
        }
        let ceremony = self.ask(Purpose::Enrol { person: person.to_string(), state: Box::new(state) }).await?;
        Ok(Enrolment { ceremony, options })
    }

    /// Takes a new passkey under this name.
    ///
    /// # Errors
    /// When the answer is late or not verified, or there are too many by now.
    pub async fn finish_enrolment(
        &self,
        caller: &Caller,
        ceremony: &str,
        name: &str,
        answer: &RegisterPublicKeyCredential,
    ) -> Result<Listed, EngineError> {
        let person = web_person(caller)?;
        let Purpose::Enrol { person: asked, state } = self.asked(ceremony).await? else { return Err(PasskeyFault::Late.into()) };
        put_to(&asked, person)?;
        let made = self.webauthn()?.finish_passkey_registration(answer, &state).map_err(|why| {
            tracing::info!(%why, "a new passkey was not verified");
            PasskeyFault::Refused
        })?;
        // A key whose public half we could not give to an auditor is no key for us.
        cose::encode(made.get_public_key()).ok_or(PasskeyFault::Refused)?;
        let kept = Kept { name: tidy(name), created_at: self.clock().now(), last_used_at: None, suspected_at: None, key: made };
        self.change_keyring(person, |keyring| {
            if keyring.passkeys.len() >= PASSKEYS_MAX {
                return Err(PasskeyFault::TooMany);
            }
            if keyring.passkeys.iter().any(|other| other.key.cred_id() == kept.key.cred_id()) {
                return Err(PasskeyFault::Refused);
            }
            keyring.passkeys.push(kept.clone());
            Ok(kept.listed())
        })
        .await
    }
}
