//! Attempts to sign in.

use super::{Factor, ProtectCheck, Verification};
use serde::Serialize;

#[derive(Clone, Debug, Serialize)]
pub struct SignIn {
    pub object: &'static str,
    pub id: String,
    pub status: &'static str,
    pub supported_identifiers: Vec<&'static str>,
    pub supported_first_factors: Vec<Factor>,
    pub supported_second_factors: Vec<Factor>,
    pub first_factor_verification: Option<Verification>,
    pub second_factor_verification: Option<Verification>,
    pub identifier: Option<String>,
    pub user_data: Option<UserData>,
    pub created_session_id: Option<String>,
    pub abandon_at: i64,
    pub client_trust_state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protect_check: Option<ProtectCheck>,
}

#[derive(Clone, Debug, Serialize)]
pub struct UserData {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub image_url: String,
    pub has_image: bool,
    pub profile_image_url: Option<String>,
}
