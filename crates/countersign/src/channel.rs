//! Roads to people: one adapter per file, each a `Channel`. They see a rendered parcel, never a request.

pub mod webhook;
