//! Which rule holds.
