//! How a handler answers: a page, a way on, or a refusal in words, beside its field where it has one.

use super::{
    problem::{self, Problem},
    theme,
};
use crate::{
    caller::{Cookies, Outcome},
    doors::shared::{self, Ask, Body},
    error::{Denial, Error, Fault},
    flows::challenge::{ChallengeDue, Poser},
    housekey::Housekey,
    sessions::Current,
};
use axum::response::{Html, IntoResponse, Response};
use housekey_core::redirect::ReturnTo;
use http::{HeaderValue, StatusCode, header};
use minijinja::{Value, context};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// What is wrong with a form, as its page tells it.
#[derive(Default)]
pub(super) struct Told {
    status: Option<StatusCode>,
    /// By field.
    faults: BTreeMap<&'static str, String>,
    /// Of the form as a whole.
    refused: Option<String>,
    /// What has been done, for a page after its form.
    done: Option<String>,
    retry_after: Option<Duration>,
    /// The challenge of the form that it stands in front of.
    challenge: Option<Value>,
}

/// Shows a page.
pub(super) fn show(ask: Ask, template: &str, title: &str, view: impl Serialize) -> Response {
    show_told(ask, template, title, view, Told::default())
}

/// Shows a page with what is wrong, or what was done.
pub(super) fn show_told(mut ask: Ask, template: &str, title: &str, view: impl Serialize, told: Told) -> Response {
    let csrf = ask.csrf();
    let house = ask.housekey.clone();
    let app = house.settings().name.clone();
    let signed_in = None::<String>;
    let c = context! {
        csrf => csrf,
        faults => told.faults,
        refused => told.refused,
        done => told.done,
        challenge => told.challenge,
        now => house.now().as_millis(),
        min_length => house.settings().password.min_length,
        mailbox => house.settings().mailbox.as_str(),
        legal => legal(&house),
        phones => house.settings().identifiers.phone.is_on(),
        guests => house.admits_guests(),
        signed_in => signed_in,
    };
    render(&ask, template, title, view, c, told.status.unwrap_or(StatusCode::OK), told.retry_after, &app)
}

/// What a sign-up must accept, where it must.
fn legal(house: &Housekey) -> Option<Value> {
    let clerk = &house.settings().clerk;
    let link = |url: &Option<url::Url>| url.as_ref().map(ToString::to_string);
    let (terms, privacy) = (link(&clerk.terms_url), link(&clerk.privacy_url));
    house.settings().legal_consent.then(|| context! { terms, privacy })
}

