//! Broken policies and what is said of them.
