//! The rules of Housekey: no I/O, no clock, no chance of their own.
