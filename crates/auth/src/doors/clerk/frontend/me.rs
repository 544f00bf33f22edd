//! The signed-in user.

use crate::{
    caller::{Cookies, Outcome},
    doors::clerk::{
        answer::Answer,
        convert::user as wire,
        errors::{self, Proof},
        knock::Knock,
    },
    error::Error,
};
use housekey_core::ids::{EmailId, PhoneId};
use housekey_wire::frontend::{Deleted, Image};

pub(super) async fn show(knock: Knock) -> Answer {
    changed(&knock).await
}

pub(super) async fn update(knock: Knock) -> Answer {
    let house = &knock.house;
    let present = |name: &str| knock.given(name);
    if present("first_name").is_some() || present("last_name").is_some() {
        let before = house.own_profile(&knock.caller).await.map_err(|e| knock.refuse(e))?;
        let kept = |name: &str, old: &Option<String>| {
            present(name).map_or_else(|| old.clone().unwrap_or_default(), str::to_owned)
        };
        let (first, last) = (kept("first_name", &before.first_name), kept("last_name", &before.last_name));
        house.account_set_name(&knock.caller, &first, &last).await.map_err(|e| knock.refuse(e))?;
    }
    if let Some(username) = present("username") {
        house.account_set_username(&knock.caller, username).await.map_err(|e| knock.refuse(e))?;
    }
    if let Some(id) = knock.text("primary_email_address_id") {
        let id = EmailId::try_from(id).map_err(|_| knock.refuse(Error::NotFound))?;
        house.email_make_primary(&knock.caller, &id).await.map_err(|e| knock.refuse(e))?;
    }
    if let Some(id) = knock.text("primary_phone_number_id") {
        let id = PhoneId::try_from(id).map_err(|_| knock.refuse(Error::NotFound))?;
        house.phone_make_primary(&knock.caller, &id).await.map_err(|e| knock.refuse(e))?;
    }
    changed(&knock).await
}

pub(super) async fn metadata(knock: Knock) -> Answer {
    let patch = knock.required("unsafe_metadata")?.to_owned();
    knock.house.account_merge_metadata(&knock.caller, &patch).await.map_err(|e| knock.refuse(e))?;
    changed(&knock).await
}

pub(super) async fn change_password(knock: Knock) -> Answer {
    let present = knock.password("current_password")?;
    let new = knock.password("new_password")?;
    let new = new.ok_or_else(|| knock.refuse(Error::field("new_password", "missing")))?;
    let done = knock.house.password_change(&knock.caller, present, new).await;
    let outcome = done.map_err(|e| errors::refuse(&knock, renamed(e), Proof::Own("current_password")))?;
    own(&knock, outcome).await
}

pub(super) async fn remove_password(knock: Knock) -> Answer {
    let present = knock.password("current_password")?;
    let done = knock.house.password_remove(&knock.caller, present).await;
    let outcome = done.map_err(|e| errors::refuse(&knock, e, Proof::Own("current_password")))?;
    own(&knock, outcome).await
}

pub(super) async fn set_picture(knock: Knock) -> Answer {
    let Some(file) = knock.file.clone() else {
        return Err(knock.refuse(Error::field("file", "missing")));
    };
    let id = knock.house.picture_set(&knock.caller, file).await.map_err(|e| knock.refuse(e))?;
    let public_url = knock.house.address_of(&format!("/pictures/{id}"));
    let image = Image { object: "image", id: id.to_string(), name: id.to_string(), public_url };
    knock.wrapped(image).await
}

pub(super) async fn drop_picture(knock: Knock) -> Answer {
    let user = knock.house.picture_drop(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    knock.wrapped(Deleted { object: "image", id: user.to_string(), deleted: true }).await
}

pub(super) async fn delete(knock: Knock) -> Answer {
    let outcome = knock.house.account_delete(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    knock.answered(outcome, |id, _| Deleted { object: "user", id: id.to_string(), deleted: true }).await
}

/// The user as it is now, with the client.
pub(super) async fn changed(knock: &Knock) -> Answer {
    own(knock, Outcome { value: (), cookies: Cookies::default() }).await
}

async fn own(knock: &Knock, outcome: Outcome<()>) -> Answer {
    let caller =
        outcome.cookies.client.as_ref().map_or_else(|| knock.caller.again(), |set| knock.caller.with(&set.token));
    let profile = knock.house.own_profile(&caller).await.map_err(|e| knock.refuse(e))?;
    let user = wire::user(&knock.house, &profile);
    knock.answered(outcome, |(), _| user).await
}

/// The flow knows one password at a time; here there are two.
fn renamed(error: Error) -> Error {
    match error {
        Error::Invalid(mut faults) => {
            faults.iter_mut().filter(|fault| fault.field == "password").for_each(|fault| fault.field = "new_password");
            Error::Invalid(faults)
        }
        other => other,
    }
}
