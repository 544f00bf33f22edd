//! Templates of tokens for other services.

use super::{
    body::{Body, Fault, missing, wrong},
    call::Call,
};
use crate::{
    doors::clerk::{answer::Answer, convert},
    flows::steward::TemplateForm,
};
use axum::extract::Path;
use housekey_core::{ids::JwtTemplateId, secret::Secret};
use housekey_wire::backend::{Deleted, JwtTemplate, Page};

const LIFETIME: i64 = 60;
const SKEW: i64 = 5;

pub(super) async fn list(call: Call) -> Answer {
    let (limit, offset) = call.query.page().map_err(|f| call.fault(f))?;
    let paginated = call.query.flag("paginated").map_err(|f| call.fault(f))?;
    let all = call.house.templates(&call.by).await.map_err(|e| call.refuse(e))?;
    let total_count = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let shown = all.into_iter().map(convert::backend::template);
    match paginated {
        Some(true) => {
            let at = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
            let data: Vec<JwtTemplate> = shown.skip(at(offset)).take(at(limit)).collect();
            call.ok(&Page { data, total_count })
        }
        _ => call.ok(&shown.collect::<Vec<_>>()),
    }
}

pub(super) async fn create(call: Call) -> Answer {
    keep(call, None).await
}

pub(super) async fn update(Path(id): Path<String>, call: Call) -> Answer {
    let id: JwtTemplateId = call.id(&id)?;
    keep(call, Some(id)).await
}

pub(super) async fn show(Path(id): Path<String>, call: Call) -> Answer {
    let id: JwtTemplateId = call.id(&id)?;
    let found = call.house.template(&call.by, &id).await.map_err(|e| call.refuse(e))?;
    call.ok(&convert::backend::template(found))
}

pub(super) async fn delete(Path(id): Path<String>, call: Call) -> Answer {
    let id: JwtTemplateId = call.id(&id)?;
    call.house.template_delete(&call.by, &id).await.map_err(|e| call.refuse(e))?;
    call.ok(&Deleted { object: "jwt_template", id: id.to_string(), deleted: true, external_id: None })
}

async fn keep(mut call: Call, id: Option<JwtTemplateId>) -> Answer {
    let body = call.body()?;
    let form = read(&body).map_err(|f| call.fault(f))?;
    let kept = call.house.template_keep(&call.by, id.as_ref(), form).await.map_err(|e| call.refuse(e))?;
    call.ok(&convert::backend::template(kept))
}

/// Tokens are signed as session tokens are, or with a key that the app shares with the other service.
fn read(body: &Body) -> Result<TemplateForm, Fault> {
    let known =
        ["name", "claims", "lifetime", "allowed_clock_skew", "custom_signing_key", "signing_algorithm", "signing_key"];
    body.only(&known, &[])?;
    let custom = body.flag("custom_signing_key")?.unwrap_or(false);
    let algorithm = body.text("signing_algorithm")?.filter(|text| !text.is_empty());
    let key = body.text("signing_key")?.filter(|text| !text.is_empty());
    let signing_key = match (custom, algorithm, key) {
        (false, None | Some("RS256"), None) => None,
        (true, None | Some("HS256"), Some(key)) => Some(Secret::new(key.to_owned())),
        (true, None | Some("HS256"), None) => return Err(missing("signing_key")),
        (false, _, Some(_)) => return Err(wrong("signing_key", "needs custom_signing_key")),
        _ => return Err(wrong("signing_algorithm", "must be RS256, or HS256 with a key of its own")),
    };
    Ok(TemplateForm {
        name: body.required("name")?.to_owned(),
        claims: body.object("claims")?.ok_or_else(|| missing("claims"))?,
        lifetime: body.int("lifetime")?.unwrap_or(LIFETIME),
        allowed_clock_skew: body.int("allowed_clock_skew")?.unwrap_or(SKEW),
        signing_key,
    })
}
