//! Files beside a request: kept apart from events and from what is read for each decision, written in the same
//! commit as the event that names them, given back only to those who see the request.

use super::deed::actor;
use super::handle::{Handled, Instruction};
use super::{Caller, Engine, EngineError};
use crate::attachment::{About, Upload};
use countersign_core::canonical::Digest;
use countersign_core::command::Command;
use countersign_core::event::Attachment;
use countersign_core::id::RequestId;
use countersign_core::refusal::Refusal;
use countersign_core::request::ATTACHMENTS_MAX;
use countersign_store::{Fault, Kind, Put};

/// The salt stands before the file.
const SALT_BYTES: usize = 16;

/// A file as it is given back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Its name and type.
    pub about: About,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Engine {
    /// Somebody who may add to the conversation puts a file beside the request.
    ///
    /// # Errors
    /// When the caller does not see it or only reads, the file is none that is taken, or there is no room.
    pub async fn attach(&self, caller: &Caller, id: RequestId, upload: Upload) -> Result<(Handled, Attachment), EngineError> {
        let whole = self.must_see(caller, id).await?;
        caller.comments(&whole)?;
        let about = upload.accepted().map_err(EngineError::UnfitAttachment)?;
        // The law says it again at the commit; asked here, nothing is sealed in vain.
        if whole.request.attachments.len() >= ATTACHMENTS_MAX {
            return Err(Refusal::TooManyAttachments { max: ATTACHMENTS_MAX }.into());
        }
        let bytes = u64::try_from(upload.bytes.len()).unwrap_or(u64::MAX);
        let salt: [u8; SALT_BYTES] = self.draw();
        let file = Digest::salted(&salt, &upload.bytes);
        let about = self.seal(serde_json::to_vec(&about).map_err(|error| Fault::Store(error.to_string()))?);
        let attachment = Attachment { file, about: about.id, bytes };
        let mut instruction = Instruction::new(Command::Attach { by: actor(caller, &whole), attachment }, caller.name());
        instruction.contents.push(about);
        let document = [salt.as_slice(), &upload.bytes].concat();
        instruction.puts.push(Put { kind: Kind::Attachment, key: file.hex(), expected: 0, bytes: Some(document) });
        Ok((self.handle(id, instruction).await?, attachment))
    }

    /// A file beside a request, for those who see the request.
    ///
    /// # Errors
    /// When the caller does not see it, there is no such file, or its bytes are not those that were kept.
    pub async fn attachment(&self, caller: &Caller, id: RequestId, file: Digest) -> Result<Kept, EngineError> {
        let whole = self.must_see(caller, id).await?;
        let known = whole.request.attachments.iter().find(|attachment| attachment.file == file).ok_or(EngineError::UnknownAttachment)?;
        let about = whole.content(&known.about).and_then(|bytes| serde_json::from_slice(bytes).ok()).ok_or(EngineError::UnknownAttachment)?;
        let record = self.records().get(Kind::Attachment, &file.hex()).await?.ok_or(EngineError::UnknownAttachment)?;
        let damaged = || Fault::Damaged { place: format!("attachment {}", file.hex()), what: "it is not the file that was kept".into() };
        let (salt, bytes) = record.bytes.split_at_checked(SALT_BYTES).ok_or_else(damaged)?;
        if Digest::salted(salt, bytes) != file {
            return Err(damaged().into());
        }
        Ok(Kept { about, bytes: bytes.to_vec() })
    }
}
