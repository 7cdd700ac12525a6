//! Processes: an engine with its two workers over the shared store, started, killed and started again.

use crate::dice::SimRandom;
use crate::disk::Disk;
use crate::faults::Kind as Fate;
use crate::laws::EDITIONS;
use crate::receivers::Receiver;
use crate::world::{Node, World};
use countersign::engine::owed::Hook;
use countersign::engine::shelf::DIRECTORY_KEY;
use countersign::engine::{Engine, Ports, Settings};
use countersign::outbound::retry::Schedule;
use countersign::workers::perform::{Performer, Sinks};
use countersign::workers::{outbox, wakeups};
use countersign_core::policy::Policy;
use countersign_store::{Fault, Kind, Records};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex};
use tokio_util::sync::CancellationToken;

/// All editions, read once.
static KNOWN: LazyLock<Vec<Arc<Policy>>> = LazyLock::new(|| EDITIONS.iter().map(|edition| Arc::new(edition.policy.clone())).collect());

/// A notice waits this long for the model.
pub(crate) const BUDGET: SignedDuration = SignedDuration::from_secs(10);

/// The webhooks that take every event: one all of them, one the bare four fields of new requests.
fn hooks() -> Vec<Hook> {
    let hook = |id: &str, flat| {
        let (lane, url) = (format!("http://{id}.example"), format!("http://{id}.example/hook"));
        Hook { id: id.into(), lane, url, secret: None, events: vec!["approval.*".into()], policies: Vec::new(), flat }
    };
    vec![hook("all", false), hook("flat", true)]
}

/// Starts the node of this number and says who owns it.
pub(crate) async fn start(world: Arc<World>, index: usize) {
    let owner = world.new_owner();
    let disk = Arc::new(Disk::of(world.clone(), owner));
    let records: Arc<dyn Records> = disk.clone();
    let random = Arc::new(SimRandom(Mutex::new(world.dice(1000 + owner))));
    let clock = world.node_clocks[index].clone();
    let ports = Ports { log: disk, records: records.clone(), clock, random: random.clone() };
    let settings = Settings {
        public_url: "http://sign.example".into(),
        summary_budget: Some(BUDGET),
        hooks: hooks(),
        sessions: Default::default(),
        confirm_links: false,
    };
    let engine = Arc::new(Engine::new(ports, settings));
    while boot(&world, &engine, &records).await.is_err() {
        world.time.sleep(1_000).await;
    }
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

/// What a start does: what the store kept, then what the files say: the last edition of each policy.
async fn boot(world: &Arc<World>, engine: &Engine, records: &Arc<dyn Records>) -> Result<(), Fault> {
    let reads = world.clone();
    engine.shelf().read_people_with(Arc::new(move |_, version| Ok(reads.crew_of(version).ok_or("a directory that never was")?.people())));
    // Reading policies again at every start would be a fifth of all work: one seed in eight does.
    if world.seed % 8 != 0 {
        KNOWN.iter().for_each(|policy| engine.shelf().know(policy.clone()));
    }
    engine.shelf().restore(records).await?;
    let in_force: BTreeSet<usize> = world.ledger().editions.iter().map(|(index, _)| *index).collect();
    let last: BTreeMap<&str, usize> = in_force.iter().map(|index| (EDITIONS[*index].law.policy, *index)).collect();
    for edition in last.values().map(|index| &EDITIONS[*index]) {
        if engine.shelf().policy(&edition.policy.name).is_none_or(|policy| policy.version != edition.policy.version) {
            engine.shelf().put_policy(edition.policy.clone(), &edition.sources, records).await?;
        }
    }
    let directory = records.get(Kind::Directory, DIRECTORY_KEY).await?;
    engine.shelf().set_people(directory.and_then(|record| world.crew_of(record.version)).unwrap().people());
    Ok(())
}

/// Puts an edition in force on every node that is up.
pub(crate) async fn put_edition(world: &Arc<World>, index: usize) {
    let now = world.time.now();
    world.ledger().editions.push((index, now));
    let nodes: Vec<Node> = world.nodes.lock().unwrap().iter().flatten().cloned().collect();
    for node in nodes {
        let records: Arc<dyn Records> = Arc::new(Disk::of(world.clone(), node.owner));
        let (edition, engine, again) = (&EDITIONS[index], node.engine.clone(), world.clone());
        let put = async move {
            while engine.shelf().put_policy(edition.policy.clone(), &edition.sources, &records).await.is_err() {
                again.time.sleep(5_000).await;
            }
        };
        let _ = world.call(node.owner, put).await;
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
        if let Some(owner) = owner.filter(|_| world.weather().strikes(Fate::Restart)) {
            world.crash(owner);
        }
    }
}
