//! The judge: reads the record, the directories by version, the policies by version and the ledger of the
//! outside world, and derives again, in its own way, whether every rule was kept.

use crate::world::World;
use countersign_store::record::{chain, encode, genesis};
use countersign_store::{Loaded, RequestLog};
use futures_util::FutureExt;

use countersign_core::id::RequestId;
pub(crate) use findings::{Findings, RULES};

mod acts;
mod deeds;
mod findings;
mod hooks;
mod lateness;
mod model;
mod notices;
mod replay;
mod signatures;
mod steps;

/// Judges a whole run.
pub(crate) fn judge(world: &World) -> Findings {
    let mut findings = Findings::default();
    let mut records = Vec::new();
    for id in crate::nature::requests(world) {
        match world.log.load(id).now_or_never().unwrap() {
            Ok(Some(loaded)) => records.push((id, loaded)),
            other => findings.fail(27, format!("{id} does not read: {other:?}")),
        }
    }
    let questions = notices::questions(world);
    for (id, loaded) in &records {
        replay::judge(world, *id, loaded, &mut findings);
        notices::judge(&questions, *id, loaded, &mut findings);
        hooks::judge(world, *id, loaded, &mut findings);
        lateness::judge(world, *id, loaded, &mut findings);
    }
    hooks::flat(world, &mut findings);
    acts::judge(world, &records, &mut findings);
    deeds::judge(world, &records, &mut findings);
    chains(world, &records, &mut findings);
    rest(world, &records, &mut findings);
    findings
}

/// Rule 27: the chain of each request, computed again; nothing seen earlier has changed.
fn chains(world: &World, records: &[(RequestId, Loaded)], findings: &mut Findings) {
    let verified = world.log.verify().now_or_never().unwrap().unwrap();
    findings.hold(27, verified.problems.is_empty(), || format!("{:?}", verified.problems.first()));
    findings.heads = u64::from_le_bytes(verified.heads_digest.0[..8].try_into().unwrap());
    let heads = world.log.heads(None, 1000).now_or_never().unwrap().unwrap();
    for (id, loaded) in records {
        let blobs: Vec<Vec<u8>> = loaded.events.iter().map(|(at, event)| encode(*at, event).unwrap()).collect();
        let hash = blobs.iter().fold(genesis(*id), |hash, blob| chain(hash, blob));
        let head = heads.iter().find(|head| head.request == *id);
        findings.hold(27, head.is_some_and(|head| head.hash == hash && head.events == blobs.len() as u64), || {
            format!("{id}: the chain does not lead to its head")
        });
        for (_, seen) in world.ledger().glimpses.iter().filter(|(of, _)| of == id) {
            findings.hold(27, blobs.starts_with(seen), || format!("{id}: what was recorded has changed"));
        }
    }
    for (seen, _) in &world.ledger().glimpses {
        findings.hold(20, records.iter().any(|(id, _)| id == seen), || format!("{seen} is gone"));
    }
}

/// Rules 14 and 22: at the end nothing is owed, nothing overdue, and all is settled.
fn rest(world: &World, records: &[(RequestId, Loaded)], findings: &mut Findings) {
    let counts = world.store.counts().now_or_never().unwrap().unwrap();
    findings.hold(22, counts.outbox == 0, || format!("{} effects are still owed", counts.outbox));
    for (id, loaded) in records {
        let row = &loaded.row;
        findings.hold(14, row.settled_at.is_some(), || format!("{id} never came to an end: {:?}, next wake-up {:?}", row.status, row.next_wakeup));
    }
    let ledger = world.ledger();
    findings.hold(20, ledger.mixed == 0, || "a refused attempt came with events".into());
}
