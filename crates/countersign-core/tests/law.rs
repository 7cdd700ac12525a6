//! The law, rule by rule, where a scenario cannot show it; and what must hold for any people, any policy and
//! any order of deeds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

#[path = "law/actions.rs"]
mod actions;
#[path = "law/cel.rs"]
mod cel;
#[path = "law/passkey.rs"]
mod passkey;
#[path = "law/properties.rs"]
mod properties;
#[path = "law/rules.rs"]
mod rules;
#[path = "law/world.rs"]
mod world;
