//! Questions that the command line asks a running server: one line of JSON
//! each way over `control.sock` in the data folder.

mod client;
mod listen;

use serde::{Deserialize, Serialize};

use crate::errands::Errand;

pub use client::ask;
pub use listen::{Desk, listen};

/// A question.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub enum Ask {
    /// Which migrations are applied.
    MigrateStatus,
    /// Send a test message to this address.
    MailTest {
        /// Who gets it.
        to: String,
    },
    /// The values that the server runs with.
    ConfigShow,
    /// Something that its house does.
    Errand {
        /// What.
        errand: Errand,
    },
    /// Move the server's clock on.
    #[cfg(feature = "testkit")]
    ClockAdvance {
        /// By so many milliseconds.
        millis: u32,
    },
}

/// An answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// What was asked for.
    Ok(serde_json::Value),
    /// Why not, for people.
    Error(String),
}

/// No question is longer; answers may be (the configuration).
const LONGEST_QUESTION: u64 = 4 * 1024;
