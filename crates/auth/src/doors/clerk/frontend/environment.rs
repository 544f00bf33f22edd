//! What the instance offers, and whether it answers.

use crate::doors::clerk::{answer::Answer, convert::environment, knock::Knock};
use serde_json::json;

pub(super) async fn show(knock: Knock) -> Answer {
    Ok(knock.bare(&environment::environment(&knock.house)))
}

pub(super) async fn health(knock: Knock) -> Answer {
    match knock.house.store_answers().await {
        Ok(()) => Ok(knock.bare(&json!({ "status": "healthy" }))),
        Err(error) => Err(knock.refuse(error)),
    }
}
