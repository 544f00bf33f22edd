//! Which paths need no session. Everything else does, so a spelling that two readers may read differently is never one
//! of them.

use std::str;

/// The listed paths.
#[derive(Default)]
pub(crate) struct PublicPaths(Vec<Pattern>);

/// A path with `{name}` for one segment and `{*rest}` for all that follow.
struct Pattern(Vec<Part>);

enum Part {
    Literal(String),
    Any,
    Rest,
}

/// One segment of a request's path, decoded once.
struct Segment {
    text: String,
    /// An ASCII character was escaped: a router that compares bytes takes it for another path.
    escaped_ascii: bool,
}

impl PublicPaths {
    /// Adds a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn add(&mut self, pattern: &str) -> Result<(), &'static str> {
        self.0.push(Pattern::parse(pattern)?);
        Ok(())
    }

    /// Whether the path of a request, as it was sent, is listed.
    pub fn contains(&self, path: &str) -> bool {
        read(path).is_some_and(|segments| self.0.iter().any(|pattern| pattern.matches(&segments)))
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let rest = text.strip_prefix('/').ok_or("it must begin with a slash")?;
        let mut parts = Vec::new();
        let mut segments = rest.split('/').peekable();
        while let Some(segment) = segments.next() {
            let last = segments.peek().is_none();
            parts.push(match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
                Some(name) if name.starts_with('*') && name.len() > 1 && last => Part::Rest,
                Some(name) if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
                    Part::Any
                }
                Some(_) => return Err("write {name} for one segment, and {*rest} at the end for all that follow"),
                None if segment.contains(['{', '}', '*', '?', '#', '\\', '%']) || segment.starts_with(':') => {
                    return Err("write {name} for one segment, {*rest} at the end, and everything else unescaped");
                }
                None if matches!(segment, "." | "..") || (segment.is_empty() && !last) => {
                    return Err("write it without empty segments and dots");
                }
                None => Part::Literal(segment.to_owned()),
            });
        }
        Ok(Self(parts))
    }

    fn matches(&self, segments: &[Segment]) -> bool {
        let mut segments = segments.iter();
        for part in &self.0 {
            let fits = match (part, segments.next()) {
                (Part::Rest, first) => return first.is_some_and(|s| !s.text.is_empty()),
                (Part::Literal(literal), Some(segment)) => !segment.escaped_ascii && segment.text == *literal,
                (Part::Any, Some(segment)) => !segment.text.is_empty(),
                (_, None) => false,
            };
            if !fits {
                return false;
            }
        }
        segments.next().is_none()
    }
}

/// The segments of a path; none if another reader might see another path in it.
fn read(path: &str) -> Option<Vec<Segment>> {
    let mut segments = Vec::new();
    let mut rest = path.strip_prefix('/')?.split('/').peekable();
    while let Some(raw) = rest.next() {
        let segment = decode(raw)?;
        let dots = matches!(segment.text.as_str(), "." | "..");
        let empty = segment.text.is_empty() && rest.peek().is_some();
        let odd = segment.text.contains(|c: char| c.is_control() || matches!(c, '/' | '\\'));
        if dots || empty || odd || decode(&segment.text).is_none_or(|again| again.text != segment.text) {
            return None;
        }
        segments.push(segment);
    }
    Some(segments)
}

/// Undoes percent-encoding (RFC 3986, 2.1); none if it is broken, not UTF-8, or was not needed.
fn decode(raw: &str) -> Option<Segment> {
    let (mut bytes, mut escaped_ascii) = (Vec::with_capacity(raw.len()), false);
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let byte = u8::from_str_radix(str::from_utf8(&digits).ok()?, 16).ok()?;
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            return None;
        }
        escaped_ascii |= byte.is_ascii();
        bytes.push(byte);
    }
    Some(Segment { text: String::from_utf8(bytes).ok()?, escaped_ascii })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(patterns: &[&str]) -> PublicPaths {
        let mut paths = PublicPaths::default();
        for pattern in patterns {
            paths.add(pattern).unwrap();
        }
        paths
    }

    #[test]
    fn sec_112_only_what_is_listed_is_public() {
        let paths = public(&["/", "/assets/{*rest}", "/users/{id}/avatar", "/über", "/docs/"]);
        for path in [
            "/",
            "/assets/a.css",
            "/assets/a/b.css",
            "/assets/caf%C3%A9%20x.png",
            "/users/7/avatar",
            "/%C3%BCber",
            "/%c3%bcber",
            "/docs/",
        ] {
            assert!(paths.contains(path), "{path}");
        }
        for path in ["", "*", "/me", "/assets", "/assets/", "/users/7", "/users/7/avatar/x", "/users//avatar", "/docs"]
        {
            assert!(!paths.contains(path), "{path}");
        }
    }

    #[test]
    fn sec_13_an_odd_spelling_is_never_public() {
        let paths = public(&["/", "/assets/{*rest}", "/{page}", "/{page}/about"]);
        for path in [
            "//",
            "/.",
            "/./",
            "/x/..",
            "/assets/../me",
            "/assets/./a",
            "/assets//a",
            "/assets/%2e%2e/me",
            "/assets/.%2E/me",
            "/assets/%2e/a",
            "/assets/..%2fme",
            "/assets%2fa",
            "/assets/a%2Fb",
            "/assets/a%5cb",
            "/assets/a\\..\\..\\me",
            "/assets/%00",
            "/assets/a%0d%0ab",
            "/%61ssets/a",
            "/assets/%252e%252e/me",
            "/assets/%252fme",
            "/assets/%",
            "/assets/%zz",
            "/assets/%+1",
            "/assets/%ff",
            "/assets/%c0%ae%c0%ae/me",
            "/me%2fabout",
        ] {
            assert!(!paths.contains(path), "{path}");
        }
        let listed = public(&["/@me", "/healthz"]);
        for path in ["/%40me", "/HEALTHZ", "/healthz/", "/healthz%20", "/health%7a"] {
            assert!(!listed.contains(path), "{path}");
        }
    }

    #[test]
    fn a_pattern_that_means_something_else_elsewhere_is_refused() {
        for pattern in
            ["", "me", "/a/{*rest}/b", "/{}", "/:id", "/*", "/a//b", "/../a", "/{a}b", "/a%20b", "/a?b", "/{*}"]
        {
            assert!(PublicPaths::default().add(pattern).is_err(), "{pattern}");
        }
    }
}
