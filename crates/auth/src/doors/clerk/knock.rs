//! A request to the Frontend API as a handler sees it: who asks, in which session, with which fields.

use super::{
    entrance::Entered,
    errors::{self, Proof},
};
use crate::{
    caller::{Caller, CaptchaShown, ClientToken, Door, Widget},
    doors::shared::{CookieNames, Head},
    error::Error,
    housekey::Housekey,
};
use axum::{
    extract::{DefaultBodyLimit, FromRequest, Multipart, Request},
    response::Response,
};
use bytes::Bytes;
use housekey_core::{
    ids::{PhoneId, SessionId},
    keyring::Purpose,
    password::Password,
    redirect::ReturnTo,
};
use http::{Method, StatusCode, header};
use std::{net::IpAddr, sync::Arc};
use url::Url;

/// The largest picture that is taken in.
pub(super) const MOST_PICTURE: usize = 5 * 1024 * 1024;
/// What stands around it in the body.
const MOST_ENVELOPE: usize = 16 * 1024;
const FORM: &str = "application/x-www-form-urlencoded";

/// A request that was let in and read.
pub(super) struct Knock {
    pub house: Housekey,
    pub caller: Caller,
    /// The page's origin.
    pub origin: Option<String>,
    /// The client's secret travels in a header, both ways.
    pub native: bool,
    pub names: Arc<CookieNames>,
    pub undeclared_proxy: bool,
    pub peer: IpAddr,
    /// A picture that was sent.
    pub file: Option<Bytes>,
    query: Vec<(String, String)>,
    form: Vec<(String, String)>,
}

impl FromRequest<Housekey> for Knock {
    type Rejection = Response;

    async fn from_request(request: Request, house: &Housekey) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let Head { mut caller, names, undeclared_proxy, peer } = Head::of(&parts, house, Door::ClerkFrontend);
        let entered = parts.extensions.get::<Entered>().cloned();
        let entered = entered.unwrap_or(Entered { origin: None, native: false });
        let query = pairs(parts.uri.query().unwrap_or_default().as_bytes(), false)?;
        if entered.native {
            let token = parts.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
            let token = token.map(|t| t.strip_prefix("Bearer ").unwrap_or(t));
            caller.client = token.and_then(|t| t.strip_prefix(NATIVE)).and_then(|t| ClientToken::parse_native(t).ok());
            caller.native = true;
            caller.device = None;
        }
        caller.session = query
            .iter()
            .find(|(name, _)| name == "_clerk_session_id")
            .and_then(|(_, id)| SessionId::try_from(id.as_str()).ok());
        let (path, method) = (parts.uri.path().to_owned(), parts.method.clone());
        let request = Request::from_parts(parts, body);
        let (form, file, whole) = read(request, house, &method).await?;
        caller.call = house.keyring().mac(Purpose::CallDigest, &[method.as_str().as_bytes(), path.as_bytes(), &whole]);
        let Entered { origin, native } = entered;
        if let Some(token) = find(&form, "captcha_token").filter(|_| !native) {
            let page = origin.as_deref().and_then(|origin| Url::parse(origin).ok());
            caller.captcha = page.and_then(|page| CaptchaShown::by(Widget::Clerk, token.to_owned(), &page));
        }
        let house = house.clone();
        Ok(Self { house, caller, origin, native, names, undeclared_proxy, peer, file, query, form })
    }
}

/// What marks a native client's secret, for whoever finds one.
pub(super) const NATIVE: &str = "native.";

impl Knock {
    /// Another body in place of the one that was sent.
    pub(super) fn replace_form(&mut self, form: Vec<(String, String)>) {
        self.form = form;
    }

