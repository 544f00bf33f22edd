//! All of Housekey's SQL, over SQLite and PostgreSQL: one text and one operation for both, each driven the way it is
//! fast.

mod sql;

pub mod clients;
pub mod coherence;
pub mod directory;
pub mod emails;
pub mod error;
pub mod event_chain;
pub mod events;
pub mod feed;
pub mod gate;
pub mod guests;
pub mod handshakes;
pub mod instance;
pub mod invitations;
pub mod jwt_templates;
pub mod limits;
pub mod links;
pub mod listed;
pub mod mail;
pub mod passkey_challenges;
pub mod passkeys;
pub mod passwords;
pub mod phones;
pub mod pictures;
pub mod recoveries;
pub mod redirect_urls;
pub mod reverified;
pub mod sealed;
pub mod second_factors;
pub mod secret_keys;
pub mod sessions;
pub mod sign_in_tokens;
pub mod sign_ins;
pub mod sign_ups;
pub mod signing_keys;
pub mod steward;
pub mod steward_emails;
pub mod sweeps;
pub mod tell;
#[cfg(feature = "testkit")]
pub mod testkit;
pub mod trusted_devices;
pub mod users;
pub mod verifications;
pub mod waitlist;
pub mod webhook_queue;
pub mod webhooks;

pub use error::{Field, StoreError};
pub use sql::{
    Counters, Reader, Row, Store, Tx, Value,
    migrate::{Migrated, MigrationStatus},
};
