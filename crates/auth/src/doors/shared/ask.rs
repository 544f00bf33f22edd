//! A request as a handler sees it: the caller for the flows, and the token for its forms.

use super::{
    address::ClientAddress,
    cookies::CookieNames,
    csrf,
    form::{Fields, FormFault, read_form},
    origin::{self, Unsafe},
};
use crate::{
    caller::{Caller, CaptchaShown, Door, SolvedHere, Widget},
    housekey::Housekey,
};
use axum::extract::{ConnectInfo, FromRequestParts};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use housekey_core::{entropy, ids::RequestId, keyring::Purpose};
use http::{HeaderMap, header, request::Parts};
use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Once},
};

/// The largest form (SEC-110).
pub const MOST_BODY: usize = 16 * 1024;
/// The field that carries a form's token.
const TOKEN: &str = "csrf";
/// The field in which the widget shows what it solved.
const CHALLENGE: &str = "altcha";
/// The field in which a provider's widget does.
const CAPTCHA: &str = "captcha";
const MOST_AGENT: usize = 512;

/// A request to one of our pages.
pub struct Ask {
    /// The house.
    pub housekey: Housekey,
    /// Who asks.
    pub caller: Caller,
    /// The names of our cookies here.
    pub names: Arc<CookieNames>,
    /// The request's headers.
    pub headers: HeaderMap,
    /// A proxy in front that nobody declared: what signs in or up refuses to count everybody as one.
    pub undeclared_proxy: bool,
    path: String,
    post: bool,
    peer: IpAddr,
    form_cookie: Option<String>,
    new_form_cookie: Option<String>,
}

/// Why a form was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Body {
    /// It was sent from elsewhere, or its token is missing, wrong or too old.
    #[error("the form was not sent from one of our pages, or its page is too old")]
    Forged,
    /// It cannot be read.
    #[error(transparent)]
    Form(#[from] FormFault),
}

impl From<Unsafe> for Body {
    fn from(_: Unsafe) -> Self {
        Self::Forged
    }
}

impl FromRequestParts<Housekey> for Ask {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, housekey: &Housekey) -> Result<Self, Infallible> {
        Ok(Self::of(parts, housekey, Door::Pages))
    }
}

/// What every door reads of a request's head.
pub(crate) struct Head {
    pub caller: Caller,
    pub names: Arc<CookieNames>,
    pub undeclared_proxy: bool,
    pub peer: IpAddr,
}

impl Head {
    /// Reads it.
    pub(crate) fn of(parts: &Parts, housekey: &Housekey, door: Door) -> Self {
        let names = CookieNames::of(housekey);
        let headers = &parts.headers;
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or_else(no_peer, |c| c.0.ip());
        let from = ClientAddress::of(peer, headers, &housekey.settings().trusted_proxies);
        let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let request = parts.extensions.get::<RequestId>().cloned();
        Self {
            caller: Caller {
                client: names.client(headers),
                native: false,
                session: None,
                device: CookieNames::read(headers, &names.device),
                address: from.address,
                agent: agent.chars().take(MOST_AGENT).collect(),
                door,
                request: request.unwrap_or_else(|| RequestId::new(housekey.now(), housekey.entropy())),
                call: [0; 32],
                challenge: None,
                captcha: None,
                solved: SolvedHere::default(),
            },
            undeclared_proxy: from.undeclared_proxy && housekey.settings().mode().is_production(),
            peer,
            names,
        }
    }
}

impl Ask {
    /// Reads a request's head.
    pub(crate) fn of(parts: &Parts, housekey: &Housekey, door: Door) -> Self {
        let Head { caller, names, undeclared_proxy, peer } = Head::of(parts, housekey, door);
        Self {
            caller,
            undeclared_proxy,
            path: full_path(parts),
            post: parts.method == http::Method::POST,
            peer,
            form_cookie: CookieNames::read(&parts.headers, &names.form).filter(|v| v.len() == 43),
            names,
            headers: parts.headers.clone(),
            housekey: housekey.clone(),
            new_form_cookie: None,
        }
    }

    /// The path that was asked for.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the request posts something.
    pub fn is_post(&self) -> bool {
        self.post
    }

    /// Who is at the other end of the connection.
    pub fn peer(&self) -> IpAddr {
        self.peer
    }

    /// A token for a form on this page. Before there is a client it is bound to a cookie of its own, which grants
    /// nothing.
    pub fn csrf(&mut self) -> String {
        if let Some(client) = &self.caller.client {
            return csrf::make(&self.housekey, client.id.as_str());
        }
        let fresh = || URL_SAFE_NO_PAD.encode(entropy::bytes::<32>(self.housekey.entropy()));
        let bound = match self.form_cookie.clone().or_else(|| self.new_form_cookie.clone()) {
            Some(value) => value,
            None => {
                let value = fresh();
                self.new_form_cookie = Some(value.clone());
                value
            }
        };
        csrf::make(&self.housekey, &bound)
    }

    /// Reads a posted form: from one of our own pages, with a token of ours, strictly. From then on the caller's call
    /// can be known again when it is repeated.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn form(&mut self, body: &Bytes, known: &[&str]) -> Result<Fields, Body> {
        origin::check(&self.headers, self.housekey.origins())?;
        let content_type = self.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let mut all = known.to_vec();
        all.extend([TOKEN, CHALLENGE, CAPTCHA]);
        let mut fields = read_form(content_type, body, &all)?;
        let token = fields.take(TOKEN);
        self.caller.challenge = Some(fields.take(CHALLENGE)).filter(|shown| !shown.is_empty());
        self.caller.captcha = CaptchaShown::by(Widget::House, fields.take(CAPTCHA), self.housekey.public_url());
        let client = self.caller.client.as_ref().map(|c| c.id.as_str());
        if !csrf::is_valid(&self.housekey, &token, &[client, self.form_cookie.as_deref()]) {
            return Err(Body::Forged);
        }
        self.caller.call = self.housekey.keyring().mac(Purpose::CallDigest, &[self.path.as_bytes(), body]);
        Ok(fields)
    }

    /// Writes the form cookie that this page's forms are bound to, if it is new.
    pub fn finish(&self, headers: &mut HeaderMap) {
        if let Some(value) = &self.new_form_cookie {
            self.names.set(headers, &self.names.form, value.clone(), None);
        }
    }
}

/// Without the peer's address everybody would share one in the limits, which nobody sees until it hurts.
fn no_peer() -> IpAddr {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        tracing::error!(
            "no_peer_address: limits count everybody as one; serve the router with \
             .into_make_service_with_connect_info::<SocketAddr>()"
        );
    });
    IpAddr::from([0, 0, 0, 0])
}

/// The path as the browser asked for it, mount included.
fn full_path(parts: &Parts) -> String {
    parts.extensions.get::<axum::extract::OriginalUri>().map_or_else(|| parts.uri.path(), |o| o.0.path()).to_owned()
}
