//! Waiting for an invitation.

use crate::{
    doors::clerk::{answer::Answer, knock::Knock},
    flows::waitlist::JoinWaitlist,
};
use serde_json::json;

pub(super) async fn join(knock: Knock) -> Answer {
    knock.counted()?;
    let email = knock.required("email_address")?.to_owned();
    let join = JoinWaitlist { email, ..JoinWaitlist::default() };
    let id = knock.house.waitlist_join(&knock.caller, join).await.map_err(|e| knock.refuse(e))?;
    Ok(knock.bare(&json!({ "object": "waitlist_entry", "id": id })))
}
