//! How much a store does at once, and why no more.

/// Rows of a page: what a screen or a script reads in one go.
pub(crate) const PAGE_MAX: usize = 200;

/// Rows of any other bounded read (events, heads, due requests, claims): some ten milliseconds of work.
pub(crate) const READ_MAX: usize = 10_000;

/// Refused attempts kept: enough to see an attack or a broken client, bounded so that neither fills the disk.
pub(crate) const REFUSED_MAX: usize = 10_000;
