//! Second factors of the signed-in user.

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
