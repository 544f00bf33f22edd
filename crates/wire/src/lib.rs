//! The shapes of published contracts, as they cross the wire: no logic, no types of ours, nothing filled in by itself.
//!
//! The published files say what each field means; here stands only how it is written.
#![allow(missing_docs, reason = "the published contract documents its fields")]

pub mod backend;
pub mod errors;
pub mod frontend;
pub mod webhooks;
