//! Browser scripts of Clerk's: which packages, which of the kept versions answers for the one asked for, and which files
//! of a package are ever handed out.

use semver::Version;
use std::fmt;

/// A package with a browser build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Package {
    /// The engine that runs in pages.
    ClerkJs,
    /// The components.
    Ui,
}

impl Package {
    /// Both.
    pub const ALL: [Self; 2] = [Self::ClerkJs, Self::Ui];

    /// The name without its scope.
    pub fn short(self) -> &'static str {
        match self {
            Self::ClerkJs => "clerk-js",
            Self::Ui => "ui",
        }
    }

    /// By the name without its scope.
    pub fn from_short(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|package| package.short() == name)
    }

    /// By the whole name, as `@clerk/ui`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::from_short(name.strip_prefix("@clerk/")?)
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@clerk/{}", self.short())
    }
}

/// A version as a page or an operator asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// This one.
    Exact(Version),
    /// The newest of a major, or of a minor.
    Newest(u64, Option<u64>),
    /// A name of the registry's, as `latest`.
    Tag(String),
}

/// Longer ones are nobody's.
const LONGEST_WANTED: usize = 80;

impl Wanted {
    /// Reads `6`, `6.40`, `6.40.0` or a tag.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.len() > LONGEST_WANTED {
            return None;
        }
        if let Ok(version) = Version::parse(text) {
            return Some(Self::Exact(version));
        }
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            let (major, minor) = text.split_once('.').map_or((text, None), |(major, minor)| (major, Some(minor)));
            return match minor {
                Some(minor) => Some(Self::Newest(number(major)?, Some(number(minor)?))),
                None => number(major).map(|major| Self::Newest(major, None)),
            };
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        (text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(plain))
            .then(|| Self::Tag(text.to_owned()))
    }

    /// Which of these versions answers. The same, else the nearest of its major: the next newer one, or the newest of the
    /// older ones. A tag means the newest that is no trial.
    pub fn choose<'a>(&self, kept: &'a [Version]) -> Option<Choice<'a>> {
        let newest = |of: &dyn Fn(&Version) -> bool| {
            let all = || kept.iter().filter(|version| of(version));
            all().filter(|version| version.pre.is_empty()).max().or_else(|| all().max())
        };
        match self {
            Self::Exact(wanted) => {
                if let Some(version) = kept.iter().find(|version| *version == wanted) {
                    return Some(Choice { version, fit: Fit::Same });
                }
                let of_major = |version: &&Version| version.major == wanted.major;
                let newer = kept.iter().filter(of_major).filter(|version| *version > wanted).min();
                let version = newer.or_else(|| kept.iter().filter(of_major).max())?;
                Some(Choice { version, fit: Fit::Nearest })
            }
            Self::Newest(major, None) => newest(&|v| v.major == *major).map(Choice::moving),
            Self::Newest(major, Some(minor)) => match newest(&|v| v.major == *major && v.minor == *minor) {
                Some(version) => Some(Choice::moving(version)),
                None => Self::Exact(Version::new(*major, *minor, 0)).choose(kept),
            },
            Self::Tag(_) => newest(&|_| true).map(Choice::moving),
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(version) => version.fmt(f),
            Self::Newest(major, None) => major.fmt(f),
            Self::Newest(major, Some(minor)) => write!(f, "{major}.{minor}"),
            Self::Tag(tag) => tag.fmt(f),
        }
    }
}

fn number(text: &str) -> Option<u64> {
    (text == "0" || !text.starts_with('0')).then(|| text.parse().ok())?
}

/// The version that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice<'a> {
    /// Which.
    pub version: &'a Version,
    /// How it fits what was asked for.
    pub fit: Fit,
}

impl<'a> Choice<'a> {
    fn moving(version: &'a Version) -> Self {
        Self { version, fit: Fit::Moving }
    }
}

/// How a version fits what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It is the version asked for, for ever.
    Same,
    /// It is what a major or a tag means today.
    Moving,
    /// The version asked for is not kept; this is the nearest of its major.
    Nearest,
}

/// A file of a package that may be handed out: below `dist/`, of a kind that a page loads, named without tricks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FilePath(String);

