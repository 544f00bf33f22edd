//! The path under which our routes live.

use std::fmt;

use super::Wrong;

/// A mount path: empty for the root, else `/one` or `/one/two`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount(String);

impl Mount {
    /// The root of the site.
    pub fn root() -> Self {
        Self(String::new())
    }

    /// Reads a path. Only unreserved characters, so that it means the same in a
    /// route, in a link and in a cookie's `Path`.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let trimmed = text.trim_end_matches('/');
        if trimmed.is_empty() {
            return Ok(Self::root());
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
        let segment = |s: &str| !s.is_empty() && s != "." && s != ".." && s.chars().all(plain);
        match trimmed.strip_prefix('/') {
            Some(path) if path.split('/').all(segment) => Ok(Self(trimmed.to_owned())),
            _ => Err(Wrong::new("not a plain path", "\"/auth\" (or \"/\" for the root)")),
        }
    }

    /// Empty for the root, else with a leading and no trailing slash, so that
    /// `format!("{mount}/sign-in")` is right for both.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Mount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_a_plain_path() {
        assert_eq!(Mount::parse("/").unwrap().as_str(), "");
        assert_eq!(Mount::parse("/auth/").unwrap().as_str(), "/auth");
        assert_eq!(Mount::parse("/a/b").unwrap().as_str(), "/a/b");
        for text in ["auth", "//auth", "/a//b", "/..", "/a b", "/{id}", "/a?b", "/é"] {
            assert!(Mount::parse(text).is_err(), "{text}");
        }
    }
}
