//! What proves that somebody is who they say.

pub mod one_time_code;
