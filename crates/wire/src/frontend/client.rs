//! Clients and their sessions.

use super::{Factor, Token, Verification, sign_in::SignIn, sign_up::SignUp, user::User};
use serde::Serialize;

#[derive(Clone, Debug, Serialize)]
pub struct Client {
    pub object: &'static str,
    pub id: String,
    pub sessions: Vec<Session>,
    pub sign_in: Option<SignIn>,
    pub sign_up: Option<SignUp>,
    pub last_active_session_id: Option<String>,
    pub last_authentication_strategy: Option<String>,
    pub cookie_expires_at: Option<i64>,
    pub captcha_bypass: bool,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Session {
    pub object: &'static str,
    pub id: String,
    pub status: &'static str,
    pub expire_at: i64,
    pub abandon_at: i64,
    pub last_active_at: i64,
    pub last_active_organization_id: Option<String>,
    pub actor: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<Task>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
    pub public_user_data: Option<PublicUserData>,
    pub factor_verification_age: [i64; 2],
    pub last_active_token: Option<Token>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Task {
    pub key: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub struct PublicUserData {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub image_url: String,
    pub has_image: bool,
    pub identifier: String,
    pub user_id: String,
    pub username: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ActiveSession {
    #[serde(flatten)]
    pub session: Session,
    pub latest_activity: Activity,
}

#[derive(Clone, Debug, Serialize)]
pub struct Activity {
    pub object: &'static str,
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_type: Option<String>,
    pub is_mobile: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Reverification {
    pub object: &'static str,
    pub level: String,
    pub status: &'static str,
    pub supported_first_factors: Vec<Factor>,
    pub supported_second_factors: Vec<Factor>,
    pub first_factor_verification: Option<Verification>,
    pub second_factor_verification: Option<Verification>,
    pub session: Session,
}
