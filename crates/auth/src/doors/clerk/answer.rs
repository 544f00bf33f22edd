//! Answers of the Frontend API: what was asked for, the whole client beside it, and the browser's cookies.

use super::{
    convert::client,
    errors::{self, Proof},
    knock::{Knock, NATIVE},
};
use crate::{
    caller::{Cookies, Outcome},
    error::Error,
    flows::{challenge::Poser, clients::ClientView, tokens::ClaimsForm},
    settings::Enumeration,
};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use housekey_wire::frontend::{Wrapped, client::Client};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

/// A handler's answer, or its refusal; both are responses.
pub(super) type Answer = Result<Response, Response>;

impl Knock {
    /// A refusal of a flow.
    pub(super) fn refuse(&self, error: Error) -> Response {
        if let Error::Challenge(due) = &error
            && self.shows_widget(due.by)
        {
            return errors::requires_captcha(self.caller.request.as_str());
        }
        let strict = self.house.settings().clerk.enumeration == Enumeration::Strict;
        errors::refuse(self, error, if strict { Proof::SignIn } else { Proof::Own("password") })
    }

    /// Whether a component stands behind the request that loads this widget.
    fn shows_widget(&self, poser: Poser) -> bool {
        let in_components = matches!(poser, Poser::Provider(provider) if provider.is_in_components());
        in_components && self.origin.is_some() && !self.native
    }

    /// An answer without the client.
    pub(super) fn bare(&self, body: &impl Serialize) -> Response {
        self.with_cookies((StatusCode::OK, Json(body)).into_response(), &Cookies::default())
    }

    /// An answer with the client as it is now.
    pub(super) async fn wrapped(&self, body: impl Serialize) -> Answer {
        self.answered(Outcome { value: (), cookies: Cookies::default() }, |_, _| body).await
    }

    /// An answer with the client as it is after a change, made from the change's value and from that client.
    pub(super) async fn answered<T, B: Serialize>(
        &self,
        outcome: Outcome<T>,
        make: impl FnOnce(T, Option<&ClientView>) -> B,
    ) -> Answer {
        self.answered_with(outcome, make, |_| ()).await
    }

    /// The same, with a client that is shown otherwise than it is.
    pub(super) async fn answered_with<T, B: Serialize>(
        &self,
        outcome: Outcome<T>,
        make: impl FnOnce(T, Option<&ClientView>) -> B,
        change: impl FnOnce(&mut Client),
    ) -> Answer {
        let view = self.house.client_after(&self.caller, &outcome).await.map_err(|e| self.refuse(e))?;
        let shown = match &view {
            Some(view) => {
                let mut shown = self.shown(view, &outcome.cookies).await;
                change(&mut shown);
                Some(shown)
            }
            None => None,
        };
        let Outcome { value, cookies } = outcome;
        let body = Wrapped { response: make(value, view.as_ref()), client: shown };
        Ok(self.with_cookies((StatusCode::OK, Json(body)).into_response(), &cookies))
    }

    /// A client as it goes over the wire, with a token for the session that counts, so that a page need not ask for one.
    pub(super) async fn shown(&self, view: &ClientView, cookies: &Cookies) -> Client {
        let mut caller = self.caller.again();
        if let Some(set) = &cookies.client {
            caller.client = Some(set.token.again());
        }
        let mut shown = client::client(&self.house, view);
        let Some(active) = &view.active else { return shown };
        let party = self.origin.as_deref();
        if let Ok(jwt) = self.house.session_token(&caller, active, party, ClaimsForm::Second).await
            && let Some(session) = shown.sessions.iter_mut().find(|s| s.id == active.as_str())
        {
            session.last_active_token = Some(client::token(jwt));
        }
        shown
    }

    /// Hands the browser its credentials; an app without one gets its client's in a header.
    pub(super) fn with_cookies(&self, mut response: Response, cookies: &Cookies) -> Response {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.native {
            self.write_native(headers, cookies);
        } else {
            self.names.write_for(self.origin.as_deref(), cookies, self.house.now(), headers);
        }
        response
    }

    fn write_native(&self, headers: &mut HeaderMap, cookies: &Cookies) {
        if let Some(set) = &cookies.client
            && let Ok(mut value) = HeaderValue::from_str(&format!("{NATIVE}{}", set.token.reveal()))
        {
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
    }
}
