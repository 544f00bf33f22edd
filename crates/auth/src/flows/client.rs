//! The client in a flow: who presents which secret, what the last secret may still repeat, and how a new one is made.

use crate::{
    caller::{Caller, ClientToken, Cookies, Outcome, SetClient, SetDevice, Signed},
    error::{Denial, Error, Result},
    housekey::Housekey,
};
use housekey_core::{
    ids::{ClientId, SessionId},
    keyring::Place,
    secret::Secret,
    time::Time,
    token::opaque::OpaqueToken,
};
use housekey_store::{
    clients::{ClientRow, NewClient, Rotation},
    sessions::Checked,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::time::Duration;

/// How long the last secret may repeat the call that replaced it.
const REPEAT_FOR: Duration = Duration::from_secs(10);
/// How long a client lives that nobody is signed in on.
const ANONYMOUS_FOR: Duration = Duration::from_secs(24 * 3600);

/// What a caller's credential turned out to be.
pub(crate) enum Presented<T> {
    /// None, an unknown one, or one that is dead for good: as if no cookie had come.
    Nobody,
    /// The client's present secret.
    Client(Box<Checked>),
    /// The last secret, repeating its last call: the same answer again.
    Repeat(Outcome<T>),
}

/// A client that a flow works on: an existing row, or one that the flow's first write makes.
pub(crate) struct Working {
    pub id: ClientId,
    pub new: Option<NewClient>,
    pub cookies: Cookies,
}

/// The answer that waits, sealed, for a repeated call.
#[derive(Serialize, Deserialize)]
struct Kept<T> {
    token: String,
    native: bool,
    until: Option<Time>,
    signed: Option<Signed>,
    device: Option<String>,
    value: T,
}

/// A new secret on its way: the change for the store and the answer for the door.
pub(crate) struct Renewed<T> {
    pub rotation: Rotation,
    pub outcome: Outcome<T>,
}

/// What a client is to become with its new secret.
pub(crate) struct Renewal {
    pub active_session: Option<SessionId>,
    /// When the client's row may go.
    pub expires: Time,
    /// Until when the browser keeps the cookie; `None` ends with the browser.
    pub until: Option<Time>,
    pub device: Option<String>,
    /// Somebody signed in or out by it.
    pub signed: bool,
}

impl Housekey {
    /// Judges the caller's credential.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for the last secret within its ten seconds when it asks for anything but its last call.
    pub(crate) async fn present<T: DeserializeOwned>(&self, caller: &Caller) -> Result<Presented<T>> {
        let Some(token) = &caller.client else {
            return Ok(Presented::Nobody);
        };
        let now = self.now();
        let Some(checked) = self.store().reader().check(&token.id).await? else {
            return Ok(Presented::Nobody);
        };
        let client = &checked.client;
        if client.expires <= now {
            return Ok(Presented::Nobody);
        }
        if client.secret_hash.matches(token.secret().expose()) {
            return Ok(Presented::Client(Box::new(checked)));
        }
        let Some(old) = client.old.as_ref().filter(|old| now < old.until && old.hash.matches(token.secret().expose()))
        else {
            return Ok(Presented::Nobody);
        };
        let same = subtle::ConstantTimeEq::ct_eq(old.call.as_slice(), caller.call.as_slice());
        if !bool::from(same) {
            return Err(Error::SignedOut);
        }
        self.kept(&client.id, &old.answer).map(Presented::Repeat)
    }

    /// The client that a first POST works on: the presented one, or a new one.
    pub(crate) fn working(&self, caller: &Caller, presented: Option<&Checked>) -> Working {
        if let Some(checked) = presented {
            return Working { id: checked.client.id.clone(), new: None, cookies: Cookies::default() };
        }
        let now = self.now();
        let id = ClientId::new(now, self.entropy());
        let token = self.new_secret(caller, id.clone());
        let new = NewClient { id: id.clone(), secret_hash: token.hash(), expires: now.plus(ANONYMOUS_FOR) };
        let cookies = Cookies { client: Some(SetClient { token, until: None, signed: None }), device: None };
        Working { id, new: Some(new), cookies }
    }

    /// A new secret for a client, with the answer that this call gets now and, if repeated, again.
    pub(crate) fn renew<T: Serialize + Clone>(
        &self,
        caller: &Caller,
        client: &ClientRow,
        to: Renewal,
        value: T,
    ) -> Result<Renewed<T>> {
        let token = self.new_secret(caller, client.id.clone());
        let signed = to.signed.then(|| match &to.active_session {
            Some(_) => Signed::In(self.now()),
            None => Signed::Out,
        });
        let kept = Kept {
            token: token.reveal(),
            native: token.is_native(),
            until: to.until,
            signed,
            device: to.device.clone(),
            value: value.clone(),
        };
        let plain = serde_json::to_vec(&kept).map_err(|_| Error::Bug("an answer cannot be kept"))?;
        let rotation = Rotation {
            client: client.id.clone(),
            version: client.version,
            secret_hash: token.hash(),
            old_until: self.now().plus(REPEAT_FOR),
            call: caller.call,
            answer: self.keyring().seal(answer_of(&client.id), &plain, self.entropy()),
            active_session: to.active_session,
            expires: to.expires,
            signed: to.signed,
        };
        let cookies = Cookies {
            client: Some(SetClient { token, until: to.until, signed }),
            device: to.device.map(|d| SetDevice(Secret::new(d))),
        };
        Ok(Renewed { rotation, outcome: Outcome { value, cookies } })
    }

    /// What a client becomes that nobody is signed in on any more.
    pub(crate) fn signed_out(&self) -> Renewal {
        Renewal {
            active_session: None,
            expires: self.now().plus(ANONYMOUS_FOR),
            until: None,
            device: None,
            signed: true,
        }
    }

    /// A change that lost its race may have lost it to the same call, clicked twice: then both get one answer.
    pub(crate) async fn or_repeat<T: DeserializeOwned>(
        &self,
        caller: &Caller,
        changed: Result<Outcome<T>>,
    ) -> Result<Outcome<T>> {
        let Err(lost) = changed else { return changed };
        // Whoever comes a moment later finds what both came for used up.
        let used_up = [Denial::AttemptExpired, Denial::CodeExpired, Denial::TicketExpired, Denial::LinkExpired];
        let may_repeat = match &lost {
            Error::Conflict => true,
            Error::Denied(why) => used_up.contains(why),
            _ => false,
        };
        match may_repeat {
            true => match self.present::<T>(caller).await {
                Ok(Presented::Repeat(outcome)) => Ok(outcome),
                _ => Err(lost),
            },
            false => Err(lost),
        }
    }

    fn new_secret(&self, caller: &Caller, client: ClientId) -> ClientToken {
        let make = if caller.native { OpaqueToken::new_native } else { OpaqueToken::new };
        make(client, self.entropy())
    }

    fn kept<T: DeserializeOwned>(&self, client: &ClientId, answer: &[u8]) -> Result<Outcome<T>> {
        let broken = || Error::Bug("a kept answer cannot be read");
        let plain = self.keyring().open(answer_of(client), answer).map_err(|_| broken())?;
        let kept: Kept<T> = serde_json::from_slice(plain.expose()).map_err(|_| broken())?;
        let read = if kept.native { ClientToken::parse_native } else { ClientToken::parse };
        let token = read(&kept.token).map_err(|_| broken())?;
        Ok(Outcome {
            value: kept.value,
            cookies: Cookies {
                client: Some(SetClient { token, until: kept.until, signed: kept.signed }),
                device: kept.device.map(|d| SetDevice(Secret::new(d))),
            },
        })
    }
}

fn answer_of(client: &ClientId) -> Place<'_> {
    Place { table: "housekey_client", column: "old_answer", row: client.as_str() }
}
