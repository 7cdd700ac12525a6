//! What failed for good, in operators' hands: listed, and notices tried again or given up as actions are (rule 22).

use super::handle::{Handled, Instruction};
use super::{Caller, Engine, EngineError, Seen};
use countersign_core::command::Command;
use countersign_core::id::{EffectId, RequestId};
use countersign_store::{ListQuery, Page};

impl Engine {
    /// Requests with an action or a notice that failed for good, newest first.
    ///
    /// # Errors
    /// When the caller is no operator, or the store fails.
    pub async fn dead_letters(&self, caller: &Caller, limit: usize, cursor: Option<String>) -> Result<Page<Seen>, EngineError> {
        caller.operates(&self.shelf().people().roster)?;
        let query = ListQuery { dead_letter: true, limit, cursor, ..ListQuery::default() };
        let page = self.log().list(&query).await?;
        let mut items = Vec::with_capacity(page.items.len());
        for row in &page.items {
            items.extend(self.look(row.id).await?.map(|whole| whole.shown_to(caller)));
        }
        Ok(Page { items, next: page.next })
    }

    /// An operator has a notice that failed for good sent again, under the same id.
    ///
    /// # Errors
    /// When the caller does not see the request or is no operator, or the notice is no dead letter.
    pub async fn retry_notice(&self, caller: &Caller, id: RequestId, effect: EffectId) -> Result<Handled, EngineError> {
        let by = self.operator_on(caller, id).await?;
        self.handle(id, Instruction::new(Command::RetryNotice { effect, by }, caller.name())).await
    }

    /// An operator gives such a notice up.
    ///
    /// # Errors
    /// As [`Engine::retry_notice`].
    pub async fn abandon_notice(&self, caller: &Caller, id: RequestId, effect: EffectId, reason: Option<String>) -> Result<Handled, EngineError> {
        let by = self.operator_on(caller, id).await?;
        let content = reason.map(|text| self.seal(text.into_bytes()));
        let command = Command::AbandonNotice { effect, by, reason: content.as_ref().map(|content| content.id) };
        let mut instruction = Instruction::new(command, caller.name());
        instruction.contents.extend(content);
        self.handle(id, instruction).await
    }
}
