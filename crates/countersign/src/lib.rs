//! The product: everything that touches the world. The law is in `countersign-core`, the record in
//! `countersign-store`; here are the doors, the workers and the roads to people, models and receivers.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "a test that cannot go on should stop"
    )
)]

pub mod channel;
pub mod executor;
pub mod outbound;
pub mod ports;
pub mod summary;
