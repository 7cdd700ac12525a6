//! The seeded simulation: several nodes over one store, clients, receivers, clocks and a directory that all
//! misbehave, and an oracle that judges what is left on record. A failure prints its seed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

#[path = "../between/mod.rs"]
mod between;
mod clients;
mod crew;
mod dice;
mod disk;
mod driver;
mod executor;
mod faults;
mod law;
mod laws;
mod ledger;
mod nature;
mod node;
mod oracle;
mod play;
mod receivers;
mod signing;
mod twins;
mod world;

/// Many short-lived objects on two threads: this allocator plays a third more seeds a second than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
