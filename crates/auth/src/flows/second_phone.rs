//! Phones as second factor: chosen by whoever is signed in, and sent a code wherever a second factor is due. A phone that
//! was the first factor of a sign-in is not the second one of it as well.

use crate::{
    caller::Caller,
    error::{Error, Result},
    flows::{codes::CodeSent, session::Here},
    housekey::Housekey,
    mail::Letter,
};
use housekey_core::{
    event::EventKind,
    factor::one_time_code::OneTimeCode,
    ids::{ClientId, PhoneId, UserId},
    session::Status,
    sign_in::{SecondPhone, SecondProof},
};
use housekey_store::{
    phones::PhoneRow,
    second_factors::{FactorChange, UsedFactor},
    users::UserRow,
    verifications::{Purpose, Try},
};
use serde_json::json;

impl Housekey {
    /// Whether a code to a phone can be chosen as second factor.
    pub fn offers_second_phones(&self) -> bool {
        self.settings().identifiers.phone.is_on() && self.settings().two_step.phone_codes
    }

    /// Decides whether a code to a proved number is asked for after every other first factor. Where it is the first second
    /// factor it comes with a set of backup codes, shown this once; where the session waited for one, this is it. The code
    /// itself is asked for before the next risky change.
    ///
    /// # Errors
    /// [`Error::Stale`] or [`Error::StaleSecond`] without a fresh factor, [`Error::NotFound`] for a number of somebody else,
    /// [`Error::Invalid`] for one that is not proved or that no message goes to.
    pub async fn phone_second(&self, caller: &Caller, id: &PhoneId, wanted: bool) -> Result<Vec<String>> {
        let (here, user) = match wanted {
            true => self.strong(self.here_with_phones(caller).await?).await?,
            false => self.here_strong(caller).await?,
        };
        self.may_change(&user)?;
        let phone = self.store().reader().phone(id, &user.account.user).await?.ok_or(Error::NotFound)?;
        if phone.second.is_some() == wanted {
            return Ok(Vec::new());
        }
        if wanted && !self.offers_second_phones() {
            return Err(Error::field("phone", "second_phone_off"));
        }
        if wanted {
            self.sends_to(&phone.number, "phone")?;
        }
        if wanted && phone.verified.is_none() {
            return Err(Error::field("phone", "phone_not_verified"));
        }
        let (shown, kept) = match wanted && user.held().two_step_since().is_none() && user.backup_codes == 0 {
            true => self.new_codes().await?,
            false => (Vec::new(), Vec::new()),
        };
        let detail = json!({"phone": id.as_str(), "wanted": wanted, "backup_codes": shown.len()});
        let mut trail = self.factor_trail(caller, &here, &user, EventKind::PhoneSecondChanged, detail).await?;
        let (asked, phone) = (self.facts(caller), phone.number.masked());
        self.tell_owner(&user, &mut trail, |not_me| match wanted {
            true => Letter::NoticeSecondPhoneOn { not_me, phone, asked },
            false => Letter::NoticeSecondPhoneOff { not_me, phone, asked },
        })?;
        let change = match wanted {
            true => {
                self.activation(caller, &here, &user, &mut trail).await?;
                let session = &here.signed_in.session;
                let waiting = (session.status == Status::Pending).then(|| session.id.clone());
                FactorChange::PhoneAsked(id.clone(), kept, waiting)
            }
            false => FactorChange::PhoneAskedNoMore(id.clone()),
        };
        self.store().factor_change(user.account, change, trail, self.now()).await?;
        self.mail_waits();
        Ok(shown)
    }

