//! What people call themselves by, parsed and normalised once.

pub mod email;
pub mod name;
