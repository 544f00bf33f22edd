//! A user's second factors, in an app's hands.

use super::Steward;
use crate::{
    error::{Error, Result},
    flows::second_factor::Typed,
    housekey::Housekey,
    mail::Letter,
};
use housekey_core::{
    event::EventKind,
    ids::{PasskeyId, UserId},
    sign_in::SecondStrategy,
};
use housekey_store::{second_factors::FactorChange, sign_ins::Trail};
use serde_json::json;

/// Which second factors an app's backend takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenFactors {
    /// All that is asked for after the first factor. Passkeys stay, and sign in by themselves as before.
    All,
    /// The authenticator apps.
    Apps,
    /// The backup codes.
    BackupCodes,
}

impl Housekey {
    /// Whether this is a code of the user's authenticator app, or one of the backup codes, and which. It is used up. Wrong
    /// ones are counted as at a sign-in.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] for a user without a second factor, [`Error::Limited`] beyond the account's
    /// limits.
    pub async fn user_second_factor_check(
        &self,
        by: &Steward,
        id: &UserId,
        typed: &str,
    ) -> Result<Option<SecondStrategy>> {
        let user = self.kept_row(id).await?;
        if user.totp_since.is_none() {
            return Err(Error::field("code", "totp_not_enabled"));
        }
        // The contract has one field for both.
        let read = [SecondStrategy::Totp, SecondStrategy::BackupCode].into_iter();
        let Some(typed) = read.filter_map(|strategy| Typed::read(strategy, typed).ok()).next() else {
            return Ok(None);
        };
        let counted = self.second_spends(&by.caller, id, None);
        self.spend(counted.clone()).await?;
        let Some((proof, used)) = self.check_second_factor(&by.caller, &user, typed).await? else {
            let event = self.kept_event(by, EventKind::SecondFactorFailed, &user, json!({"by": "backend"})).await?;
            self.store().record(vec![event]).await?;
            return Ok(None);
        };
        self.store().refund(counted).await?;
        let strategy = proof.strategy();
        let trail = self.second_factor_told(&by.caller, &user, None, strategy).await?;
        self.store().second_factor_used(user.account, used, trail, self.now()).await?;
        self.mail_waits();
        Ok(Some(strategy))
    }

    /// Takes second factors of a user away. The owner is told.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn user_factors_remove(&self, by: &Steward, id: &UserId, what: TakenFactors) -> Result<()> {
        let user = self.kept_row(id).await?;
        let (kind, change) = match what {
            TakenFactors::All => (EventKind::TotpRemoved, FactorChange::SecondStepsRemoved),
            TakenFactors::Apps => (EventKind::TotpRemoved, FactorChange::TotpsRemoved),
            TakenFactors::BackupCodes => (EventKind::BackupCodesRemoved, FactorChange::BackupCodesRemoved),
        };
        let event = self.kept_event(by, kind, &user, json!({"by": "backend"})).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        if user.held().two_step_since().is_some() && what != TakenFactors::BackupCodes {
            let asked = self.facts(&by.caller);
            self.tell_owner(&user, &mut trail, |not_me| Letter::NoticeFactorRemoved { not_me, asked })?;
        }
        self.store().factor_take(user.account, change, trail, self.now()).await?;
        self.mail_waits();
        Ok(())
    }

    /// Takes a passkey of a user away. The owner is told.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn user_passkey_remove(&self, by: &Steward, id: &UserId, passkey: &PasskeyId) -> Result<()> {
        let user = self.kept_row(id).await?;
        if !self.store().reader().passkeys(id).await?.iter().any(|row| row.id == *passkey) {
            return Err(Error::NotFound);
        }
        let detail = json!({"by": "backend", "passkey": passkey.as_str()});
        let event = self.kept_event(by, EventKind::PasskeyRemoved, &user, detail).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        let asked = self.facts(&by.caller);
        self.tell_owner(&user, &mut trail, |not_me| Letter::NoticePasskeyRemoved { not_me, asked })?;
        let change = FactorChange::PasskeyRemoved(passkey.clone());
        self.store().factor_take(user.account, change, trail, self.now()).await?;
        self.mail_waits();
        Ok(())
    }
}
