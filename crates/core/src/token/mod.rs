//! Credentials on their way and at rest.

pub mod opaque;
