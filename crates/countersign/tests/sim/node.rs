//! Processes: an engine with its two workers over the shared store, started, killed and started again.

use crate::dice::SimRandom;
use crate::disk::Disk;
use crate::faults::Kind;
use crate::laws::EDITIONS;
use crate::receivers::Receiver;
use crate::world::{Node, World};
use countersign::engine::{Engine, Ports, Settings};
use countersign::outbound::retry::Schedule;
use countersign::workers::perform::{Performer, Sinks};
use countersign::workers::{outbox, wakeups};
use countersign_store::Records;
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

/// A notice waits this long for the model.
pub(crate) const BUDGET: SignedDuration = SignedDuration::from_secs(10);

/// Starts the node of this number and says who owns it.
pub(crate) async fn start(world: Arc<World>, index: usize) {
    let owner = world.new_owner();
    let disk = Arc::new(Disk { world: world.clone(), owner });
    let records: Arc<dyn Records> = disk.clone();
    let random = Arc::new(SimRandom(Mutex::new(world.dice(1000 + owner))));
    let clock = world.node_clocks[index].clone();
    let ports = Ports { log: disk, records: records.clone(), clock, random: random.clone() };
    let settings = Settings { public_url: "http://sign.example".into(), summary_budget: Some(BUDGET), hooks: Vec::new() };
    let engine = Arc::new(Engine::new(ports, settings));
    put_editions(&world, &engine, &records).await;
    engine.shelf().set_people(world.crew().people());
    let receiver = Arc::new(Receiver(world.clone()));
    let summarizer = Some(receiver.clone() as Arc<dyn countersign::ports::Summarizer>);
    let sinks = Sinks { webhook: receiver.clone(), console: None, http: receiver.clone(), command: receiver, summarizer, random };
    let performer = Arc::new(Performer::new(engine.clone(), sinks, Schedule::default()));
    world.time.spawn(owner, outbox::run(performer, CancellationToken::new()));
    world.time.spawn(owner, wakeups::run(engine.clone(), CancellationToken::new()));
    world.time.spawn(owner, catch_up(engine.clone()));
    world.nodes.lock().unwrap()[index] = Some(Node { engine, owner });
}

/// What the process that reads the directory does at its start.
async fn catch_up(engine: Arc<Engine>) {
    let _ = engine.catch_up_with_directory().await;
}

/// The editions in force so far, oldest first, so that the last of each policy holds.
async fn put_editions(world: &World, engine: &Engine, records: &Arc<dyn Records>) {
    let in_force: BTreeSet<usize> = world.ledger().editions.iter().map(|(index, _)| *index).collect();
    for index in in_force {
        let edition = &EDITIONS[index];
        engine.shelf().put_policy(edition.policy.clone(), &edition.sources, records).await.unwrap();
    }
}

/// Puts an edition in force on every node that is up.
pub(crate) async fn put_edition(world: &Arc<World>, index: usize) {
    let now = world.time.now();
    world.ledger().editions.push((index, now));
    let nodes: Vec<Node> = world.nodes.lock().unwrap().iter().flatten().cloned().collect();
    for node in nodes {
        let records: Arc<dyn Records> = Arc::new(Disk { world: world.clone(), owner: node.owner });
        let edition = &EDITIONS[index];
        node.engine.shelf().put_policy(edition.policy.clone(), &edition.sources, &records).await.unwrap();
    }
}

/// Keeps a node up: starts it again some time after it died, and kills it now and then.
pub(crate) async fn keep_up(world: Arc<World>, index: usize) {
    let mut dice = world.dice(20 + index as u64);
    loop {
        if world.nodes.lock().unwrap()[index].is_none() {
            world.time.sleep(dice.between(500, 300_000)).await;
            if world.nodes.lock().unwrap()[index].is_none() {
                start(world.clone(), index).await;
            }
        }
        if world.weather().calm {
            return;
        }
        world.time.sleep(dice.between(60_000, 3_600_000)).await;
        let owner = world.nodes.lock().unwrap()[index].as_ref().map(|node| node.owner);
        if let Some(owner) = owner.filter(|_| world.weather().strikes(Kind::Restart)) {
            world.crash(owner);
        }
    }
}
