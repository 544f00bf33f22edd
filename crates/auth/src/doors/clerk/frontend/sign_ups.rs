//! Signing up.

use crate::{
    caller::{Cookies, Outcome},
    doors::clerk::{answer::Answer, convert::sign_up as wire, knock::Knock, protect::Proof},
    error::{Denial, Error},
    flows::sign_up::{SignUpFields, SignUpView},
};
use axum::{extract::Path, response::Response};
use housekey_core::{challenge, ids::SignUpId, sign_in::Strategy};
use housekey_wire::frontend::ProtectCheck;

/// What of an attempt waits in the browser while its check is solved: all but secrets.
const HELD: [&str; 8] = [
    "email_address",
    "phone_number",
    "email_address_or_phone_number",
    "username",
    "first_name",
    "last_name",
    "unsafe_metadata",
    "legal_accepted",
];

pub(super) async fn create(knock: Knock) -> Answer {
    knock.counted()?;
    let house = knock.house.clone();
    if knock.text("strategy") == Some("anonymous") {
        let begun = house.guest_begin(&knock.caller, None).await.map_err(|e| knock.refuse(e))?;
        return done(&knock, begun).await;
    }
    house.may_begin(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    if knock.says("transfer") {
        return Err(knock.refuse(Error::NotFound));
    }
    let fields = fields(&knock)?;
    if let Some(email) = &fields.email {
        house.is_free_here(email).await.map_err(|e| knock.refuse(e))?;
    }
    // A ticket may complete the sign-up at once, which takes a client that is there.
    let begun = house.client_begin(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let caller =
        begun.cookies.client.as_ref().map_or_else(|| knock.caller.again(), |set| knock.caller.with(&set.token));
    match house.sign_up_open(&caller, fields).await {
        Ok(Outcome { value, cookies }) => {
            let cookies = Cookies { client: cookies.client.or(begun.cookies.client), device: cookies.device };
            done(&knock, Outcome { value, cookies }).await
        }
        Err(error) => not_begun(&knock, error, begun.cookies).await,
    }
}

/// An attempt that is not begun before a check is solved. What is plain in it is held, and a password typed anew.
async fn not_begun(knock: &Knock, error: Error, cookies: Cookies) -> Answer {
    let Some(check) = knock.check(&error, Some(knock.held(&HELD))) else {
        return Err(knock.with_cookies(knock.refuse(error), &cookies));
    };
    let now = knock.house.now();
    let view = SignUpView::unbegun(SignUpId::new(now, knock.house.entropy()), now.plus(challenge::LIFE));
    gated(knock, &view, check, cookies).await
}

/// A step that a flow refused; one that only waits for a check leaves the attempt that stands.
async fn stopped(knock: &Knock, id: &SignUpId, error: Error) -> Answer {
    let Some(check) = knock.check(&error, None) else { return Err(knock.refuse(error)) };
    let live = knock.house.sign_up_current(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    match live.filter(|view| view.id == *id) {
        Some(view) => gated(knock, &view, check, Cookies::default()).await,
        None => Err(knock.refuse(error)),
    }
}

async fn gated(knock: &Knock, view: &SignUpView, check: ProtectCheck, cookies: Cookies) -> Answer {
    let client = knock.caller.client.as_ref().map(|token| token.id.to_string());
    let mut attempt = wire::sign_up(&knock.house, view, client.as_deref());
    attempt.missing_fields.push("protect_check");
    attempt.protect_check = Some(check);
    knock.gated(cookies, attempt, |client, attempt| client.sign_up = Some(attempt)).await
}

/// A component solved the check that stands in front of an attempt, or of its next step.
pub(super) async fn protect_check(Path(id): Path<String>, knock: Knock) -> Answer {
    knock.counted()?;
    let Proof { proof, held } = match knock.proof() {
        Ok(proof) => proof,
        Err(wrong) => return Err(live(&knock, &id).await.err().unwrap_or(wrong)),
    };
    if let Some(held) = held {
        return create(knock.released(held, proof, &HELD)).await;
    }
    let view = live(&knock, &id).await?;
    let id = view.id.clone();
    match knock.house.challenge_pass(&knock.caller, &proof).await {
        Ok(()) => done(&knock, Outcome { value: view, cookies: Cookies::default() }).await,
        Err(error) => stopped(&knock, &id, error).await,
    }
}

pub(super) async fn show(Path(id): Path<String>, knock: Knock) -> Answer {
    let id = named(&knock, &id)?;
    let live = knock.house.sign_up_current(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let view = match live.filter(|view| view.id == id) {
        Some(view) => view,
        // A link may have ended it in another of the browser's pages, while this one waited.
        None => {
            let followed = knock.house.sign_up_followed(&knock.caller, &id).await.map_err(|e| knock.refuse(e))?;
            followed.ok_or_else(|| expired(&knock))?
        }
    };
    done(&knock, Outcome { value: view, cookies: Cookies::default() }).await
}

pub(super) async fn update(Path(id): Path<String>, knock: Knock) -> Answer {
    knock.counted()?;
    let (id, fields) = (named(&knock, &id)?, fields(&knock)?);
    if let Some(email) = &fields.email {
        knock.house.is_free_here(email).await.map_err(|e| knock.refuse(e))?;
    }
    match knock.house.sign_up_update(&knock.caller, &id, fields).await {
        Ok(outcome) => done(&knock, outcome).await,
        Err(error) => Err(knock.refuse(error)),
    }
}

pub(super) async fn prepare(Path(id): Path<String>, knock: Knock) -> Answer {
    knock.counted()?;
    let id = named(&knock, &id)?;
    let sent_to = sent_to(&knock)?;
    let return_to = knock.return_to()?;
    let sent = match sent_to {
        Sent::Mailbox(by) => knock.house.sign_up_send(&knock.caller, Some(&id), by, return_to.as_ref()).await,
        Sent::Phone => knock.house.sign_up_send_sms(&knock.caller, Some(&id)).await,
    };
    match sent {
        Ok(outcome) => done(&knock, outcome).await,
        Err(error) => stopped(&knock, &id, error).await,
    }
}

pub(super) async fn attempt(Path(id): Path<String>, knock: Knock) -> Answer {
    knock.counted()?;
    let id = named(&knock, &id)?;
    let to = sent_to(&knock)?;
    let code = knock.required("code")?.to_owned();
    let proved = match to {
        Sent::Mailbox(_) => knock.house.sign_up_code(&knock.caller, Some(&id), &code).await,
        Sent::Phone => knock.house.sign_up_sms_code(&knock.caller, Some(&id), &code).await,
    };
    match proved {
        Ok(outcome) => done(&knock, outcome).await,
        Err(error) => stopped(&knock, &id, error).await,
    }
}

/// The client's live attempt, if it is the one named.
async fn live(knock: &Knock, id: &str) -> Result<SignUpView, Response> {
    let id = named(knock, id)?;
    let live = knock.house.sign_up_current(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    live.filter(|view| view.id == id).ok_or_else(|| expired(knock))
}

async fn done(knock: &Knock, outcome: Outcome<SignUpView>) -> Answer {
    let house = knock.house.clone();
    let client = knock.caller.client.as_ref().map(|token| token.id.to_string());
    knock.answered(outcome, |view, _| wire::sign_up(&house, &view, client.as_deref())).await
}

fn fields(knock: &Knock) -> Result<SignUpFields, Response> {
    let text = |name: &str| knock.text(name).map(str::to_owned);
    let either = text("email_address_or_phone_number");
    Ok(SignUpFields {
        email: text("email_address").or_else(|| either.clone().filter(|text| text.contains('@'))),
        phone: text("phone_number").or_else(|| either.filter(|text| !text.contains('@'))),
        username: text("username"),
        password: knock.password("password")?,
        first_name: text("first_name"),
        last_name: text("last_name"),
        unsafe_metadata: text("unsafe_metadata"),
        legal_accepted: knock.says("legal_accepted"),
        ticket: text("ticket"),
    })
}

fn named(knock: &Knock, id: &str) -> Result<SignUpId, Response> {
    SignUpId::try_from(id).map_err(|_| expired(knock))
}

fn expired(knock: &Knock) -> Response {
    knock.refuse(Error::Denied(Denial::AttemptExpired))
}

/// Where a code goes.
enum Sent {
    Mailbox(Strategy),
    Phone,
}

fn sent_to(knock: &Knock) -> Result<Sent, Response> {
    match knock.required("strategy")? {
        "email_code" => Ok(Sent::Mailbox(Strategy::EmailCode)),
        "email_link" => Ok(Sent::Mailbox(Strategy::EmailLink)),
        "phone_code" => Ok(Sent::Phone),
        _ => Err(knock.refuse(Error::field("strategy", "strategy_not_offered"))),
    }
}