    /// Decides which of several numbers is asked for first.
    ///
    /// # Errors
    /// [`Error::Stale`] or [`Error::StaleSecond`] without a fresh factor, [`Error::NotFound`] for a number of somebody else,
    /// [`Error::Invalid`] for one that is no second factor.
    pub async fn phone_second_default(&self, caller: &Caller, id: &PhoneId) -> Result<()> {
        let (here, user) = self.here_strong(caller).await?;
        self.may_change(&user)?;
        let phone = self.store().reader().phone(id, &user.account.user).await?.ok_or(Error::NotFound)?;
        if phone.second.is_none() {
            return Err(Error::field("phone", "phone_not_second_factor"));
        }
        let detail = json!({"phone": id.as_str(), "default": true});
        let trail = self.factor_trail(caller, &here, &user, EventKind::PhoneSecondChanged, detail).await?;
        Ok(self.store().phone_second_default(user.account, id.clone(), trail, self.now()).await?)
    }

    /// Sends a code that makes the session fresh to a phone that is a second factor: the named one, else the one that is
    /// asked for first.
    ///
    /// # Errors
    /// [`Error::SignedOut`], [`Error::Invalid`] where there is none or no message goes to it, [`Error::Limited`] beyond a
    /// limit.
    pub async fn step_up_second_send(&self, caller: &Caller, phone: Option<&PhoneId>) -> Result<CodeSent> {
        let here: Here = self.here(caller).await?;
        let user = self.row_of(&here).await?;
        let phone = self.second_phone(&user.account.user, phone).await?;
        let purpose = Purpose::StepUpSecondPhone;
        let (trail, sent) = self.text_own_code(caller, &here, &user, &phone.number, purpose).await?;
        self.store().leave_trail(trail, self.now()).await?;
        self.mail_waits();
        Ok(sent)
    }

    /// The phone of an account that a code goes to as second factor.
    pub(crate) async fn second_phone(&self, user: &UserId, named: Option<&PhoneId>) -> Result<PhoneRow> {
        let rows = self.store().reader().phones_of_user(user).await?;
        let found = match named {
            Some(id) => rows.iter().find(|row| row.id == *id && row.second.is_some()),
            None => PhoneRow::second_of(&rows),
        };
        found.cloned().ok_or_else(|| Error::field("strategy", "strategy_not_offered"))
    }

    /// The phones of an account that are second factors, masked, the one that is asked for first before the others.
    pub(crate) async fn second_phones(&self, user: &UserRow) -> Result<Vec<SecondPhone>> {
        if user.phone_since.is_none() {
            return Ok(Vec::new());
        }
        let rows = self.store().reader().phones_of_user(&user.account.user).await?;
        let first = PhoneRow::second_of(&rows).map(|row| row.id.clone());
        let mut second: Vec<PhoneRow> = rows.into_iter().filter(|row| row.second.is_some()).collect();
        second.sort_by_key(|row| Some(&row.id) != first.as_ref());
        Ok(second.into_iter().map(|row| SecondPhone { to: row.number.masked(), id: row.id }).collect())
    }

    /// Compares a code with the one that this client had sent for this purpose. It counts only while its phone is a second
    /// factor of the account.
    pub(crate) async fn check_second_phone(
        &self,
        user: &UserRow,
        (client, purpose): (&ClientId, Purpose),
        code: &OneTimeCode,
    ) -> Result<Option<(SecondProof, UsedFactor)>> {
        use crate::error::Denial::CodeExpired;
        let (reader, now) = (self.store().reader(), self.now());
        let id = reader.verification_of(client, purpose).await?.ok_or(Error::Denied(CodeExpired))?;
        let tried = match self.store().try_code(&id, client, purpose, now).await? {
            Try::Counted(tried) if tried.user.as_ref() == Some(&user.account.user) => tried,
            _ => return Err(Error::Denied(CodeExpired)),
        };
        let rows = reader.phones_of_user(&user.account.user).await?;
        if !rows.iter().any(|row| row.second.is_some() && row.number.as_str() == tried.canonical) {
            return Err(Error::Denied(CodeExpired));
        }
        let proof = SecondProof::phone_code(user.account.clone(), &code.hash(self.keyring(), &id), &tried.code_hash);
        Ok(proof.map(|proof| (proof, UsedFactor::PhoneCode { client: client.clone(), code: id })))
    }
}
