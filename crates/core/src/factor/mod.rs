//! What proves that somebody is who they say.

pub mod backup_code;
pub mod one_time_code;
pub mod passkey;
pub mod totp;
