//! Attempts to sign up.

use super::{ProtectCheck, Verification};
use serde::Serialize;
use serde_json::Value;

#[derive(Clone, Debug, Serialize)]
pub struct SignUp {
    pub object: &'static str,
    pub id: String,
    pub status: &'static str,
    pub required_fields: Vec<&'static str>,
    pub optional_fields: Vec<&'static str>,
    pub missing_fields: Vec<&'static str>,
    pub unverified_fields: Vec<&'static str>,
    pub verifications: Verifications,
    pub username: Option<String>,
    pub email_address: Option<String>,
    pub phone_number: Option<String>,
    pub web3_wallet: Option<String>,
    pub password_enabled: bool,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub unsafe_metadata: Value,
    pub public_metadata: Value,
    pub custom_action: bool,
    pub external_id: Option<String>,
    pub created_session_id: Option<String>,
    pub created_user_id: Option<String>,
    pub abandon_at: i64,
    pub legal_accepted_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protect_check: Option<ProtectCheck>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Verifications {
    pub email_address: Option<SignUpVerification>,
    pub phone_number: Option<SignUpVerification>,
    pub web3_wallet: Option<SignUpVerification>,
    pub external_account: Option<Verification>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SignUpVerification {
    #[serde(flatten)]
    pub verification: Verification,
    pub next_action: &'static str,
    pub supported_strategies: Vec<&'static str>,
}
