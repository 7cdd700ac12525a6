//! What conditions come to.
