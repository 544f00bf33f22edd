//! The doors by which the house is entered. They translate and decide nothing.

pub mod pages;
pub mod shared;
