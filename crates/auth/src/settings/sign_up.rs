//! Who may sign up.

use std::path::PathBuf;

/// What an operator decides about new accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignUpPolicy {
    /// Who may sign up at all.
    pub mode: SignUpMode,
    /// Whether addresses of throw-away mailboxes are refused.
    pub block_disposable: bool,
    /// A list of their domains in place of the built-in one.
    pub disposable_domains: Option<PathBuf>,
    /// Whether addresses with a tag are refused.
    pub block_subaddresses: bool,
}

/// Who may sign up at all. Whoever is invited may, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignUpMode {
    /// Everybody who is not on the block-list.
    #[default]
    Open,
    /// Who is on the allow-list.
    Restricted,
    /// Nobody else.
    InvitationOnly,
    /// Nobody else either, but whoever wants to may wait for an invitation.
    Waitlist,
}

impl SignUpMode {
    pub(super) const WORDS: &'static [&'static str] = &["open", "restricted", "invitation_only", "waitlist"];

    pub(super) fn parse(word: &str) -> Self {
        match word {
            "restricted" => Self::Restricted,
            "invitation_only" => Self::InvitationOnly,
            "waitlist" => Self::Waitlist,
            _ => Self::Open,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Restricted => "restricted",
            Self::InvitationOnly => "invitation_only",
            Self::Waitlist => "waitlist",
        }
    }
}
