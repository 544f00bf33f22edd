//! Driving the real program from outside, as a browser does.

pub mod browser;
pub mod form;
pub mod person;
pub mod server;
pub mod steady;
pub mod wire;