#[allow(clippy::too_many_arguments, reason = "the one place where a page's parts meet")]
pub(super) fn render(
    ask: &Ask,
    template: &str,
    title: &str,
    view: impl Serialize,
    c: Value,
    status: StatusCode,
    retry_after: Option<Duration>,
    app: &str,
) -> Response {
    let pages = &ask.housekey.0.pages;
    let logo = Some(pages.logo(ask.housekey.settings().mount.as_str())).filter(|l| !l.is_empty());
    let challenge = c.get_attr("challenge").ok().filter(Value::is_true);
    let title = pages.words(title, &[("app", app)]).unwrap_or_else(|| title.to_owned());
    let whole = context! {
        lang => "en", app => app, logo => logo, title => title, request => ask.caller.request.as_str(),
        theme => theme::chosen(ask), here => here(ask), trouble => !status.is_success(),
        v => Value::from(minijinja::value::Serde(&view)), c => c,
    };
    let mut response = match pages.render(template, whole) {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(template, error = ?error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    };
    if let Some(challenge) = challenge {
        let provider = ask.housekey.captcha_widget().map(|(provider, _)| provider);
        match provider.filter(|_| challenge.get_attr("captcha").is_ok_and(|captcha| captcha.is_true())) {
            Some(provider) => shared::allow_captcha(provider, response.headers_mut()),
            None => shared::allow_workers(response.headers_mut()),
        }
    }
    if let Some(wait) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    ask.finish(response.headers_mut());
    response
}

/// Goes on to a page of ours, or to the start, which inside an app is the app's; with the cookies that a flow gave.
pub(super) fn go(ask: &Ask, path: &str, cookies: &Cookies) -> Response {
    let target = match path {
        "/" => path.to_owned(),
        path => format!("{}{path}", ask.housekey.settings().mount.as_str()),
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(value) = HeaderValue::from_str(&target) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    ask.names.write(cookies, ask.housekey.now(), response.headers_mut());
    ask.finish(response.headers_mut());
    response
}

/// Goes to where the person came from, or to the account. A form's answer must not redirect to another origin: its
/// page's policy would stop it, so a small page leads on (SEC-55).
pub(super) fn go_home(ask: Ask, return_to: Option<&ReturnTo>, cookies: &Cookies) -> Response {
    let mut response = match return_to {
        None => return go(&ask, "/account", cookies),
        Some(to) if to.is_foreign() => {
            let mut ask = ask;
            let target = to.as_str().to_owned();
            let words = ask.housekey.0.pages.words("onward", &[]).unwrap_or_default();
            let view = serde_json::json!({"words": words, "onward": target, "way": null});
            let csrf = ask.csrf();
            let app = ask.housekey.settings().name.clone();
            let mut response = render(
                &ask,
                "message.html",
                "onward-title",
                view,
                context! { csrf => csrf },
                StatusCode::OK,
                None,
                &app,
            );
            ask.names.write(cookies, ask.housekey.now(), response.headers_mut());
            return response;
        }
        Some(to) => {
            let mut response = StatusCode::SEE_OTHER.into_response();
            if let Ok(value) = HeaderValue::from_str(to.as_str()) {
                response.headers_mut().insert(header::LOCATION, value);
            }
            response
        }
    };
    ask.names.write(cookies, ask.housekey.now(), response.headers_mut());
    ask.finish(response.headers_mut());
    response
}

/// Takes a secret of a mailed link out of the address, before anything loads, to wait in a cookie for the button of the
/// page at `path` (SEC-33). Nothing where the query has none.
pub(super) fn taken_from_address(
    ask: &Ask,
    query: Option<&str>,
    parameter: &str,
    cookie: &str,
    path: &str,
) -> Option<Response> {
    const WAITS: i64 = 600;
    let secret = super::sign_in::asked(query, parameter);
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if secret.is_empty() || secret.len() > 200 || !secret.bytes().all(plain) {
        return None;
    }
    let mut response = go(ask, path, &Cookies::default());
    ask.names.set(response.headers_mut(), cookie, secret, Some(WAITS));
    Some(response)
}

/// Goes on, and tells on the next page what was done.
pub(super) fn go_done(ask: &Ask, path: &str, done: &str, cookies: &Cookies) -> Response {
    go(ask, &format!("{path}?done={done}"), cookies)
}

/// The way home that a query or a form names. What is not allowed counts as none named.
pub(super) fn return_to(ask: &Ask, raw: &str) -> Option<ReturnTo> {
    if raw.is_empty() { None } else { ReturnTo::parse(raw, ask.housekey.origins()).ok() }
}

/// The page that a person is on: after a form was refused it is the one that the form stands on.
pub(super) fn here(ask: &Ask) -> String {
    let referer = ask.headers.get(header::REFERER).and_then(|v| v.to_str().ok()).and_then(|r| url::Url::parse(r).ok());
    match referer {
        Some(page) if ask.is_post() && page.origin() == ask.housekey.public_url().origin() => page.path().to_owned(),
        _ => ask.path().to_owned(),
    }
}

/// Who is signed in by the request's credential.
pub(super) async fn current(ask: &Ask) -> Result<Option<Arc<Current>>, Error> {
    match &ask.caller.client {
        Some(token) => ask.housekey.check_session(token).await,
        None => Ok(None),
    }
}

impl Told {
    /// Something was done before; the query says what.
    pub(super) fn done(ask: &Ask, query: &str) -> Self {
        let known = [
            "saved",
            "username",
            "password",
            "email-verified",
            "email-primary",
            "email-removed",
            "phone-verified",
            "phone-primary",
            "phone-removed",
            "session-ended",
            "others-ended",
            "trust-ended",
            "app-added",
            "app-removed",
            "passkey-added",
            "passkey-renamed",
            "passkey-removed",
            "two-step-on",
            "two-step-off",
            "second-phone-on",
            "second-phone-off",
            "second-phone-first",
        ];
        let done =
            known.iter().find(|k| **k == query).and_then(|k| ask.housekey.0.pages.words(&format!("done-{k}"), &[]));
        Self { done, ..Self::default() }
    }

    /// What a flow refused, as this form's page tells it; what no form can tell is a page of its own. `beside` is the
    /// field that a refused proof belongs to.
    pub(super) fn of(ask: &mut Ask, error: Error, beside: &'static str) -> Result<Self, Box<Response>> {
        let words = |key: &str| words(ask, key);
        match error {
            Error::Invalid(faults) => Ok(Self {
                status: Some(StatusCode::UNPROCESSABLE_ENTITY),
                faults: told(ask, &faults),
                ..Self::default()
            }),
            Error::Denied(
                why @ (Denial::PasswordClosed
                | Denial::SignInUnusual
                | Denial::Frozen
                | Denial::UserBanned
                | Denial::UserLocked
                | Denial::LastWayIn
                | Denial::NotAllowed
                | Denial::InvitationOnly
                | Denial::Waitlist
                | Denial::AccountExists
                | Denial::SessionExists
                | Denial::PhoneIsSecondFactor
                | Denial::DeletionOff),
            ) => Ok(Self { status: Some(StatusCode::FORBIDDEN), refused: Some(words(why.code())), ..Self::default() }),
            Error::Denied(
                why @ (Denial::AttemptExpired | Denial::LinkExpired | Denial::TicketInvalid | Denial::TicketExpired),
            ) => Err(Box::new(problem::answer(ask, Problem::Attempt(why)))),
            on @ Error::Denied(Denial::SignInContinues | Denial::Guest) => Err(Box::new(problem::of(ask, on))),
            Error::Denied(why) => {
                let faults = BTreeMap::from([(beside, words(why.code()))]);
                Ok(Self { status: Some(StatusCode::UNPROCESSABLE_ENTITY), faults, ..Self::default() })
            }
            Error::Limited { retry_after } => {
                let minutes = retry_after.as_secs().div_ceil(60).max(1).to_string();
                let key = if beside == "password" { "limited-code" } else { "limited" };
                let refused = ask.housekey.0.pages.words(key, &[("wait", &minutes)]);
                Ok(Self {
                    status: Some(StatusCode::TOO_MANY_REQUESTS),
                    refused,
                    retry_after: Some(retry_after),
                    ..Self::default()
                })
            }
            Error::Challenge(due) => {
                let retry_after = Some(due.retry_after).filter(|wait| !wait.is_zero());
                Ok(Self { status: Some(StatusCode::TOO_MANY_REQUESTS), retry_after, ..Self::challenged(ask, due) })
            }
            Error::CaptchaUnavailable { retry_after } => Ok(Self {
                status: Some(StatusCode::SERVICE_UNAVAILABLE),
                refused: Some(words("sign_up_closed")),
                retry_after: Some(retry_after),
                ..Self::default()
            }),
            other => Err(Box::new(problem::of(ask, other))),
        }
    }

    /// A form with the challenge that it is due to solve.
    pub(super) fn challenged(ask: &Ask, due: ChallengeDue) -> Self {
        let minutes = u64::try_from(due.retry_after.as_millis().div_ceil(60_000)).unwrap_or_default();
        let (action, in_vain) = (due.action.as_str(), due.shown_in_vain);
        let challenge = match due.by {
            Poser::House => ask
                .housekey
                .pose_challenge(due)
                .inspect_err(|error| tracing::error!(%error, "no challenge is posed"))
                .ok()
                .map(|work| context! { action, captcha => (), work, minutes, in_vain }),
            Poser::Provider(_) => ask.housekey.captcha_widget().map(
                |(captcha, site_key)| context! { action, captcha => captcha.as_str(), site_key, minutes, in_vain },
            ),
        };
        Self { challenge, ..Self::default() }
    }

    /// Faults of fields that the page has not stand above its form.
    pub(super) fn only(mut self, field: &str) -> Self {
        let (here, elsewhere): (BTreeMap<_, _>, BTreeMap<_, _>) =
            std::mem::take(&mut self.faults).into_iter().partition(|(name, _)| *name == field);
        self.faults = here;
        if !elsewhere.is_empty() {
            self.refused = Some(elsewhere.into_values().collect::<Vec<_>>().join(" "));
        }
        self
    }

    /// One field's fault, found by the door itself.
    pub(super) fn field(ask: &Ask, field: &'static str, code: &'static str) -> Self {
        let faults = told(ask, &[Fault::new(field, code)]);
        Self { status: Some(StatusCode::UNPROCESSABLE_ENTITY), faults, ..Self::default() }
    }
}

impl Told {
    /// A fault that nobody made, to look at.
    pub(super) fn example(ask: &Ask, field: &'static str, code: &'static str) -> Self {
        Self { status: None, ..Self::field(ask, field, code) }
    }
}

fn told(ask: &Ask, faults: &[Fault]) -> BTreeMap<&'static str, String> {
    let name = |field: &'static str| if field == "identifier" { "email" } else { field };
    faults.iter().map(|f| (name(f.field), words(ask, f.code))).collect()
}

pub(super) fn words(ask: &Ask, code: &str) -> String {
    let min = ask.housekey.settings().password.min_length.to_string();
    ask.housekey.0.pages.words(&format!("fault-{code}"), &[("min", &min)]).unwrap_or_else(|| code.to_owned())
}

/// A refused form as a response.
pub(super) fn refused(ask: &mut Ask, why: Body) -> Response {
    problem::answer(
        ask,
        match why {
            Body::Forged => Problem::Forged,
            Body::Form(fault) => Problem::Form(fault),
        },
    )
}

/// An outcome's value, and its cookies for the answer.
pub(super) fn parts<T>(outcome: Outcome<T>) -> (T, Cookies) {
    (outcome.value, outcome.cookies)
}
