//! What happens by itself: clocks jump, people come and go, policies are edited, and somebody looks at the
//! record in the middle of it all.

use crate::crew::Crew;
use crate::dice::Dice;
use crate::disk::Disk;
use crate::faults::Kind;
use crate::laws::EDITIONS;
use crate::ledger::Look;
use crate::node;
use crate::world::{World, directory_put};
use countersign_core::id::RequestId;
use countersign_store::record::encode;
use countersign_store::{ListQuery, Records, RequestLog};
use futures_util::FutureExt;
use std::sync::Arc;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// A node reads its files again within so many milliseconds: some are told late that they changed.
const READ_AFTER: i64 = 5 * HOUR;

/// Clocks of the store and of nodes jump.
pub(crate) async fn clocks(world: Arc<World>) {
    let mut dice = world.dice(50);
    while !world.weather().calm {
        world.time.sleep(dice.between(HOUR, 12 * HOUR)).await;
        let most = if dice.permille(300) { DAY } else { HOUR };
        let jump = dice.between(1_000, most);
        if world.weather().strikes(Kind::ClockForward) {
            world.store_clock.set(world.store_clock.by() + jump);
        }
        if world.weather().strikes(Kind::ClockBack) {
            world.store_clock.set((world.store_clock.by() - jump).max(-DAY));
        }
        if world.weather().strikes(Kind::NodeClockWrong) {
            let clock = dice.one(&world.node_clocks).unwrap();
            clock.set(dice.between(-DAY, DAY));
        }
    }
}

/// The directory changes; requests that are open are looked at again, as the process that reads it does.
pub(crate) async fn directory(world: Arc<World>) {
    let mut dice = world.dice(51);
    while !world.weather().calm {
        world.time.sleep(dice.between(HOUR / 2, 10 * HOUR)).await;
        if !world.weather().strikes(Kind::DirectoryChange) {
            continue;
        }
        let crew = Arc::new(world.crew().changed(&mut dice));
        world.crews.lock().unwrap().push(crew.clone());
        if !put_in_force(&world, &mut dice, crew.version).await {
            world.crews.lock().unwrap().pop();
            continue;
        }
        for index in 0..world.node_clocks.len() {
            let reads = read_again(world.clone(), index, dice.between(0, READ_AFTER));
            world.time.spawn(0, reads);
        }
        let begun = world.ledger().commits.len();
        if look_again(&world, &mut dice, Some(&crew)).await && world.crew().version == crew.version {
            let ended = world.ledger().commits.len();
            world.ledger().looks.push(Look { version: crew.version, begun, ended });
        }
    }
}

/// A process that is up reads the changed file and keeps it, against faults; `false` where it could not.
async fn put_in_force(world: &Arc<World>, dice: &mut crate::dice::Dice, version: u64) -> bool {
    for _ in 0..50 {
        if let Some((_, node)) = world.some_node(dice) {
            let disk = Disk::of(world.clone(), node.owner);
            let _ = world.call(node.owner, async move { disk.put(directory_put(version)).await }).await;
        }
        if world.crew().version == version {
            return true;
        }
        world.time.sleep(5_000).await;
    }
    false
}

/// Each node finds out in its own time; one that commits before finds out by the conflict.
async fn read_again(world: Arc<World>, index: usize, after: i64) {
    world.time.sleep(after).await;
    let crew = world.crew();
    let node = world.nodes.lock().unwrap()[index].clone();
    if let Some(node) = node {
        node.engine.shelf().set_people(crew.people());
    }
}

/// Some node that has read the directory looks at what it may have touched, in the engine's own way; it may die in the
/// middle. Whether it came to its end.
pub(crate) async fn look_again(world: &Arc<World>, dice: &mut Dice, crew: Option<&Crew>) -> bool {
    let Some((_, node)) = world.some_node(dice) else { return false };
    if let Some(crew) = crew {
        let before = node.engine.shelf().people().roster.clone();
        node.engine.shelf().set_people(crew.people());
        let engine = node.engine.clone();
        let _ = world.call(node.owner, async move { engine.directory_put(&before).await }).await;
    }
    let engine = node.engine.clone();
    let looked = world.call(node.owner, async move { engine.catch_up_with_directory().await }).await;
    matches!(looked, Some(Ok(_)))
}

/// All requests.
pub(crate) fn requests(world: &World) -> Vec<RequestId> {
    let mut query = ListQuery { limit: 200, ..ListQuery::default() };
    let mut found = Vec::new();
    loop {
        let page = world.store.list(&query).now_or_never().unwrap().unwrap();
        found.extend(page.items.iter().map(|row| row.id));
        if page.next.is_none() {
            found.sort();
            return found;
        }
        query.cursor = page.next;
    }
}

/// Second editions come into force.
pub(crate) async fn policies(world: Arc<World>) {
    let mut dice = world.dice(53);
    let mut later: Vec<usize> = (0..EDITIONS.len()).filter(|index| EDITIONS[*index].law.edition > 1).collect();
    while !world.weather().calm && !later.is_empty() {
        world.time.sleep(dice.between(HOUR, 12 * HOUR)).await;
        if world.weather().strikes(Kind::PolicyEdit) {
            let index = later.swap_remove(dice.below(later.len()));
            node::put_edition(&world, index).await;
        }
    }
}

/// Keeps copies of records as they are in the store, whatever engines are told, to see whether they change afterwards.
pub(crate) async fn auditor(world: Arc<World>) {
    let mut dice = world.dice(54);
    while !world.weather().calm {
        world.time.sleep(dice.between(4 * HOUR, 30 * HOUR)).await;
        for id in requests(&world) {
            let Ok(Some(loaded)) = world.store.load(id).now_or_never().unwrap() else { continue };
            let blobs = loaded.events.iter().map(|(at, event)| encode(*at, event).unwrap()).collect();
            world.ledger().glimpses.push((id, blobs));
        }
    }
}
