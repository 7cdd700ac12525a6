//! One seed from beginning to end: a stormy stretch, then calm until everything has come to rest, then the
//! oracle's judgement.

use crate::executor::Executor;
use crate::faults::Weather;
use crate::laws::EDITIONS;
use crate::oracle::{self, Findings};
use crate::twins::Bug;
use crate::world::{START, World};
use crate::{clients, nature, node};
use std::collections::BTreeMap;
use std::sync::Arc;

const HOUR: i64 = 3_600_000;
/// The storm ends after so many hours of true time.
const STORM: i64 = 60 * HOUR;
/// What has not come to rest by then never will.
const REST: i64 = 40 * 24 * HOUR;

/// What came of one seed.
pub(crate) struct Played {
    pub(crate) seed: u64,
    pub(crate) steps: u64,
    pub(crate) simulated_ms: i64,
    pub(crate) trace: u64,
    pub(crate) faults: BTreeMap<crate::faults::Kind, u64>,
    pub(crate) findings: Findings,
    pub(crate) world: Arc<World>,
}

/// Plays a seed, over the system as it is or with a bug planted beside it.
pub(crate) fn play(seed: u64, bug: Option<Bug>) -> Played {
    let mut dice = crate::dice::Dice::new(seed, 4);
    let nodes = 1 + dice.below(3);
    let requests = 2 + dice.next() % 4;
    let world = World::new(seed, nodes, Weather::of(seed), bug);
    let mut executor = Executor::new(world.time.clone());
    begin(&world, nodes, requests);
    let end = START + STORM;
    let stormy = executor.run(|| world.next_moment().filter(|at| *at <= end));
    let rested = stormy.and_then(|()| {
        calm(&world, nodes, end);
        executor.run(|| world.next_moment().filter(|at| *at <= end + REST))
    });
    let mut findings = oracle::judge(&world);
    if let Err(spins) = rested {
        findings.fail(14, spins);
    }
    let trace = executor.trace ^ findings.heads;
    let faults = world.weather().struck.clone();
    let steps = executor.steps;
    drop(executor);
    world.end();
    Played { seed, steps, simulated_ms: world.time.now() - START, trace, faults, findings, world }
}

fn begin(world: &Arc<World>, nodes: usize, requests: u64) {
    let first = (0..EDITIONS.len()).filter(|index| EDITIONS[*index].law.edition == 1);
    world.ledger().editions = first.map(|index| (index, START)).collect();
    for index in 0..nodes {
        let world = world.clone();
        world.time.spawn(0, {
            let world = world.clone();
            async move {
                node::start(world.clone(), index).await;
                node::keep_up(world, index).await;
            }
        });
    }
    for number in 0..requests {
        world.time.spawn(0, clients::request(world.clone(), number));
    }
    world.time.spawn(0, nature::clocks(world.clone()));
    world.time.spawn(0, nature::directory(world.clone()));
    world.time.spawn(0, nature::policies(world.clone()));
    world.time.spawn(0, nature::auditor(world.clone()));
}

/// No faults from here on: every clock is right, every node up, and what a look at the directory left out is looked at.
fn calm(world: &Arc<World>, nodes: usize, end: i64) {
    world.weather().calm = true;
    world.time.advance(end);
    world.store_clock.set(0);
    world.node_clocks.iter().for_each(|clock| clock.set(0));
    for index in 0..nodes {
        if world.nodes.lock().unwrap()[index].is_none() {
            world.time.spawn(0, node::keep_up(world.clone(), index));
        }
    }
    let again = world.clone();
    world.time.spawn(0, async move {
        again.time.sleep(HOUR).await;
        nature::look_again(&again, &mut again.dice(52), None).await;
    });
}
