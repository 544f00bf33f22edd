//! Signing up: what is typed waits until all of it is there and the mailbox is proved; only then is there an account. A
//! taken address gets the same answer, and its owner a mail that says so, with a code that signs in (SEC-21).

mod code;
mod fields;
mod finish;
mod link;
mod phone;

use crate::{
    caller::Caller,
    error::{Denial, Error, Fault, Result},
    flows::{
        client::Presented,
        codes::{self, CodeSent},
    },
    housekey::Housekey,
    settings::{SignUpMode, Use},
};
use housekey_core::{
    factor::one_time_code,
    identifier::name::PersonName,
    ids::{SessionId, SignUpId, UserId},
    redirect::ReturnTo,
    sign_up::{AnySignUp, Gathering, Missing, Required, SignUp},
    time::Time,
};
use housekey_store::clients::ClientRow;
use serde::{Deserialize, Serialize};

pub use fields::{SignUpFields, StartSignUp};

/// Where a sign-up stands, as every door shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignUpView {
    /// The attempt's id.
    pub id: SignUpId,
    /// The address, as typed.
    pub email: Option<String>,
    /// The username, as chosen.
    #[serde(default)]
    pub username: Option<String>,
    /// The phone number.
    #[serde(default)]
    pub phone: Option<String>,
    /// Whether it is proved.
    #[serde(default)]
    pub phone_proved: bool,
    /// The code on its way to the phone.
    #[serde(default)]
    pub phone_code: Option<CodeSent>,
    /// Whether its mailbox is proved.
    pub email_proved: bool,
    /// The first name, if given.
    pub first_name: Option<String>,
    /// The last name, if given.
    pub last_name: Option<String>,
    /// Whether a password is given.
    pub has_password: bool,
    /// What the app keeps there and the person may change: a JSON object.
    pub unsafe_metadata: Option<String>,
    /// When the terms were accepted.
    pub legal_accepted: Option<Time>,
    /// What is still to be given.
    pub missing: Vec<Missing>,
    /// The code or link on its way.
    pub code: Option<CodeSent>,
    /// Whether it is a link that was asked for.
    #[serde(default)]
    pub link: bool,
    /// Where to go afterwards.
    pub return_to: Option<ReturnTo>,
    /// When it ends by itself.
    pub expires: Time,
    /// Whom it ended in, and signed in how.
    pub done: Option<(UserId, SessionId)>,
    /// Whether that is a new account, and not one that was there already, in a session that counts.
    #[serde(default)]
    pub made: bool,
}

impl SignUpView {
    /// An attempt that is not begun, for a door that asks for something before it.
    pub(crate) fn unbegun(id: SignUpId, expires: Time) -> Self {
        Self {
            id,
            email: None,
            username: None,
            phone: None,
            phone_proved: false,
            phone_code: None,
            email_proved: false,
            first_name: None,
            last_name: None,
            has_password: false,
            unsafe_metadata: None,
            legal_accepted: None,
            missing: Vec::new(),
            code: None,
            link: false,
            return_to: None,
            expires,
            done: None,
            made: false,
        }
    }
}

/// A sign-up on which a step is taken.
pub(crate) struct Live {
    pub client: ClientRow,
    pub version: i64,
    pub attempt: SignUp<Gathering>,
}

impl Housekey {
    /// The client's live sign-up, if there is one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn sign_up_current(&self, caller: &Caller) -> Result<Option<SignUpView>> {
        match self.live_sign_up(caller).await {
            Ok(live) => Ok(Some(self.sign_up_view(&live.attempt))),
            Err(Error::Denied(_) | Error::SignedOut) => Ok(None),
            Err(other) => Err(other),
        }
    }

    pub(crate) async fn live_sign_up(&self, caller: &Caller) -> Result<Live> {
        match self.present::<serde_json::Value>(caller).await? {
            Presented::Client(checked) => self.live_on(checked.client).await,
            _ => Err(Error::Denied(Denial::AttemptExpired)),
        }
    }

    pub(crate) async fn live_on(&self, client: ClientRow) -> Result<Live> {
        let row = self.store().reader().sign_up(&client.id, self.now()).await?;
        let row = row.ok_or(Error::Denied(Denial::AttemptExpired))?;
        let AnySignUp::Gathering(attempt) = row.attempt;
        Ok(Live { client, version: row.version, attempt })
    }

    pub(crate) fn required(&self) -> Required {
        let settings = self.settings();
        let named = settings.identifiers;
        Required {
            // A list of who may sign up holds addresses, as invitations do: nobody passes without one.
            email: named.email == Use::Required || settings.sign_up.mode != SignUpMode::Open,
            username: named.username == Use::Required,
            phone: named.phone == Use::Required,
            password: true,
            legal: settings.legal_consent,
        }
    }

    pub(crate) fn sign_up_view(&self, attempt: &SignUp<Gathering>) -> SignUpView {
        let fields = &attempt.state.fields;
        let code = fields.email.as_ref().zip(attempt.state.code.as_ref());
        let phone_code = fields.phone.as_ref().zip(attempt.state.phone_code.as_ref());
        SignUpView {
            id: attempt.id.clone(),
            email: fields.email.as_ref().map(|e| e.typed().to_owned()),
            phone: fields.phone.as_ref().map(|phone| phone.as_str().to_owned()),
            phone_proved: attempt.is_phone_proved(),
            phone_code: phone_code
                .map(|(to, sent)| codes::code_sent(to.masked(), sent.sent, sent.sent.plus(one_time_code::LIFE))),
            username: fields.username.as_ref().map(|name| name.typed().to_owned()),
            email_proved: attempt.is_proved(),
            first_name: fields.first_name.clone(),
            last_name: fields.last_name.clone(),
            has_password: fields.password_hash.is_some(),
            unsafe_metadata: fields.unsafe_metadata.clone(),
            legal_accepted: fields.legal_accepted,
            missing: attempt.missing(self.required()),
            code: code.map(|(to, sent)| codes::code_sent(to.masked(), sent.sent, sent.sent.plus(one_time_code::LIFE))),
            link: attempt.state.code.as_ref().is_some_and(|sent| sent.link),
            return_to: attempt.return_to.clone(),
            expires: attempt.expires,
            done: None,
            made: false,
        }
    }
}

/// A person's name, or nothing where nothing was typed.
pub(crate) fn read_name(field: &'static str, typed: &str, faults: &mut Vec<Fault>) -> Option<String> {
    if typed.trim().is_empty() {
        return None;
    }
    match PersonName::parse(typed) {
        Ok(name) => Some(name.as_str().to_owned()),
        Err(fault) => {
            faults.push(Fault::new(field, fault.code()));
            None
        }
    }
}
