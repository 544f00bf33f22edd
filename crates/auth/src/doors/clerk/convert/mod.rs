//! From what flows show to what goes over the wire.

pub mod backend;
pub mod client;
pub mod environment;
pub mod sign_in;
pub mod sign_up;
pub mod user;

use crate::housekey::Housekey;
use housekey_core::time::Time;
use serde_json::{Map, Value};

pub(super) fn ms(time: Time) -> i64 {
    time.as_millis()
}

/// A stored object; one that cannot be read is shown as empty.
pub(super) fn object(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::Object(Map::new()))
}

/// What proves an address here.
pub(crate) fn mailed(house: &Housekey) -> Vec<&'static str> {
    let mailbox = house.settings().mailbox;
    let code = mailbox.has_code().then_some("email_code");
    code.into_iter().chain(mailbox.has_link().then_some("email_link")).collect()
}
