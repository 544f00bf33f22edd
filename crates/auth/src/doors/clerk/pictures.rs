//! Pictures of users, for everybody who has their address, as pages of other origins show them.

use crate::housekey::Housekey;
use axum::{
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use housekey_core::ids::PictureId;
use http::{HeaderName, HeaderValue, StatusCode, header};

const TINTS: [&str; 6] = ["#3f5bb0", "#7a4fa3", "#a34f6f", "#9a5b2e", "#3f7a4f", "#2e7a86"];

pub(super) async fn show(State(house): State<Housekey>, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    if id == "initials.svg" {
        return public(initials(query.as_deref().unwrap_or_default()).into_response(), "image/svg+xml");
    }
    let Ok(id) = PictureId::try_from(id.as_str()) else { return StatusCode::NOT_FOUND.into_response() };
    match house.picture(&id).await {
        Ok(Some((kind, bytes))) => public(bytes.into_response(), kind),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// A picture has a new address when it changes, so a browser may keep it. It is never anything but a picture, and the
/// same for everybody: components ask for it without credentials, and need its leave to read it.
fn public(mut response: Response, kind: &'static str) -> Response {
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, kind);
    set(header::CACHE_CONTROL, "public, max-age=86400, immutable");
    set(header::VARY, "Accept-Encoding");
    set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    set(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
    set(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    response
}

/// At most two letters on a tint that follows from them.
fn initials(query: &str) -> String {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let named = pairs.into_iter().find(|(name, _)| name == "of").map(|(_, value)| value.into_owned());
    let letters: String = named.unwrap_or_default().chars().filter(|c| c.is_alphanumeric()).take(2).collect();
    let sum: usize = letters.bytes().map(usize::from).sum();
    let tint = TINTS.get(sum % TINTS.len()).copied().unwrap_or("#3f5bb0");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 100\" role=\"img\"><rect width=\"100\" height=\"100\" \
         fill=\"{tint}\"/><text x=\"50\" y=\"50\" dy=\".36em\" text-anchor=\"middle\" font-family=\"system-ui, sans-serif\" \
         font-size=\"40\" font-weight=\"600\" fill=\"#ffffff\">{letters}</text></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_58_initials_are_letters_and_nothing_else() {
        assert!(initials("of=AL").contains(">AL</text>"));
        let evil = initials("of=%3Cscript%3Ealert(1)%3C/script%3E");
        assert!(evil.contains(">sc</text>") && !evil.contains("script"), "{evil}");
        assert!(initials("").contains("></text>"));
    }
}
