//! The dialect layer: one text for two engines, transactions, rows, and the two ways of driving a database.

mod durable;
pub(crate) mod migrate;
mod operation;
mod postgres;
mod row;
mod sqlite;
mod statement;
mod store;
mod tx;
mod value;
mod writer;

#[cfg(test)]
mod engine_tests;

pub(crate) use postgres::{optional_on as postgres_optional, rows_on as postgres_rows};
pub use row::Row;
pub(crate) use statement::Sql;
pub(crate) use store::Kind;
pub use store::{Counters, Reader, Store};
pub use tx::Tx;
pub use value::Value;

/// Every statement that the store runs, for the tests that prepare and lint them.
#[cfg(test)]
pub(crate) fn all() -> Vec<&'static Sql> {
    let (directory, passkeys) = (crate::directory::all(), crate::passkeys::all());
    [
        directory.as_slice(),
        passkeys.as_slice(),
        crate::clients::ALL,
        crate::emails::ALL,
        crate::event_chain::ALL,
        crate::events::ALL,
        crate::feed::ALL,
        crate::gate::ALL,
        crate::guests::ALL,
        crate::handshakes::ALL,
        crate::instance::ALL,
        crate::invitations::ALL,
        crate::jwt_templates::ALL,
        crate::limits::ALL,
        crate::links::ALL,
        crate::listed::ALL,
        crate::mail::ALL,
        crate::passkey_challenges::ALL,
        crate::phones::ALL,
        crate::pictures::ALL,
        crate::recoveries::ALL,
        crate::redirect_urls::ALL,
        crate::reverified::ALL,
        crate::sealed::ALL,
        crate::second_factors::ALL,
        crate::secret_keys::ALL,
        crate::sessions::ALL,
        crate::sign_in_tokens::ALL,
        crate::sign_ins::ALL,
        crate::sign_ups::ALL,
        crate::signing_keys::ALL,
        crate::steward::ALL,
        crate::steward_emails::ALL,
        crate::trusted_devices::ALL,
        crate::users::ALL,
        crate::users::row::ALL,
        crate::verifications::ALL,
        crate::waitlist::ALL,
        crate::webhook_queue::ALL,
        crate::webhooks::ALL,
        tx::ALL,
    ]
    .concat()
}
