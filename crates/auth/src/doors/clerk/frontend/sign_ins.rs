//! Signing in.

use crate::{
    caller::{Cookies, Outcome},
    doors::clerk::{answer::Answer, convert::sign_in as wire, knock::Knock, protect::Proof},
    error::{Denial, Error},
    flows::sign_in::{SignInStatus, SignInView, StartSignIn},
};
use axum::{extract::Path, response::Response};
use housekey_core::{challenge, ids::SignInId, sign_in::Strategy};
use housekey_wire::frontend::ProtectCheck;

/// What of an attempt waits in the browser while its check is solved.
const HELD: [&str; 3] = ["identifier", "strategy", "redirect_url"];

pub(super) async fn create(knock: Knock) -> Answer {
    knock.counted()?;
    let house = knock.house.clone();
    house.may_begin(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    if knock.text("strategy") == Some("ticket") || (knock.text("ticket").is_some() && knock.text("strategy").is_none())
    {
        return by_ticket(knock).await;
    }
    if knock.text("strategy") == Some("passkey") {
        let begun = house.sign_in_start_passkey(&knock.caller).await.map_err(|e| knock.refuse(e))?;
        return done(&knock, begun).await;
    }
    if knock.says("transfer") {
        return Err(knock.refuse(Error::NotFound));
    }
    let identifier = knock.required("identifier")?.to_owned();
    let strategy = knock.text("strategy").map(|name| wire::strategy(name).ok_or(not_offered()));
    let strategy = strategy.transpose().map_err(|e| knock.refuse(e))?;
    let password = knock.password("password")?;
    house.is_known_here(&identifier).await.map_err(|e| knock.refuse(e))?;
    let start = StartSignIn { identifier, remember: true, return_to: None };
    let begun = match house.sign_in_start(&knock.caller, start).await {
        Ok(begun) => begun,
        Err(error) => return not_begun(&knock, error).await,
    };
    // The next step is the same browser's, with the client that was made for it just now.
    let caller =
        begun.cookies.client.as_ref().map_or_else(|| knock.caller.again(), |set| knock.caller.with(&set.token));
    let next = match (strategy, password) {
        (None | Some(Strategy::Password), Some(password)) => Some(house.sign_in_password(&caller, password).await),
        (Some(Strategy::Password), None) => Some(Err(Error::field("password", "missing"))),
        (Some(strategy), _) if is_code(strategy) => {
            let return_to = knock.return_to()?;
            Some(house.sign_in_send(&caller, strategy, return_to.as_ref()).await)
        }
        _ => None,
    };
    let cookies = begun.cookies;
    match next {
        None => done(&knock, Outcome { value: begun.value, cookies }).await,
        Some(Ok(next)) => {
            let cookies = Cookies { client: next.cookies.client.or(cookies.client), device: next.cookies.device };
            done(&knock, Outcome { value: next.value, cookies }).await
        }
        // The attempt stands, and the browser needs its client to go on with it.
        Some(Err(error)) => stopped(&knock, error, Some(begun.value), cookies).await,
    }
}

/// An attempt that is not begun before a check is solved: what named it is held.
async fn not_begun(knock: &Knock, error: Error) -> Answer {
    let mut held = knock.held(&HELD);
    held.retain(|name, value| name != "strategy" || value != "password");
    let Some(check) = knock.check(&error, Some(held)) else { return Err(knock.refuse(error)) };
    let now = knock.house.now();
    let view = SignInView::unbegun(SignInId::new(now, knock.house.entropy()), now.plus(challenge::LIFE));
    gated(knock, &view, check, Cookies::default()).await
}

/// A step that a flow refused; one that only waits for a check leaves the attempt that stands.
async fn stopped(knock: &Knock, error: Error, stands: Option<SignInView>, cookies: Cookies) -> Answer {
    match (knock.check(&error, None), stands) {
        (Some(check), Some(view)) => gated(knock, &view, check, cookies).await,
        _ => Err(knock.with_cookies(knock.refuse(error), &cookies)),
    }
}

async fn gated(knock: &Knock, view: &SignInView, check: ProtectCheck, cookies: Cookies) -> Answer {
    let client = knock.caller.client.as_ref().map(|token| token.id.to_string());
    let mut attempt = wire::sign_in(&knock.house, view, client.as_deref());
    attempt.status = "needs_protect_check";
    attempt.protect_check = Some(check);
    knock.gated(cookies, attempt, |client, attempt| client.sign_in = Some(attempt)).await
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
    let stands = live(&knock, &id).await?;
    match knock.house.challenge_pass(&knock.caller, &proof).await {
        Ok(()) => done(&knock, Outcome { value: stands, cookies: Cookies::default() }).await,
        Err(error) => stopped(&knock, error, Some(stands), Cookies::default()).await,
    }
}

async fn by_ticket(knock: Knock) -> Answer {
    let house = knock.house.clone();
    let ticket = knock.required("ticket")?.to_owned();
    let begun = house.client_begin(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let caller =
        begun.cookies.client.as_ref().map_or_else(|| knock.caller.again(), |set| knock.caller.with(&set.token));
    match house.sign_in_ticket(&caller, &ticket).await {
        Ok(next) => {
            let client = next.cookies.client.or(begun.cookies.client);
            done(&knock, Outcome { value: next.value, cookies: Cookies { client, ..next.cookies } }).await
        }
        Err(error) => Err(knock.with_cookies(knock.refuse(error), &begun.cookies)),
    }
}

pub(super) async fn show(Path(id): Path<String>, knock: Knock) -> Answer {
    let view = match live(&knock, &id).await {
        Ok(view) => view,
        // A link may have ended it in another of the browser's pages, while this one waited.
        Err(refused) => followed(&knock, &id).await?.ok_or(refused)?,
    };
    done(&knock, Outcome { value: view, cookies: Cookies::default() }).await
}

pub(super) async fn prepare(Path(id): Path<String>, knock: Knock) -> Answer {
    knock.counted()?;
    let strategy = chosen(&knock)?;
    let return_to = knock.return_to()?;
    let stands = live(&knock, &id).await?;
    if strategy == Strategy::Passkey {
        let asked = knock.house.passkey_sign_in_begin(&knock.caller).await.map_err(|e| knock.refuse(e))?;
        let value = SignInView { passkey: Some(asked.value), ..stands };
        return done(&knock, Outcome { value, cookies: asked.cookies }).await;
    }
    match knock.house.sign_in_send(&knock.caller, strategy, return_to.as_ref()).await {
        Ok(outcome) => done(&knock, outcome).await,
        Err(error) => stopped(&knock, error, Some(stands), Cookies::default()).await,
    }
}

pub(super) async fn attempt(Path(id): Path<String>, knock: Knock) -> Answer {
    knock.counted()?;
    let strategy = chosen(&knock)?;
    let mut stands = None;
    let outcome = match strategy {
        Strategy::Password => {
            let password = knock.password("password")?.ok_or_else(|| missing(&knock, "password"))?;
            stands = repeatable(&knock, &id).await?;
            knock.house.sign_in_password(&knock.caller, password).await
        }
        sent if is_code(sent) => {
            let code = knock.required("code")?.to_owned();
            stands = repeatable(&knock, &id).await?;
            let sent = stands.as_ref().is_none_or(|view| view.code.as_ref().is_some_and(|(of, _)| *of == strategy));
            if !sent {
                return Err(knock.refuse(Error::Denied(Denial::CodeExpired)));
            }
            knock.house.sign_in_code(&knock.caller, &code).await
        }
        Strategy::Passkey => {
            let answer = knock.required("public_key_credential")?.to_owned();
            repeatable(&knock, &id).await?;
            knock.house.passkey_sign_in(&knock.caller, &answer, true, None).await
        }
        _ => Err(not_offered()),
    };
    match outcome {
        Ok(outcome) => done(&knock, outcome).await,
        Err(error) => stopped(&knock, error, stands, Cookies::default()).await,
    }
}

/// What vouches for a device is sent, and so is a code to a phone that is a second factor. An app shows its code by itself.
pub(super) async fn prepare_second(Path(id): Path<String>, knock: Knock) -> Answer {
    knock.counted()?;
    let stands = live(&knock, &id).await?;
    let sent = match (stands.status, chosen(&knock)?) {
        (SignInStatus::NeedsClientTrust, way) => knock.house.sign_in_trust_send(&knock.caller, way).await,
        (SignInStatus::NeedsSecondFactor, Strategy::PhoneCode) => {
            let phone = knock.second_phone()?;
            knock.house.sign_in_second_send(&knock.caller, phone.as_ref()).await
        }
        _ => Err(not_offered()),
    };
    match sent {
        Ok(outcome) => done(&knock, outcome).await,
        Err(error) => stopped(&knock, error, Some(stands), Cookies::default()).await,
    }
}

pub(super) async fn attempt_second(Path(id): Path<String>, knock: Knock) -> Answer {
    knock.counted()?;
    let stands = repeatable(&knock, &id).await?;
    let vouches = stands.as_ref().is_none_or(|view| view.status != SignInStatus::NeedsSecondFactor);
    if knock.text("strategy") == Some("email_code") || (vouches && knock.text("strategy") == Some("phone_code")) {
        return vouch(knock, stands).await;
    }
    let strategy = wire::second_strategy(knock.required("strategy")?).ok_or_else(|| knock.refuse(not_offered()))?;
    let code = knock.required("code")?.to_owned();
    if stands.is_some_and(|view| view.status != SignInStatus::NeedsSecondFactor) {
        return Err(knock.refuse(Error::Denied(Denial::AttemptExpired)));
    }
    match knock.house.sign_in_second_factor(&knock.caller, strategy, &code).await {
        Ok(outcome) => done(&knock, outcome).await,
        Err(error) => Err(knock.refuse(error)),
    }
}

async fn vouch(knock: Knock, stands: Option<SignInView>) -> Answer {
    let strategy = chosen(&knock)?;
    let code = knock.required("code")?.to_owned();
    if let Some(view) = stands {
        let sent = view.code.as_ref().is_some_and(|(of, _)| *of == strategy);
        let why = match view.status {
            SignInStatus::NeedsClientTrust if sent => None,
            SignInStatus::NeedsClientTrust => Some(Error::Denied(Denial::CodeExpired)),
            SignInStatus::NeedsSecondFactor => Some(not_offered()),
            _ => Some(Error::Denied(Denial::AttemptExpired)),
        };
        if let Some(why) = why {
            return Err(knock.refuse(why));
        }
    }
    match knock.house.sign_in_trust_code(&knock.caller, &code).await {
        Ok(outcome) => done(&knock, outcome).await,
        Err(error) => Err(knock.refuse(error)),
    }
}

pub(super) async fn reset_password(Path(id): Path<String>, knock: Knock) -> Answer {
    knock.counted()?;
    let password = knock.password("password")?.ok_or_else(|| missing(&knock, "password"))?;
    let stands = repeatable(&knock, &id).await?;
    if stands.is_some_and(|view| view.status != SignInStatus::NeedsNewPassword) {
        return Err(knock.refuse(Error::Denied(Denial::AttemptExpired)));
    }
    match knock.house.sign_in_new_password(&knock.caller, password).await {
        Ok(outcome) => done(&knock, outcome).await,
        Err(error) => Err(knock.refuse(error)),
    }
}

async fn done(knock: &Knock, outcome: Outcome<SignInView>) -> Answer {
    let house = knock.house.clone();
    let client = knock.caller.client.as_ref().map(|token| token.id.to_string());
    knock.answered(outcome, |view, _| wire::sign_in(&house, &view, client.as_deref())).await
}

async fn followed(knock: &Knock, id: &str) -> Result<Option<SignInView>, Response> {
    let Ok(id) = SignInId::try_from(id) else { return Ok(None) };
    knock.house.sign_in_followed(&knock.caller, &id).await.map_err(|e| knock.refuse(e))
}

/// The client's live attempt, if it is the one named.
async fn live(knock: &Knock, id: &str) -> Result<SignInView, Response> {
    let expired = || knock.refuse(Error::Denied(Denial::AttemptExpired));
    let id = SignInId::try_from(id).map_err(|_| expired())?;
    let view = knock.house.sign_in_current(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    view.filter(|view| view.id == id).ok_or_else(expired)
}

/// A call that won already has used its attempt up; the flow answers it once more, whoever else calls gets a refusal.
async fn repeatable(knock: &Knock, id: &str) -> Result<Option<SignInView>, Response> {
    match live(knock, id).await {
        Ok(view) => Ok(Some(view)),
        Err(refused) => match knock.house.sign_in_current(&knock.caller).await {
            // Another attempt is under way: the named one is over, and this call is none of the live one's.
            Ok(Some(_)) => Err(refused),
            _ if knock.caller.client.is_some() => Ok(None),
            _ => Err(refused),
        },
    }
}

fn chosen(knock: &Knock) -> Result<Strategy, Response> {
    wire::strategy(knock.required("strategy")?).ok_or_else(|| knock.refuse(not_offered()))
}

fn is_code(strategy: Strategy) -> bool {
    use Strategy as S;
    matches!(strategy, S::EmailCode | S::ResetPasswordEmailCode | S::PhoneCode | S::ResetPasswordPhoneCode)
}

fn not_offered() -> Error {
    Error::field("strategy", "strategy_not_offered")
}

fn missing(knock: &Knock, name: &'static str) -> Response {
    knock.refuse(Error::field(name, "missing"))
}
