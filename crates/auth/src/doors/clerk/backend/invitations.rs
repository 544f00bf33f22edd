//! Invitations.

use super::{
    body::{Body, Fault, wrong},
    call::Call,
};
use crate::{
    doors::clerk::{answer::Answer, convert},
    flows::steward::{Invite, Status},
};
use axum::extract::Path;
use housekey_core::ids::InvitationId;
use housekey_wire::backend::{Invitation, Page};

const DAYS: i64 = 30;
const MOST_AT_ONCE: usize = 10;

pub(super) async fn list(call: Call) -> Answer {
    let page = call.query.page().map_err(|f| call.fault(f))?;
    let paginated = call.query.flag("paginated").map_err(|f| call.fault(f))?.unwrap_or(false);
    let status = match call.query.text("status") {
        None => None,
        Some("pending") => Some(Status::Pending),
        Some("accepted") => Some(Status::Accepted),
        Some("revoked") => Some(Status::Revoked),
        Some("expired") => Some(Status::Expired),
        Some(_) => return Err(call.fault(wrong("status", "is no status of an invitation"))),
    };
    let part = call.query.text("query").unwrap_or_default();
    let found = call.house.invitations(&call.by, status, part, page).await.map_err(|e| call.refuse(e))?;
    let total_count = found.total;
    let data: Vec<Invitation> = found.items.into_iter().map(convert::backend::invitation).collect();
    match paginated {
        true => call.ok(&Page { data, total_count }),
        false => call.ok(&data),
    }
}

pub(super) async fn create(mut call: Call) -> Answer {
    let body = call.body()?;
    let invite = read(&body).map_err(|f| call.fault(f))?;
    let made = call.house.invitation_make(&call.by, invite).await.map_err(|e| call.refuse(e))?;
    call.ok(&convert::backend::invitation(made))
}

/// Several at once: those before one that is refused are made.
pub(super) async fn create_many(mut call: Call) -> Answer {
    let bodies = call.bodies(MOST_AT_ONCE)?;
    let invites = bodies.iter().map(read).collect::<Result<Vec<_>, _>>().map_err(|f| call.fault(f))?;
    let mut made: Vec<Invitation> = Vec::new();
    for invite in invites {
        let one = call.house.invitation_make(&call.by, invite).await.map_err(|e| call.refuse(e))?;
        made.push(convert::backend::invitation(one));
    }
    call.ok(&made)
}

pub(super) async fn revoke(Path(id): Path<String>, call: Call) -> Answer {
    let id: InvitationId = call.id(&id)?;
    let revoked = call.house.invitation_revoke(&call.by, &id).await.map_err(|e| call.refuse(e))?;
    call.ok(&convert::backend::invitation(revoked))
}

fn read(body: &Body) -> Result<Invite, Fault> {
    let known = ["email_address", "public_metadata", "redirect_url", "notify", "ignore_existing", "expires_in_days"];
    body.only(&known, &["template_slug"]).or_else(|fault| match body.text("template_slug") {
        Ok(Some("invitation")) => body.only(&[&known[..], &["template_slug"]].concat(), &[]),
        _ => Err(fault),
    })?;
    let days = body.int("expires_in_days")?.unwrap_or(DAYS);
    Ok(Invite {
        address: body.required("email_address")?.to_owned(),
        public_metadata: body.object("public_metadata")?,
        redirect_url: body.text("redirect_url")?.filter(|url| !url.is_empty()).map(str::to_owned),
        notify: body.flag("notify")?.unwrap_or(true),
        ignore_existing: body.flag("ignore_existing")?.unwrap_or(false),
        days: u32::try_from(days).unwrap_or_default(),
    })
}
