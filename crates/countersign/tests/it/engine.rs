//! The engine and its workers over a store that is tampered with: what the doors cannot bring about.

mod bench;
mod dead_letters;
mod directory;