const LONGEST_PATH: usize = 200;
const DEEPEST: usize = 10;
const KINDS: [(&str, &str); 7] = [
    ("js", "text/javascript; charset=utf-8"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("json", "application/json"),
    ("svg", "image/svg+xml"),
    ("wasm", "application/wasm"),
    ("woff2", "font/woff2"),
];

impl FilePath {
    /// From a path relative to the package.
    pub fn parse(path: &str) -> Option<Self> {
        let below = path.strip_prefix("dist/")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '+' | '~');
        let sound = |part: &str| !part.is_empty() && !part.starts_with('.') && part.chars().all(plain);
        let good = path.len() <= LONGEST_PATH && below.split('/').count() <= DEEPEST && below.split('/').all(sound);
        let path = Self(path.to_owned());
        (good && path.kind().is_some()).then_some(path)
    }

    /// The path, beginning with `dist/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its media type.
    pub fn media_type(&self) -> &'static str {
        self.kind().unwrap_or("application/octet-stream")
    }

    fn kind(&self) -> Option<&'static str> {
        let (_, ending) = self.0.rsplit_once('.')?;
        KINDS.iter().find(|(known, _)| *known == ending).map(|(_, kind)| *kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(versions: &[&str]) -> Vec<Version> {
        versions.iter().map(|text| Version::parse(text).unwrap()).collect()
    }

    fn chosen(wanted: &str, versions: &[&str]) -> Option<(String, Fit)> {
        let kept = kept(versions);
        let choice = Wanted::parse(wanted)?.choose(&kept)?;
        Some((choice.version.to_string(), choice.fit))
    }

    #[test]
    fn what_was_asked_for_or_the_nearest_of_its_major() {
        let all = ["5.9.0", "6.3.0", "6.40.0", "6.41.0-canary.1", "7.0.0-alpha.1"];
        for (wanted, version, fit) in [
            ("6.40.0", "6.40.0", Fit::Same),
            ("6.41.0-canary.1", "6.41.0-canary.1", Fit::Same),
            ("6", "6.40.0", Fit::Moving),
            ("6.3", "6.3.0", Fit::Moving),
            ("6.4", "6.40.0", Fit::Nearest),
            ("latest", "6.40.0", Fit::Moving),
            ("canary", "6.40.0", Fit::Moving),
            ("7", "7.0.0-alpha.1", Fit::Moving),
            ("6.39.2", "6.40.0", Fit::Nearest),
            ("6.99.0", "6.41.0-canary.1", Fit::Nearest),
            ("6.0.0", "6.3.0", Fit::Nearest),
        ] {
            assert_eq!(chosen(wanted, &all), Some((version.to_owned(), fit)), "{wanted}");
        }
        for wanted in ["8", "8.1.0", "4", "4.2"] {
            assert_eq!(chosen(wanted, &all), None, "{wanted}: never another major");
        }
        assert_eq!(chosen("latest", &[]), None);
    }

    #[test]
    fn what_is_no_version_is_refused() {
        let long = "a".repeat(81);
        for text in ["", ".", "..", "-1", "6.", ".6", "06", "6.x", "6 ", "../6", "latest/..", "^6", "%36", "6@7", &long]
        {
            assert_eq!(Wanted::parse(text), None, "{text}");
        }
        for text in ["6", "6.40", "6.40.0", "1.0.0-snapshot.v20260101", "latest"] {
            assert_eq!(Wanted::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_path_is_plain_and_of_a_kind_that_pages_load() {
        for path in
            ["dist/clerk.browser.js", "dist/a/b/c.mjs", "dist/vendors_clerk.browser_a68c22_6.40.0.js", "dist/x.css"]
        {
            assert_eq!(FilePath::parse(path).unwrap().as_str(), path);
        }
        let deep = format!("dist/{}x.js", "a/".repeat(10));
        let long = format!("dist/{}.js", "a".repeat(200));
        for path in [
            "clerk.browser.js",
            "package.json",
            "dist",
            "dist/",
            "dist/a",
            "dist/../secret.js",
            "dist/./a.js",
            "/dist/a.js",
            "dist//a.js",
            "dist/.env.js",
            "dist/a\\b.js",
            "dist/a%2fb.js",
            "dist/a b.js",
            "dist/a.js\0",
            "dist/a.d.ts",
            "dist/a.js.map",
            "dist/a.html",
            "dist/a.JS",
            "distant/a.js",
            &deep,
            &long,
        ] {
            assert_eq!(FilePath::parse(path), None, "{path}");
        }
    }

    #[test]
    fn packages_have_names() {
        assert_eq!(Package::from_name("@clerk/ui"), Some(Package::Ui));
        assert_eq!(Package::from_name("@evil/ui"), None);
        assert_eq!(Package::ClerkJs.to_string(), "@clerk/clerk-js");
    }
}
