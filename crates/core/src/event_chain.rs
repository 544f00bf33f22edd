//! The chain over the audit trail (SEC-123): each link is a keyed hash over the link before it and one event, so that an
//! event that was changed, taken out or put in between is found by whoever has the key.
//!
//! What no chain can tell by itself is that its last links are gone with their events. Only a [`ChainHead`] that was
//! kept elsewhere tells that.

use crate::{keyring, secret::Secret, time::Time};
use aws_lc_rs::hmac;
use std::{fmt, str::FromStr};

/// An event with every byte of its row. Names are texts here: what an older release wrote must still be hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Time,
    /// What.
    pub kind: String,
    /// About whom.
    pub user: Option<String>,
    /// On which client.
    pub client: Option<String>,
    /// In which session.
    pub session: Option<String>,
    /// By which door.
    pub door: String,
    /// In which request.
    pub request: String,
    /// What else.
    pub detail: String,
    /// Address and agent, sealed.
    pub facts: Vec<u8>,
    /// Which key sealed them.
    pub facts_key: String,
}

/// The hash that ties an event to all before it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Link([u8; 32]);

impl Link {
    /// What stands before the first link.
    pub const NONE: Self = Self([0; 32]);

    /// A link as it is stored.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({self})")
    }
}

/// The key of links. An instance has one for good, kept sealed, so that links outlive a change of the master key.
pub struct ChainKey(hmac::Key);

impl ChainKey {
    /// A key of these bytes.
    pub fn new(bytes: &Secret<[u8; 32]>) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes.expose()))
    }

    /// The link of an event behind the link `before`.
    pub fn link(&self, before: &Link, number: i64, event: &StoredEvent) -> Link {
        let (user, client, session) = (opt(&event.user), opt(&event.client), opt(&event.session));
        Link(keyring::mac_of(
            &self.0,
            &[
                &before.0,
                &number.to_be_bytes(),
                event.id.as_bytes(),
                &event.at.as_millis().to_be_bytes(),
                event.kind.as_bytes(),
                &user,
                &client,
                &session,
                event.door.as_bytes(),
                event.request.as_bytes(),
                event.detail.as_bytes(),
                &event.facts,
                event.facts_key.as_bytes(),
            ],
        ))
    }
}

/// Nothing and an empty text are not the same.
fn opt(text: &Option<String>) -> Vec<u8> {
    text.as_ref().map_or_else(Vec::new, |t| [b"+", t.as_bytes()].concat())
}

/// The last link of a chain: kept somewhere else, it tells later that nothing before it is gone. It is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// How many links there are up to it.
    pub number: i64,
    /// The link itself.
    pub link: Link,
}

/// The form is `NUMBER-HASH`.
impl fmt::Display for ChainHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.number, self.link)
    }
}

/// A text is not the head of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a head of the event chain: it is a number, a dash and 64 hexadecimal digits")]
pub struct HeadFault;

impl FromStr for ChainHead {
    type Err = HeadFault;

    fn from_str(text: &str) -> Result<Self, HeadFault> {
        let (number, hash) = text.split_once('-').ok_or(HeadFault)?;
        if hash.len() != 64 || !number.bytes().chain(hash.bytes()).all(|b| b.is_ascii_hexdigit()) {
            return Err(HeadFault);
        }
        let mut bytes = [0; 32];
        for (to, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *to = hash.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()).ok_or(HeadFault)?;
        }
        let number = number.parse().ok().filter(|n| *n > 0).ok_or(HeadFault)?;
        Ok(Self { number, link: Link(bytes) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> StoredEvent {
        StoredEvent {
            id: "evt_1".into(),
            at: Time::from_millis(5),
            kind: "session.created".into(),
            user: Some("user_1".into()),
            client: None,
            session: None,
            door: "pages".into(),
            request: "req_1".into(),
            detail: "{}".into(),
            facts: vec![1, 2, 3],
            facts_key: "user".into(),
        }
    }

    #[test]
    fn sec_123_every_byte_of_an_event_and_its_place_are_in_its_link() {
        let key = ChainKey::new(&Secret::new([7; 32]));
        let link = key.link(&Link::NONE, 1, &event());
        assert_eq!(key.link(&Link::NONE, 1, &event()), link);
        type Change = fn(&mut StoredEvent);
        let changes: [Change; 13] = [
            |e| e.id = "evt_2".into(),
            |e| e.at = Time::from_millis(6),
            |e| e.kind = "session.ended".into(),
            |e| e.user = Some("user_2".into()),
            |e| e.user = None,
            |e| e.client = Some("client_1".into()),
            |e| e.session = Some(String::new()),
            |e| (e.client, e.user) = (e.user.take(), None),
            |e| e.door = "rust".into(),
            |e| e.request = "req_2".into(),
            |e| e.detail = "{ }".into(),
            |e| e.facts[2] = 4,
            |e| e.facts_key = "2026-11-23".into(),
        ];
        for (i, change) in changes.iter().enumerate() {
            let mut other = event();
            change(&mut other);
            assert_ne!(key.link(&Link::NONE, 1, &other), link, "change {i}");
        }
        assert_ne!(key.link(&link, 1, &event()), link, "another link before it");
        assert_ne!(key.link(&Link::NONE, 2, &event()), link, "another number");
        assert_ne!(ChainKey::new(&Secret::new([8; 32])).link(&Link::NONE, 1, &event()), link, "another key");
    }

    #[test]
    fn a_head_is_read_as_it_is_written() {
        let head = ChainHead { number: 12, link: Link([0xa5; 32]) };
        assert_eq!(head.to_string().parse(), Ok(head));
        let hash = "a5".repeat(32);
        for bad in ["", "12", &hash, &format!("12-{hash}0"), &format!("0-{hash}"), &format!("-1-{hash}")] {
            assert_eq!(bad.parse::<ChainHead>(), Err(HeadFault), "{bad}");
        }
        assert!(format!("1-{}é", "a".repeat(62)).parse::<ChainHead>().is_err());
    }
}
