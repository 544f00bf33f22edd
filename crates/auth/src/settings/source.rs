//! Where a value came from, and what to say when it is wrong.

use std::fmt;

/// Where a value was set; later ones win over earlier ones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Nobody set it.
    Default,
    /// The administrator's choice, kept in the database.
    Database,
    /// A line of the configuration file.
    File {
        /// The file, as it was named.
        path: String,
        /// Counted from one.
        line: usize,
    },
    /// An environment variable, by name.
    Environment(String),
    /// A flag of the command line, by name.
    Flag(String),
    /// The program that embeds the library.
    Builder,
}

impl Source {
    /// Whether an administrator may not change the value while this stands.
    pub fn pins(&self) -> bool {
        !matches!(self, Self::Default | Self::Database)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Database => f.write_str("database"),
            Self::File { path, line } => write!(f, "{path}:{line}"),
            Self::Environment(variable) => write!(f, "environment {variable}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
            Self::Builder => f.write_str("builder"),
        }
    }
}

/// What is wrong with a value, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The reason, as the end of a sentence about the key.
    pub what: String,
    /// A value that would do, or a sentence about it.
    pub write: String,
}

impl Wrong {
    /// Both halves at once: a complaint without advice helps nobody at night.
    pub fn new(what: impl Into<String>, write: impl Into<String>) -> Self {
        Self { what: what.into(), write: write.into() }
    }
}

/// One thing that keeps an instance from starting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key's full name.
    pub key: String,
    /// Where the value stands.
    pub source: Source,
    /// What is wrong, and what to write.
    pub wrong: Wrong,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}; write {}", self.key, self.source, self.wrong.what, self.wrong.write)
    }
}

impl std::error::Error for Fault {}
