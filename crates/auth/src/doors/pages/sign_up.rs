//! Signing up.

use super::{
    page::{self, Told},
    passkey_offer, problem,
    sign_in::asked,
    tickets,
};
use crate::{
    caller::{Cookies, Outcome},
    doors::shared::Ask,
    error::Result,
    flows::sign_up::{SignUpView, StartSignUp},
    settings::Use,
};
use axum::{extract::RawQuery, response::Response};
use bytes::Bytes;
use housekey_core::{challenge::Action, password::Password};
use serde::Serialize;

#[derive(Default, Serialize)]
struct View {
    email: String,
    username: String,
    phone: String,
    /// Whether an address has to be given: `required` or `optional`.
    ask_email: &'static str,
    /// The same of a username; none where there are no usernames here.
    ask_username: Option<&'static str>,
    /// The same of a phone number.
    ask_phone: Option<&'static str>,
    return_to: String,
    shown: String,
    /// Whether a guest's account becomes it.
    guest: bool,
}

impl View {
    async fn asking(ask: &Ask) -> Self {
        let named = ask.housekey.settings().identifiers;
        let ask_email = if ask.housekey.required().email { Use::Required } else { named.email };
        Self {
            ask_email: ask_email.as_str(),
            ask_phone: named.phone.is_on().then(|| named.phone.as_str()),
            ask_username: named.username.is_on().then(|| named.username.as_str()),
            guest: matches!(page::current(ask).await, Ok(Some(current)) if current.is_guest()),
            ..Self::default()
        }
    }
}

pub(super) async fn show(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    if let Some(response) = tickets::come(&ask, query.as_deref(), "/sign-up/ticket") {
        return response;
    }
    let to = page::return_to(&ask, &asked(query.as_deref(), "return_to"));
    match page::current(&ask).await {
        Ok(Some(current)) if !current.is_guest() => return page::go_home(ask, to.as_ref(), &Cookies::default()),
        Ok(_) => {}
        Err(error) => return problem::of(&mut ask, error),
    }
    if let Err(error) = ask.housekey.sign_up_is_open() {
        if ask.housekey.waitlist_is_kept().is_ok() {
            return page::go(&ask, "/waitlist", &Cookies::default());
        }
        return match Told::of(&mut ask, error, "email") {
            Ok(told) => page::show_told(ask, "sign_up_closed.html", "sign-up", View::default(), told),
            Err(response) => *response,
        };
    }
    let return_to = to.map(|t| t.as_str().to_owned()).unwrap_or_default();
    let view = View { return_to, shown: ask.housekey.form_shown(), ..View::asking(&ask).await };
    let at_once = ask.housekey.challenge_at_once(Action::SignUp);
    let told = at_once.map_or_else(Told::default, |due| Told::challenged(&ask, due));
    page::show_told(ask, "sign_up.html", "sign-up", view, told)
}

/// What the form sends.
const FIELDS: [&str; 9] =
    ["email", "username", "phone", "password", "return_to", "legal_accepted", "website", "shown", passkey_offer::KNOWS];

pub(super) async fn start(mut ask: Ask, body: Bytes) -> Response {
    let mut fields = match ask.form(&body, &FIELDS) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    let text = |name: &str| fields.text(name).to_owned();
    let typed = View {
        email: text("email"),
        username: text("username"),
        phone: text("phone"),
        return_to: text("return_to"),
        shown: text("shown"),
        ..View::asking(&ask).await
    };
    let hidden = text("website");
    let legal_accepted = fields.is_ticked("legal_accepted");
    let knows = fields.text(passkey_offer::KNOWS) == "yes";
    let told = match Password::parse(fields.take("password")) {
        Ok(password) => {
            let start = StartSignUp {
                email: typed.email.clone(),
                username: typed.username.clone(),
                phone: typed.phone.clone(),
                password,
                first_name: String::new(),
                last_name: String::new(),
                legal_accepted,
                return_to: page::return_to(&ask, &typed.return_to),
                hidden,
                shown: typed.shown.clone(),
            };
            match begin(&ask, start).await {
                Ok(outcome) => {
                    let (view, cookies) = page::parts(outcome);
                    return match view.done {
                        Some(_) => passkey_offer::after_sign_up(ask, &view, knows, &cookies),
                        None => page::go(&ask, "/sign-up/code", &cookies),
                    };
                }
                Err(error) => Told::of(&mut ask, error, "email"),
            }
        }
        Err(_) => Ok(Told::field(&ask, "password", "password_too_long")),
    };
    match told {
        Ok(told) => page::show_told(ask, "sign_up.html", "sign-up", typed, told),
        Err(response) => *response,
    }
}

/// Where no code is sent the account may be made at once, which takes a client that is there.
async fn begin(ask: &Ask, start: StartSignUp) -> Result<Outcome<SignUpView>> {
    if !start.email.trim().is_empty() {
        return ask.housekey.sign_up_start(&ask.caller, start).await;
    }
    let begun = ask.housekey.client_begin(&ask.caller).await?;
    let caller = begun.cookies.client.as_ref().map_or_else(|| ask.caller.again(), |set| ask.caller.with(&set.token));
    let Outcome { value, cookies } = ask.housekey.sign_up_start(&caller, start).await?;
    let cookies = Cookies { client: cookies.client.or(begun.cookies.client), device: cookies.device };
    Ok(Outcome { value, cookies })
}