    /// A field of the body; empty is absent.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        find(&self.form, name)
    }

    /// A field of the body, also one that is empty: it says that something is to go.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// A parameter of the address; empty is absent.
    pub(super) fn asked(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// Whether a field says yes.
    pub(super) fn says(&self, name: &str) -> bool {
        matches!(self.text(name), Some("true" | "1"))
    }

    /// A field of the body that must be there.
    pub(super) fn required(&self, name: &'static str) -> Result<&str, Response> {
        self.text(name).ok_or_else(|| errors::refuse(self, Error::field(name, "missing"), Proof::SignIn))
    }

    /// A password, as typed.
    pub(super) fn password(&self, name: &'static str) -> Result<Option<Password>, Response> {
        let typed = self.text(name).map(|text| Password::parse(text.to_owned())).transpose();
        typed.map_err(|_| errors::refuse(self, Error::field(name, "password_too_long"), Proof::SignIn))
    }

    /// The phone that a second factor's code goes to, where one is named.
    pub(super) fn second_phone(&self) -> Result<Option<PhoneId>, Response> {
        let named = self.text("phone_number_id").map(PhoneId::try_from).transpose();
        named.map_err(|_| self.refuse(Error::field("strategy", "strategy_not_offered")))
    }

    /// Where the browser goes once a mailed link was followed, if the app says so.
    pub(super) fn return_to(&self) -> Result<Option<ReturnTo>, Response> {
        const NAME: &str = "redirect_url";
        let named = self.text(NAME).map(|text| ReturnTo::parse(text, self.house.origins())).transpose();
        named.map_err(|_| errors::refuse(self, Error::field(NAME, "redirect_url_not_listed"), Proof::SignIn))
    }

    /// Refuses what signs in or up behind a proxy that nobody declared: everybody would be counted as one.
    pub(super) fn counted(&self) -> Result<(), Response> {
        if !self.undeclared_proxy {
            return Ok(());
        }
        self.house.warn_of_proxy(self.peer);
        let message = "A proxy stands in front of this instance and is not declared. The log says what to write.";
        Err(errors::plain(StatusCode::SERVICE_UNAVAILABLE, "proxy_not_declared", message))
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

type Form = (Vec<(String, String)>, Option<Bytes>, Bytes);

async fn read(request: Request, house: &Housekey, method: &Method) -> Result<Form, Response> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return Ok((Vec::new(), None, Bytes::new()));
    }
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let picture = request.uri().path().ends_with("/profile_image");
    match kind.as_str() {
        "multipart/form-data" if picture => {
            let file = uploaded(request, house).await?;
            Ok((Vec::new(), Some(file.clone()), file))
        }
        "application/octet-stream" if picture => {
            let file = bytes(request, MOST_PICTURE).await?;
            Ok((Vec::new(), Some(file.clone()), file))
        }
        FORM | "" => {
            let whole = bytes(request, crate::doors::shared::MOST_BODY).await?;
            if kind.is_empty() && !whole.is_empty() {
                return Err(wrong_type());
            }
            Ok((pairs(&whole, true)?, None, whole))
        }
        _ => Err(wrong_type()),
    }
}

fn wrong_type() -> Response {
    let message = format!("The body must be {FORM}.");
    errors::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_content_type", &message)
}

fn too_large() -> Response {
    errors::plain(StatusCode::PAYLOAD_TOO_LARGE, "request_body_too_large", "The body is too large.")
}

pub(super) async fn bytes(request: Request, most: usize) -> Result<Bytes, Response> {
    axum::body::to_bytes(request.into_body(), most).await.map_err(|_| too_large())
}

pub(super) async fn uploaded(mut request: Request, house: &Housekey) -> Result<Bytes, Response> {
    DefaultBodyLimit::max(MOST_PICTURE + MOST_ENVELOPE).apply(&mut request);
    let malformed = || errors::plain(StatusCode::BAD_REQUEST, "request_body_invalid", "The body cannot be read.");
    let mut parts = Multipart::from_request(request, house).await.map_err(|_| malformed())?;
    while let Ok(Some(mut part)) = parts.next_field().await {
        if part.name() != Some("file") {
            continue;
        }
        let mut whole = Vec::new();
        while let Some(piece) = part.chunk().await.map_err(|_| malformed())? {
            if whole.len() + piece.len() > MOST_PICTURE {
                return Err(too_large());
            }
            whole.extend_from_slice(&piece);
        }
        return Ok(whole.into());
    }
    Err(malformed())
}

/// Names and values; what is unknown is ignored where it is asked for, since SDKs add to it with every release.
fn pairs(raw: &[u8], strict: bool) -> Result<Vec<(String, String)>, Response> {
    let unreadable =
        || errors::plain(StatusCode::BAD_REQUEST, "request_body_invalid", "It holds text that cannot be read.");
    let mut all: Vec<(String, String)> = Vec::new();
    for pair in raw.split(|b| *b == b'&').filter(|p| !p.is_empty()) {
        let at = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
        let (name, value) = pair.split_at(at);
        let (name, value) = (decode(name), decode(value.get(1..).unwrap_or_default()));
        let (Some(name), Some(value)) = (name, value) else { return Err(unreadable()) };
        if strict && !name.ends_with("[]") && all.iter().any(|(n, _)| *n == name) {
            let message = format!("`{}` comes twice.", name.chars().take(40).collect::<String>());
            return Err(errors::plain(StatusCode::UNPROCESSABLE_ENTITY, "form_param_duplicate", &message));
        }
        if all.len() >= 100 {
            return Err(too_large());
        }
        all.push((name, value));
    }
    Ok(all)
}

fn decode(raw: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = raw.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    let text = percent_encoding::percent_decode(&spaced).decode_utf8().ok()?;
    (!text.contains('\0')).then(|| text.into_owned())
}
