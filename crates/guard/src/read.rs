//! Reads what is written in settings: origins, addresses, paths, keys.

use housekey_core::token::jwt::VerifyingKey;
use url::Url;

/// What was read, or what is wrong and what to write.
type Read<T> = Result<T, (String, &'static str)>;

const ORIGIN: &str = "write scheme and host, such as https://app.example.com, without a path";
const ADDRESS: &str = "write an address, such as https://auth.example.com";
const PATH: &str = "write a path, such as /__clerk";
const PEM: &str = "write the public key as the server prints it, from BEGIN to END";

/// An origin of the web, exactly as browsers send it (RFC 6454, 6.2).
pub(crate) fn origin(text: &str) -> Read<String> {
    let exact = Url::parse(text).ok().filter(|url| url.origin().ascii_serialization() == text);
    let web = exact.filter(|url| matches!(url.scheme(), "https" | "http") && !text.contains('*'));
    web.map(|_| text.to_owned()).ok_or_else(|| (format!("{text:?} is no origin"), ORIGIN))
}

/// An origin, or that of an app or an extension (`chrome-extension://…`).
pub(crate) fn party(text: &str) -> Read<String> {
    let other = text.split_once("://").filter(|(scheme, host)| {
        let named = !scheme.is_empty() && !host.is_empty() && !matches!(*scheme, "https" | "http");
        named && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'/' | b'-' | b'.' | b'_'))
    });
    if other.is_some_and(|(_, host)| !host.contains(['/', ':'])) { Ok(text.to_owned()) } else { origin(text) }
}

/// An address of the web, without user, query and fragment unless a query is allowed, and without a slash at its end.
pub(crate) fn url(text: &str, query: bool) -> Read<Url> {
    let bad = || (format!("{text:?} is no address"), ADDRESS);
    let mut url = Url::parse(text).map_err(|_| bad())?;
    let web = matches!(url.scheme(), "https" | "http") && url.username().is_empty() && url.password().is_none();
    let bare = url.fragment().is_none() && (query || url.query().is_none());
    if !web || !bare || text.contains(['\\', '*']) || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(bad());
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// The same as text.
pub(crate) fn address(text: &str) -> Read<String> {
    url(text, false).map(|url| url.as_str().trim_end_matches('/').to_owned())
}

/// A plain path, without a slash at its end.
pub(crate) fn path(text: &str) -> Read<String> {
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.' | b'~'));
    let path = text.trim_end_matches('/');
    let odd = path.split('/').skip(1).any(|segment| matches!(segment, "" | "." | ".."));
    if !plain || odd || !path.starts_with('/') {
        return Err((format!("{text:?} is no path"), PATH));
    }
    Ok(path.to_owned())
}

/// A public key. Environments lose its line ends, or hold them as the two characters `\n`.
pub(crate) fn pem(text: &str) -> Read<VerifyingKey> {
    if text.contains("PRIVATE KEY") {
        return Err(("is a private key".into(), "write the public one, and make the private one unknown again"));
    }
    let text = text.replace("\\n", "\n");
    let body: String = text
        .split("-----")
        .find(|part| part.trim().len() > 64)
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
    for (n, c) in body.chars().enumerate() {
        if n > 0 && n % 64 == 0 {
            pem.push('\n');
        }
        pem.push(c);
    }
    pem.push_str("\n-----END PUBLIC KEY-----\n");
    VerifyingKey::from_pem(&pem).map_err(|_| ("is no public RSA key in PEM".into(), PEM))
}

#[cfg(test)]
mod tests {
    use super::*;
    use housekey_core::token::jwt::SigningKey;

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        for good in ["https://app.example.com", "http://localhost:3000", "https://app.example.com:8443"] {
            assert!(origin(good).is_ok(), "{good}");
        }
        for bad in [
            "app.example.com",
            "https://app.example.com/",
            "https://app.example.com/x",
            "https://APP.example.com",
            "https://app.example.com:443",
            "https://*.example.com",
            "https://a@app.example.com",
            "null",
            "",
            "javascript://a",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
        assert!(party("chrome-extension://abcdefgh").is_ok());
        for bad in ["chrome-extension://a/b", "https://a/b", "*://a", "x://*", "://a"] {
            assert!(party(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_and_paths_are_plain() {
        assert_eq!(address("https://auth.example.com/").unwrap(), "https://auth.example.com");
        assert_eq!(address("http://127.0.0.1:4000/api/").unwrap(), "http://127.0.0.1:4000/api");
        for bad in
            ["auth.example.com", "https://a.b/?c", "https://u:p@a.b", "ftp://a.b", "https://a.b\\c", "https://a.b#c"]
        {
            assert!(address(bad).is_err(), "{bad}");
        }
        assert_eq!(path("/__clerk/").unwrap(), "/__clerk");
        for bad in ["//evil.com", "/", "x", "/a/../b", "/a?b", "/a\\b", "/{*rest}"] {
            assert!(path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_pem_is_read_as_environments_hold_it() {
        let key = SigningKey::from_pkcs8("ins_1", SigningKey::generate().unwrap().expose()).unwrap();
        let whole = key.public_pem();
        let line_ends = ["\n", "\\n", "", "\r\n", " "];
        for text in line_ends.map(|end| whole.replace('\n', end)) {
            assert!(pem(&text).is_ok(), "{text}");
        }
        let body: String = whole.lines().filter(|line| !line.starts_with('-')).collect();
        assert!(pem(&body).is_ok());
        for bad in ["", "-----BEGIN PUBLIC KEY-----", "x", &whole.replace("PUBLIC", "PRIVATE")] {
            assert!(pem(bad).is_err(), "{bad}");
        }
    }
}
