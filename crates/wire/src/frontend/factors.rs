//! Second factors of the signed-in user.

use super::Verification;
use serde::Serialize;

#[derive(Clone, Serialize)]
pub struct Totp {
    pub object: &'static str,
    pub id: String,
    pub secret: Option<String>,
    pub uri: Option<String>,
    pub verified: bool,
    pub backup_codes: Vec<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Clone, Serialize)]
pub struct BackupCodes {
    pub object: &'static str,
    pub id: String,
    pub codes: Vec<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Passkey {
    pub object: &'static str,
    pub id: String,
    pub name: String,
    pub last_used_at: Option<i64>,
    pub verification: Option<Verification>,
    /// Only in the Frontend API, as the time after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<i64>,
}
