//! The names of what endpoints are told, and which of them an endpoint hears.

use std::fmt;

/// What an endpoint is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WebhookKind {
    /// An account was made.
    UserCreated,
    /// Something of an account changed.
    UserUpdated,
    /// An account was deleted.
    UserDeleted,
    /// Somebody is signed in.
    SessionCreated,
    /// A session was ended by its owner.
    SessionEnded,
    /// A session left its browser, by a sign-out from all of them or for another session.
    SessionRemoved,
    /// A session was ended from elsewhere.
    SessionRevoked,
    /// A mail was queued.
    EmailCreated,
    /// A message to a phone was queued.
    SmsCreated,
    /// Somebody was invited.
    InvitationCreated,
    /// An invitation led to an account.
    InvitationAccepted,
    /// An invitation was taken back.
    InvitationRevoked,
    /// Somebody tries whether an endpoint answers.
    Test,
}

impl WebhookKind {
    /// All that happens by itself.
    pub const ALL: [Self; 12] = [
        Self::UserCreated,
        Self::UserUpdated,
        Self::UserDeleted,
        Self::SessionCreated,
        Self::SessionEnded,
        Self::SessionRemoved,
        Self::SessionRevoked,
        Self::EmailCreated,
        Self::SmsCreated,
        Self::InvitationCreated,
        Self::InvitationAccepted,
        Self::InvitationRevoked,
    ];

    /// The name in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserCreated => "user.created",
            Self::UserUpdated => "user.updated",
            Self::UserDeleted => "user.deleted",
            Self::SessionCreated => "session.created",
            Self::SessionEnded => "session.ended",
            Self::SessionRemoved => "session.removed",
            Self::SessionRevoked => "session.revoked",
            Self::EmailCreated => "email.created",
            Self::SmsCreated => "sms.created",
            Self::InvitationCreated => "invitation.created",
            Self::InvitationAccepted => "invitation.accepted",
            Self::InvitationRevoked => "invitation.revoked",
            Self::Test => "webhook.test",
        }
    }
}

/// Which kinds an endpoint hears: names, `user.*` for all of a noun; nothing written means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookFilter(Vec<String>);

/// No kind has that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no event is called {0:?}; there are user.*, session.*, email.*, sms.* and invitation.*")]
pub struct FilterFault(pub String);

impl WebhookFilter {
    /// Reads names.
    ///
    /// # Errors
    /// For the first that means nothing.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, FilterFault> {
        let mut filter = Self::default();
        for name in names.into_iter().map(str::trim).filter(|name| !name.is_empty()) {
            if !WebhookKind::ALL.into_iter().any(|kind| fits(name, kind)) {
                return Err(FilterFault(name.to_owned()));
            }
            if !filter.0.iter().any(|known| known == name) {
                filter.0.push(name.to_owned());
            }
        }
        Ok(filter)
    }

    /// What the database keeps.
    pub fn stored(&self) -> String {
        self.0.join(" ")
    }

    /// Reads it back. A name of another release is kept, and hears nothing here.
    pub fn from_stored(text: &str) -> Self {
        Self(text.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    /// The names, as they were written.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Whether this kind is heard.
    pub fn hears(&self, kind: WebhookKind) -> bool {
        self.0.is_empty() || self.0.iter().any(|name| fits(name, kind))
    }
}

fn fits(name: &str, kind: WebhookKind) -> bool {
    match name.strip_suffix(".*") {
        Some(noun) => kind.as_str().split_once('.').is_some_and(|(of, _)| of == noun),
        None => name == kind.as_str(),
    }
}

impl fmt::Display for WebhookKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_hears_what_it_names_and_an_empty_one_hears_all() {
        let filter = WebhookFilter::parse(["user.*", " session.created", "user.*"]).unwrap();
        assert_eq!(filter.stored(), "user.* session.created");
        assert_eq!(WebhookFilter::from_stored(&filter.stored()), filter);
        let heard: Vec<_> =
            WebhookKind::ALL.into_iter().filter(|k| filter.hears(*k)).map(WebhookKind::as_str).collect();
        assert_eq!(heard, ["user.created", "user.updated", "user.deleted", "session.created"]);
        assert!(WebhookKind::ALL.into_iter().all(|k| WebhookFilter::default().hears(k)));
        for wrong in ["users.created", "*", "user.", "user.made", ".*", "webhook.test"] {
            assert_eq!(WebhookFilter::parse([wrong]), Err(FilterFault(wrong.into())));
        }
    }
}
