//! The shapes of the Backend API that the Frontend API has not, or has otherwise.

use serde::Serialize;
use serde_json::Value;

/// A page of something, and how much of it there is.
#[derive(Clone, Debug, Serialize)]
pub struct Page<T> {
    pub data: Vec<T>,
    pub total_count: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct TotalCount {
    pub object: &'static str,
    pub total_count: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Deleted {
    pub object: &'static str,
    pub id: String,
    pub deleted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Session {
    pub object: &'static str,
    pub id: String,
    pub user_id: String,
    pub client_id: String,
    pub actor: Option<Value>,
    pub status: &'static str,
    pub last_active_organization_id: Option<String>,
    pub last_active_at: i64,
    pub expire_at: i64,
    pub abandon_at: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Client {
    pub object: &'static str,
    pub id: String,
    pub session_ids: Vec<String>,
    pub sessions: Vec<Session>,
    pub sign_in_id: Option<String>,
    pub sign_up_id: Option<String>,
    pub last_active_session_id: Option<String>,
    pub last_authentication_strategy: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct SignInToken {
    pub object: &'static str,
    pub id: String,
    pub user_id: String,
    pub status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Invitation {
    pub object: &'static str,
    pub id: String,
    pub email_address: String,
    pub public_metadata: Value,
    pub revoked: bool,
    pub status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    pub expires_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct WaitlistEntry {
    pub object: &'static str,
    pub id: String,
    pub email_address: String,
    pub status: String,
    pub is_locked: bool,
    pub created_at: i64,
    pub updated_at: i64,
    pub invitation: Option<Invitation>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ListedIdentifier {
    pub object: &'static str,
    pub id: String,
    pub identifier: String,
    pub identifier_type: &'static str,
    pub instance_id: String,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct JwtTemplate {
    pub object: &'static str,
    pub id: String,
    pub name: String,
    pub claims: Value,
    pub lifetime: i64,
    pub allowed_clock_skew: i64,
    pub custom_signing_key: bool,
    pub signing_algorithm: String,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct RedirectUrl {
    pub object: &'static str,
    pub id: String,
    pub url: String,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct TestingToken {
    pub object: &'static str,
    pub token: String,
    pub expires_at: i64,
}
