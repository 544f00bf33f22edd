//! The envelope of refusals.

use serde::Serialize;
use serde_json::Value;

#[derive(Clone, Debug, Serialize)]
pub struct Errors {
    pub errors: Vec<Error>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<Value>,
    pub clerk_trace_id: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Error {
    pub code: &'static str,
    pub message: String,
    pub long_message: String,
    pub meta: Value,
}
