//! What the house promises, at the flows' own door: the good way, and what an attacker tries.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

/// Makes a test of each function, once on SQLite and once on PostgreSQL.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                crate::kit::ENGINE.scope(crate::kit::Engine::Sqlite, super::$name()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if crate::kit::has_postgres() {
                    crate::kit::ENGINE.scope(crate::kit::Engine::Postgres, super::$name()).await;
                }
            })*
        }
    };
}

mod account;
mod authenticator;
mod bots;
mod breach;
mod broken;
mod cache;
mod captcha;
mod challenge;
mod clerk;
mod compromised;
mod cut;
mod door_limits;
mod doors;
mod dump;
mod email_links;
mod factor_pages;
mod guests;
mod history;
mod hostile;
mod kit;
mod layer;
mod limits;
mod not_me;
mod pages;
mod passkey_offer;
mod passkeys;
mod phones;
mod provider;
mod races;
mod recovery;
mod repeat;
mod risk;
mod routes;
mod second_factor;
mod second_phone;
mod sign_in;
mod sign_up;
mod sms_gateways;
mod trail;
mod trusted_devices;
mod two_step;
mod usernames;
mod waitlist;
mod walls;
mod web;
mod webhooks;
