//! What payloads are taken.
