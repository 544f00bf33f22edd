//! Clerk's Frontend API, from outside: as the published file says, as the components need it, and as an attacker tries it.

mod app;
mod client;
mod emails;
mod entrance;
mod environment;
mod handshake;
mod limits;
mod me;
mod published;
mod routes;
mod sessions;
mod sign_ins;
mod sign_ups;
mod strangers;
mod test_mode;
mod tickets;
mod verify;
