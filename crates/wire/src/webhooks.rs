//! What webhooks tell.

use crate::{backend, frontend};
use serde::Serialize;
use serde_json::Value;

/// The envelope of every message.
#[derive(Clone, Debug, Serialize)]
pub struct Event<T> {
    pub object: &'static str,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub data: T,
    pub timestamp: i64,
    pub instance_id: String,
    pub event_attributes: EventAttributes,
}

#[derive(Clone, Debug, Serialize)]
pub struct EventAttributes {
    pub http_request: HttpRequest,
}

#[derive(Clone, Debug, Serialize)]
pub struct HttpRequest {
    pub client_ip: String,
    pub user_agent: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Session {
    #[serde(flatten)]
    pub session: backend::Session,
    pub latest_activity: Option<frontend::client::Activity>,
    pub user: frontend::user::User,
}

/// A mail. The published subject, bodies and code are left out: they would hand out what signs somebody in.
#[derive(Clone, Debug, Serialize)]
pub struct Email {
    pub object: &'static str,
    pub id: String,
    pub slug: &'static str,
    pub from_email_name: String,
    pub to_email_address: String,
    pub email_address_id: Option<String>,
    pub user_id: Option<String>,
    pub status: &'static str,
    pub delivered_by_clerk: bool,
    pub data: Value,
}

/// A message to a phone. The published text is left out: it would hand out what signs somebody in.
#[derive(Clone, Debug, Serialize)]
pub struct Sms {
    pub object: &'static str,
    pub id: String,
    pub slug: &'static str,
    pub from_phone_number: String,
    pub to_phone_number: String,
    pub phone_number_id: Option<String>,
    pub user_id: Option<String>,
    pub message: &'static str,
    pub status: &'static str,
    pub data: Value,
    pub delivered_by_clerk: bool,
    pub created_at: i64,
}
