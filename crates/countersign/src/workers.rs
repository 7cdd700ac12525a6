//! Those who do what is owed: the outbox worker performs effects, the wake-up worker fires timers. Each is
//! woken at once by a bell and by a slow poll as safety net, works under leases, and stops when told,
//! losing nothing.

pub mod notice;
pub mod outbox;
pub mod perform;
pub mod wakeups;
