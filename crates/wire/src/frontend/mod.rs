//! Clerk's Frontend API.

pub mod client;
pub mod environment;
pub mod factors;
pub mod sign_in;
pub mod sign_up;
pub mod user;

use serde::Serialize;

/// An answer with the whole client beside it.
#[derive(Clone, Debug, Serialize)]
pub struct Wrapped<T, C> {
    pub response: T,
    pub client: C,
}

#[derive(Clone, Debug, Serialize)]
pub struct Token {
    pub object: &'static str,
    pub jwt: String,
}

impl Token {
    pub const OBJECT: &'static str = "token";
}

#[derive(Clone, Debug, Serialize)]
pub struct Deleted {
    pub object: &'static str,
    pub id: String,
    pub deleted: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct Image {
    pub object: &'static str,
    pub id: String,
    pub name: String,
    pub public_url: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Verification {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<&'static str>,
    pub status: &'static str,
    pub strategy: Option<&'static str>,
    pub attempts: Option<i64>,
    pub expire_at: Option<i64>,
    /// What a passkey is asked with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_at_client: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Factor {
    pub strategy: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub safe_identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_address_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary: Option<bool>,
    /// Of several second factors, whether it is the one that is asked for first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<bool>,
}

/// A check that a component loads and solves before an attempt goes on.
#[derive(Clone, Debug, Serialize)]
pub struct ProtectCheck {
    pub status: &'static str,
    pub token: String,
    pub sdk_url: String,
}
