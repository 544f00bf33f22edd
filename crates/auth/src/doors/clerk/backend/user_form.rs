//! What a backend says of a user that is made or changed.

use super::body::{Body, Fault, wrong};
use crate::{
    doors::clerk::errors::Refusal,
    flows::steward::{ChangedUser, GivenPassword, MadeUser},
};
use housekey_core::{
    ids::{EmailId, PhoneId},
    secret::Secret,
};
use http::StatusCode;

/// Fields of parts that are not built.
const UNBUILT: [&str; 9] = [
    "locale",
    "web3_wallet",
    "backup_codes",
    "skip_user_requirement",
    "create_organization_enabled",
    "create_organizations_limit",
    "bypass_client_trust",
    "primary_web3_wallet_id",
    "profile_image_id",
];

/// A user to make.
pub(super) fn made(mut body: Body) -> Result<MadeUser, Fault> {
    // `password_compromised` is not of the contract: whoever moves in may say what they know of a password.
    const KNOWN: [&str; 24] = [
        "password_compromised",
        "external_id",
        "username",
        "first_name",
        "last_name",
        "email_address",
        "email_address_identification_status",
        "phone_number",
        "phone_number_identification_status",
        "password",
        "password_digest",
        "password_hasher",
        "totp_secret",
        "skip_password_checks",
        "skip_password_requirement",
        "public_metadata",
        "private_metadata",
        "unsafe_metadata",
        "delete_self_enabled",
        "legal_accepted_at",
        "skip_legal_checks",
        "created_at",
        "banned",
        "locked",
    ];
    body.only(&KNOWN, &UNBUILT)?;
    let addresses = body.texts("email_address")?;
    all_verified(&body, "email_address_identification_status", addresses.len())?;
    let phones = body.texts("phone_number")?;
    all_verified(&body, "phone_number_identification_status", phones.len())?;
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let password = given_password(&mut body)?;
    Ok(MadeUser {
        first_name: owned(body.text("first_name")?),
        last_name: owned(body.text("last_name")?),
        username: owned(body.text("username")?),
        external_id: body.text("external_id")?.map(str::to_owned),
        metadata: [body.object("public_metadata")?, body.object("private_metadata")?, body.object("unsafe_metadata")?],
        may_delete_self: body.flag("delete_self_enabled")?.unwrap_or(true),
        legal_accepted: body.moment("legal_accepted_at")?,
        created: body.moment("created_at")?,
        password_compromised: body.flag("password_compromised")?.unwrap_or(false),
        banned: body.flag("banned")?.unwrap_or(false),
        locked: body.flag("locked")?.unwrap_or(false),
        totp_secret: body.text("totp_secret")?.filter(|t| !t.is_empty()).map(|text| Secret::new(text.to_owned())),
        addresses,
        phones,
        password,
    })
}

/// What changes of a user.
pub(super) fn changed(mut body: Body) -> Result<ChangedUser, Fault> {
    const KNOWN: [&str; 15] = [
        "external_id",
        "username",
        "first_name",
        "last_name",
        "primary_email_address_id",
        "primary_phone_number_id",
        "notify_primary_email_address_changed",
        "password",
        "password_digest",
        "password_hasher",
        "skip_password_checks",
        "sign_out_of_other_sessions",
        "delete_self_enabled",
        "legal_accepted_at",
        "created_at",
    ];
    let known: Vec<&str> = KNOWN.into_iter().chain(["skip_legal_checks"]).collect();
    let unbuilt: Vec<&str> = UNBUILT.into_iter().chain(["totp_secret"]).collect();
    body.only(&known, &unbuilt)?;
    let primary = match body.text("primary_email_address_id")?.filter(|id| !id.is_empty()) {
        None => None,
        Some(id) => Some(EmailId::try_from(id).map_err(|_| wrong("primary_email_address_id", "is no id"))?),
    };
    let primary_phone = match body.text("primary_phone_number_id")?.filter(|id| !id.is_empty()) {
        None => None,
        Some(id) => Some(PhoneId::try_from(id).map_err(|_| wrong("primary_phone_number_id", "is no id"))?),
    };
    let password = given_password(&mut body)?;
    Ok(ChangedUser {
        first_name: body.nullable("first_name")?,
        last_name: body.nullable("last_name")?,
        username: body.nullable("username")?,
        external_id: body.nullable("external_id")?,
        notify: body.flag("notify_primary_email_address_changed")?.unwrap_or(false),
        sign_out: body.flag("sign_out_of_other_sessions")?.unwrap_or(false),
        may_delete_self: body.flag("delete_self_enabled")?,
        legal_accepted: body.moment("legal_accepted_at")?,
        created: body.moment("created_at")?,
        primary,
        primary_phone,
        password,
    })
}

/// An address or a number is proved or it grants nothing: there is none that is only reserved.
fn all_verified(body: &Body, name: &'static str, given: usize) -> Result<(), Fault> {
    let states = body.texts(name)?;
    if !states.is_empty() && states.len() != given {
        return Err(wrong(name, "must have one item for each of them"));
    }
    match states.iter().all(|state| state == "verified") {
        true => Ok(()),
        false => {
            let message = "What is given here is verified; an unverified one can be added afterwards.";
            Err(Refusal::param(StatusCode::UNPROCESSABLE_ENTITY, "form_param_value_invalid", message, name))
        }
    }
}

fn given_password(body: &mut Body) -> Result<Option<GivenPassword>, Fault> {
    let unchecked = body.flag("skip_password_checks")?.unwrap_or(false);
    let digest = body.text("password_digest")?.filter(|text| !text.is_empty()).map(str::to_owned);
    let hasher = body.text("password_hasher")?.filter(|text| !text.is_empty()).map(str::to_owned);
    let password = body.password("password")?;
    match (password, digest, hasher) {
        (None, None, None) => Ok(None),
        (Some(password), None, None) => Ok(Some(GivenPassword::Plain { password, unchecked })),
        (None, Some(digest), Some(hasher)) => Ok(Some(GivenPassword::Digest { hasher, digest: Secret::new(digest) })),
        (None, Some(_), None) => Err(super::body::missing("password_hasher")),
        (None, None, Some(_)) => Err(super::body::missing("password_digest")),
        (Some(_), ..) => Err(wrong("password", "cannot be given beside a digest")),
    }
}
