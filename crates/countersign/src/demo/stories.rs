//! Sample requests in every state, and a few hundred real public payments.

use crate::app::StartFault;
use crate::engine::deed::Verdict;
use crate::engine::submit::Submission;
use crate::engine::{Caller, Engine};
use crate::import::map::Map;
use crate::import::rows::{Format, Row, Rows};
use countersign_core::event::{Decision, Door};
use countersign_core::id::{PersonId, PolicyName, RequestId, Revision};
use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};
use std::io::Cursor;
use std::sync::Arc;

/// Submissions side by side, so that they share commits.
const AT_ONCE: usize = 64;
/// As many of the public payments wait for somebody.
const LEFT_WAITING: usize = 8;
const SPEND: &str = include_str!("../../../../examples/public-spend/spend-sample.jsonl");
const SPEND_MAP: &str = include_str!("../../../../examples/public-spend/map.toml");

type Told = Result<(), StartFault>;

/// Tells all of them.
///
/// # Errors
/// When the engine refuses a sample: then a shipped policy has changed under it.
pub(super) async fn tell(engine: &Arc<Engine>) -> Told {
    expense(engine, "85.00 USD", "Corner Cafe").await?;
    let paid = expense(engine, "18000.00 USD", "Northwind Servers").await?;
    say(engine, "mia", paid, Decision::Approve, "in the budget").await?;
    say(engine, "ana", paid, Decision::Approve, "receipts match").await?;
    let gone = expense(engine, "2400.00 USD", "Gone Ltd").await?;
    say(engine, "mia", gone, Decision::Approve, "").await?;
    let refused = expense(engine, "25000.00 USD", "Gold Plated Pens").await?;
    say(engine, "bo", refused, Decision::Reject, "we have pens").await?;
    let returned = expense(engine, "11200.00 USD", "Contoso Travel").await?;
    say(engine, "ana", returned, Decision::RequestChanges, "please split hotel and flights").await?;
    let withdrawn = expense(engine, "3000.00 USD", "Duplicate Inc").await?;
    engine.withdraw(&person("leo"), withdrawn).await?;
    submit(engine, "travel", json!({ "destination": "Lisbon, spring offsite" })).await?;
    submit(engine, "flash-offer", json!({ "offer": "Half price until noon" })).await?;
    expense(engine, "4200.00 USD", "Tailspin Catering").await?;
    let half = expense(engine, "46750.00 USD", "Fabrikam Lasers").await?;
    say(engine, "ana", half, Decision::Approve, "quote attached in the wiki").await?;
    public_spend(engine).await
}

async fn expense(engine: &Arc<Engine>, amount: &str, merchant: &str) -> Result<RequestId, StartFault> {
    submit(engine, "expense", json!({ "amount": amount, "merchant": merchant })).await
}

async fn submit(engine: &Arc<Engine>, policy: &str, payload: Value) -> Result<RequestId, StartFault> {
    let (policy, requester) = (PolicyName::from(policy), PersonId::from("leo"));
    let submission = Submission { policy, requester, payload, idempotency_key: None, external_id: None };
    Ok(engine.submit(&person("leo"), submission).await?.handled.id())
}

async fn say(engine: &Arc<Engine>, who: &str, id: RequestId, decision: Decision, words: &str) -> Told {
    let comment = (!words.is_empty()).then(|| words.to_owned());
    let verdict = Verdict { decision, revision: Revision::FIRST, comment, person: None };
    engine.decide(&person(who), id, verdict).await?;
    Ok(())
}

fn person(id: &str) -> Caller {
    Caller::Person { id: PersonId::from(id), door: Door::Api }
}

/// Real payments of two public bodies, submitted by Mia's team; the attribution stands beside the file.
async fn public_spend(engine: &Arc<Engine>) -> Told {
    let Ok(map) = Map::parse("map.toml", SPEND_MAP) else { return Ok(()) };
    let Ok(rows) = Rows::read("spend-sample.jsonl", Format::JsonLines, Box::new(Cursor::new(SPEND)), map) else { return Ok(()) };
    let rows: Vec<Row> = rows.filter_map(Result::ok).collect();
    let submitted = stream::iter(rows).map(|row| {
        let engine = engine.clone();
        async move {
            let (policy, requester) = (PolicyName::from("public-spend"), PersonId::from("leo"));
            let submission = Submission { policy, requester, payload: row.payload, idempotency_key: row.key, external_id: None };
            let seen = engine.submit(&person("leo"), submission).await?.handled.shown_to(&person("leo"));
            Ok::<_, StartFault>(seen.request.settled.is_none().then_some(seen.request.id))
        }
    });
    let results: Vec<_> = submitted.buffer_unordered(AT_ONCE).collect().await;
    let mut waiting: Vec<RequestId> = Vec::new();
    for result in results {
        waiting.extend(result?);
    }
    waiting.sort_unstable();
    look_through(engine, &waiting).await
}

/// Mia and Ana have been through all but the last few of them, so that an inbox shows what a person reads in two minutes.
async fn look_through(engine: &Arc<Engine>, waiting: &[RequestId]) -> Told {
    let looked_at = waiting.len().saturating_sub(LEFT_WAITING);
    let decided = stream::iter(waiting.iter().take(looked_at).enumerate()).map(|(nth, id)| async move {
        let (decision, words) = if nth % 9 == 4 { (Decision::Reject, "no purchase order") } else { (Decision::Approve, "") };
        say(engine, "mia", *id, decision, words).await?;
        let open = engine.see(&person("mia"), *id).await?.request.settled.is_none();
        if open { say(engine, "ana", *id, Decision::Approve, "").await } else { Ok(()) }
    });
    decided.buffer_unordered(AT_ONCE).collect::<Vec<Told>>().await.into_iter().collect()
}
