//! Word of notices: arrived, or failed for good; then in an operator's hands, as actions are (rule 22).

use super::Draft;
use crate::command::NoticeReport;
use crate::event::{Actor, ContentId, Event};
use crate::id::EffectId;
use crate::notice::NoticeState;
use crate::refusal::Refusal;
use crate::request::Request;

pub(super) fn report(draft: &mut Draft<'_>, report: &NoticeReport) -> Result<(), Refusal> {
    draft.request()?;
    let NoticeReport { effect, kind, to, stage, hook, attempts, result } = report.clone();
    draft.record(match result {
        Ok(channel) => Event::NoticeDelivered { effect, kind, to, channel, attempts },
        Err(answer) => Event::NoticeFailed { effect, kind, to, stage, hook, answer, attempts },
    });
    Ok(())
}

pub(super) fn retry(draft: &mut Draft<'_>, effect: EffectId, by: &Actor) -> Result<(), Refusal> {
    dead_letter(draft.request()?, effect)?;
    draft.record(Event::NoticeRetried { effect, by: by.clone() });
    Ok(())
}

pub(super) fn abandon(draft: &mut Draft<'_>, effect: EffectId, by: &Actor, reason: Option<ContentId>) -> Result<(), Refusal> {
    dead_letter(draft.request()?, effect)?;
    draft.record(Event::NoticeAbandoned { effect, by: by.clone(), reason });
    Ok(())
}

fn dead_letter(request: &Request, effect: EffectId) -> Result<(), Refusal> {
    match request.notice(effect).map(|notice| notice.state) {
        Some(NoticeState::Failed) => Ok(()),
        Some(_) => Err(Refusal::NoticeNotDead(effect)),
        None => Err(Refusal::UnknownNotice(effect)),
    }
}
