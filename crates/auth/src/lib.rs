//! Authentication for your own app, in your own database.

pub mod mail;
pub mod settings;
