//! Clerk's browser scripts under `/npm/`, where its SDKs look for them: public files, the same for everybody, from here
//! and from nowhere else.

use crate::{flows::bundles::Bundle, housekey::Housekey};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use housekey_core::bundle::{FilePath, Package, Wanted};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// An address with a whole version always means the same file.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// A major or a tag means another one after an update, and a version that stands in for another only stands in.
const FOR_NOW: &str = "public, max-age=300";

pub(super) async fn show(State(house): State<Housekey>, Path(rest): Path<String>, headers: HeaderMap) -> Response {
    let Some((package, wanted, path)) = read(&rest) else {
        return refusal(StatusCode::NOT_FOUND, "There is no such script here.\n".to_owned());
    };
    match house.bundle(package, &wanted, &path, takes_gzip(&headers)).await {
        Bundle::File { file, version, forever } => {
            let tag = format!("\"{version}{}\"", if file.gzip { "-gzip" } else { "" });
            let mut response = match is_known(&headers, &tag) {
                true => StatusCode::NOT_MODIFIED.into_response(),
                false => file.bytes.into_response(),
            };
            let kept = response.headers_mut();
            kept.insert(header::CONTENT_TYPE, HeaderValue::from_static(path.media_type()));
            kept.insert(header::CACHE_CONTROL, HeaderValue::from_static(if forever { FOREVER } else { FOR_NOW }));
            if file.gzip {
                kept.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            if let Ok(tag) = HeaderValue::from_str(&tag) {
                kept.insert(header::ETAG, tag);
            }
            public(response)
        }
        Bundle::NoFile(version) => {
            refusal(StatusCode::NOT_FOUND, format!("{package} {version} has no file {}.\n", path.as_str()))
        }
        Bundle::NoBuild => refusal(
            StatusCode::NOT_FOUND,
            format!(
                "No build of {package} {wanted} is kept here. On the machine that runs Housekey, run\n\n  \
                 housekey clerk bundles add --from-registry {package}@{wanted}\n"
            ),
        ),
        Bundle::Unreadable => {
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "The script cannot be read. The log says why.\n".to_owned())
        }
    }
}

/// `@clerk/PACKAGE@VERSION/dist/…`
fn read(rest: &str) -> Option<(Package, Wanted, FilePath)> {
    let (named, path) = rest.strip_prefix("@clerk/")?.split_once('/')?;
    let (package, version) = named.split_once('@').unwrap_or((named, "latest"));
    Some((Package::from_short(package)?, Wanted::parse(version)?, FilePath::parse(path)?))
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|one| {
        let (name, quality) = one.split_once(';').unwrap_or((one, ""));
        let refused = quality.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse() == Ok(0.0_f32));
        matches!(name.trim(), "gzip" | "x-gzip" | "*") && !refused
    })
}

fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|value| value.split(',')).map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}

fn refusal(status: StatusCode, text: String) -> Response {
    public((status, [(header::CACHE_CONTROL, "no-store")], text).into_response())
}

/// Pages of every origin load it: a script tag with `crossorigin` is shown no more than the one without, and no cookie
/// makes a difference.
fn public(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    set(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
    set(header::VARY, "Accept-Encoding");
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn packed_only_for_whom_it_is_good() {
        for value in ["gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8", "*"] {
            assert!(takes_gzip(&with(header::ACCEPT_ENCODING, value)), "{value}");
        }
        for value in ["identity", "br", "gzip;q=0", "gzip; q=0.0", ""] {
            assert!(!takes_gzip(&with(header::ACCEPT_ENCODING, value)), "{value}");
        }
    }

    #[test]
    fn a_file_that_is_known_is_known_by_its_tag() {
        let known = |value| is_known(&with(header::IF_NONE_MATCH, value), "\"6.40.0\"");
        assert!(known("\"6.40.0\"") && known("\"1\", W/\"6.40.0\"") && known("*"));
        assert!(!known("\"6.40.0-gzip\"") && !known("6.40.0"));
    }
}
