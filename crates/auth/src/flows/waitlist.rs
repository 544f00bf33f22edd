//! Waiting for room: whoever may not sign up yet leaves an address. The answer is the same for one that waits already and
//! for one that has an account.

use crate::{
    caller::Caller,
    error::{Error, Result},
    flows::notes::About,
    housekey::Housekey,
    mail::Letter,
    settings::SignUpMode,
};
use housekey_core::{challenge::Action, event::EventKind, identifier::email::Email, keyring::Purpose};
use housekey_store::waitlist::NewWaiting;

/// Somebody who wants to wait.
#[derive(Clone, Debug, Default)]
pub struct JoinWaitlist {
    /// The e-mail address, as typed.
    pub email: String,
    /// What a field holds that nobody sees.
    pub hidden: String,
    /// When the form says that it was shown.
    pub shown: String,
}

impl Housekey {
    /// Whether people may wait here.
    ///
    /// # Errors
    /// [`Error::NotFound`] where sign-up has another mode.
    pub fn waitlist_is_kept(&self) -> Result<()> {
        match self.settings().sign_up.mode {
            SignUpMode::Waitlist => Ok(()),
            _ => Err(Error::NotFound),
        }
    }

    /// Puts an address on the list, and mails it that it is there. Answers the entry's id, which is the address's own.
    ///
    /// # Errors
    /// [`Error::NotFound`] where no list is kept, [`Error::Invalid`] for an address that is not taken,
    /// [`Error::Challenge`] and [`Error::Limited`] beyond the limits of the caller's address or the mailbox.
    pub async fn waitlist_join(&self, caller: &Caller, join: JoinWaitlist) -> Result<String> {
        self.waitlist_is_kept()?;
        let email = Email::parse(&join.email).map_err(|fault| Error::field("email", fault.code()))?;
        self.address_is_taken_in(&email).await?;
        let mut gate = self.sign_up_gate(caller).and(self.mail_gate(caller, &email, false));
        gate.always = false;
        self.pass(caller, Action::Waitlist, gate).await?;
        let id = self.waiting_id(&email);
        let now = self.now();
        let about = About { user: None, client: None, session: None };
        if let Some(why) = self.trapped(&join.hidden, &join.shown) {
            let detail = serde_json::json!({"form": "waitlist", "why": why.as_str()});
            let event = self.event(caller, EventKind::BotTrapped, about, detail).await?;
            self.store().record(vec![event]).await?;
            return Ok(id);
        }
        let letter = Letter::WaitlistJoined { asked: self.facts(caller) };
        let mail = self.notice(&email, letter)?;
        let event = self.event(caller, EventKind::WaitlistJoined, about, serde_json::json!({"entry": id})).await?;
        self.store().wait(waiting(&id, &email), vec![mail], vec![event], now).await?;
        self.mail_waits();
        Ok(id)
    }

    /// The id of an address's entry: always the same, so that it tells nothing about whether there is one.
    pub(crate) fn waiting_id(&self, email: &Email) -> String {
        let mac = self.keyring().mac(Purpose::FakeId, &[b"waitlist", email.canonical().as_bytes()]);
        housekey_core::ids::stand_in("wle_", &mac)
    }
}

pub(crate) fn waiting(id: &str, email: &Email) -> NewWaiting {
    NewWaiting { id: id.to_owned(), address: email.typed().to_owned(), canonical: email.canonical().to_owned() }
}
