//! Webhooks: what is told, in which form, in which order, and what becomes of it when nobody listens.

mod delivery;
mod endpoints;
mod receiver;
pub mod told;
