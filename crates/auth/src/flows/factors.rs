//! The second factors of somebody who is signed in: shown, added, removed. Each change needs a factor as strong as any
//! that the account has (SEC-63), raises the account's version, and is told to the mailbox.

use crate::{
    caller::Caller,
    error::{Denial, Error, Fault, Result},
    flows::{passkeys::PasskeyView, second_factor::Typed, session::Here, sign_up::read_name},
    housekey::Housekey,
    mail::Letter,
};
use housekey_core::{
    entropy,
    event::EventKind,
    factor::{
        backup_code::BackupCode,
        totp::{TO_CONFIRM, TotpSecret},
    },
    ids::TotpId,
    secret::Secret,
    session::{Status, Task},
    sign_in::{SecondPhone, SecondStrategy},
    time::Time,
    two_step::Missing,
};
use housekey_store::{
    second_factors::{FactorChange, NewBackupCode, NewTotp, TotpRow},
    sign_ins::Trail,
    users::UserRow,
};

/// How many authenticator apps an account may have.
const MOST: usize = 10;

/// The second factors of an account, as its owner sees them.
#[derive(Clone, Debug, Default)]
pub struct FactorsView {
    /// The authenticator apps.
    pub totps: Vec<TotpView>,
    /// The passkeys.
    pub passkeys: Vec<PasskeyView>,
    /// Whether a passkey is asked for after every other first factor.
    pub passkey_after: bool,
    /// The ways to prove a second factor, where one is due.
    pub second_strategies: Vec<SecondStrategy>,
    /// The phones whose code is a second factor, the one that is asked for first before the others.
    pub second_phones: Vec<SecondPhone>,
    /// How many backup codes are left.
    pub backup_codes: i64,
    /// Until when the account may do without the second factor that it must have.
    pub two_step_due: Option<Time>,
}

/// An authenticator app, as its owner sees it.
#[derive(Clone, Debug)]
pub struct TotpView {
    /// Its id.
    pub id: TotpId,
    /// What its owner calls it.
    pub name: String,
    /// When its first code came.
    pub added: Time,
    /// When it was last used.
    pub last_used: Option<Time>,
}

/// A secret that waits for its first code.
pub struct TotpShown {
    /// Its id.
    pub id: TotpId,
    /// What its owner calls it.
    pub name: String,
    /// The secret, to type where no picture can be taken.
    pub secret: Secret<String>,
    /// The same for a QR code.
    pub uri: Secret<String>,
    /// When it was shown.
    pub created: Time,
}

/// An authenticator app that gave its first code.
pub struct TotpAdded {
    /// The app.
    pub app: TotpShown,
    /// The first set of backup codes, shown this once; empty where there were some.
    pub codes: Vec<String>,
}

impl Housekey {
    /// The second factors of the signed-in user.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for anybody else.
    pub async fn factors(&self, caller: &Caller) -> Result<FactorsView> {
        let here = self.here_or_pending(caller).await?;
        let user = self.row_of(&here).await?;
        let rows = self.store().reader().totps(&user.account.user).await?;
        let apps = rows.into_iter().filter_map(|row| {
            let added = row.verified?;
            Some(TotpView { id: row.id, name: row.name, added, last_used: row.last_used })
        });
        let passkeys = match user.passkeys {
            0 => Vec::new(),
            _ => self.store().reader().passkeys(&user.account.user).await?,
        };
        Ok(FactorsView {
            totps: apps.collect(),
            passkeys: passkeys.into_iter().map(PasskeyView::from).collect(),
            passkey_after: user.passkey_after_since.is_some(),
            second_strategies: self.held(&user).second_strategies(),
            second_phones: self.second_phones(&user).await?,
            backup_codes: user.backup_codes,
            two_step_due: match self.missing(&user, false) {
                Missing::DueAt(due) => Some(due),
                _ => None,
            },
        })
    }

    /// Makes a secret for an authenticator app. It counts for nothing until its first code is typed.
    ///
    /// # Errors
    /// [`Error::Stale`] or [`Error::StaleSecond`] without a fresh factor, [`Error::Invalid`] for a name that is too long,
    /// or when there are too many.
    pub async fn totp_begin(&self, caller: &Caller, name: &str) -> Result<TotpShown> {
        let (_, user) = self.here_setting_up(caller).await?;
        self.may_change(&user)?;
        let mut faults = Vec::new();
        let name = read_name("name", name, &mut faults).unwrap_or_default();
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let rows = self.store().reader().totps(&user.account.user).await?;
        if rows.iter().filter(|row| row.verified.is_some()).count() >= MOST {
            return Err(Error::field("name", "too_many_apps"));
        }
        let now = self.now();
        let (id, secret) = (TotpId::new(now, self.entropy()), TotpSecret::new(self.entropy()));
        let new = NewTotp { id: id.clone(), name: name.clone(), secret: self.seal_totp(&id, &secret) };
        let shown = self.totp_shown(&user, (id, name, now), &secret);
        self.store().totp_begin(user.account, new, now).await?;
        Ok(shown)
    }

    /// The secret that waits for its first code, if one does.
    ///
    /// # Errors
    /// [`Error::Stale`] or [`Error::StaleSecond`] without a fresh factor: it is shown to nobody else.
    pub async fn totp_waiting(&self, caller: &Caller) -> Result<Option<TotpShown>> {
        let (_, user) = self.here_setting_up(caller).await?;
        let Some(row) = self.waiting(&user).await? else { return Ok(None) };
        let secret = self.totp_secret(&row)?;
        Ok(Some(self.totp_shown(&user, (row.id, row.name, row.created), &secret)))
    }

    /// Adds the app that was shown its secret, by its first code. The first app comes with a set of backup codes.
    ///
    /// # Errors
    /// [`Denial::SecondFactorIncorrect`], [`Error::Invalid`] when nothing waits or it waited for too long,
    /// [`Error::Limited`] beyond a limit.
    pub async fn totp_confirm(&self, caller: &Caller, typed: &str) -> Result<TotpAdded> {
        let (here, user) = self.here_setting_up(caller).await?;
        self.may_change(&user)?;
        let Typed::Totp(code) = Typed::read(SecondStrategy::Totp, typed)? else {
            return Err(Error::Bug("a code was read as another"));
        };
        let row = self.waiting(&user).await?.ok_or_else(|| Error::field("code", "totp_shown_too_long"))?;
        let device = self.known_device(caller, &user.account.user, user.device_epoch);
        let counted = self.second_spends(caller, &user.account.user, device.as_ref());
        self.spend(counted.clone()).await?;
        let (secret, now) = (self.totp_secret(&row)?, self.now());
        let matched = secret.check(&code, row.last_step, now).ok_or(Error::Denied(Denial::SecondFactorIncorrect))?;
        self.store().refund(counted).await?;
        let (codes, kept) = match user.held().two_step_since().is_none() && user.backup_codes == 0 {
            true => self.new_codes().await?,
            false => (Vec::new(), Vec::new()),
        };
        let detail = serde_json::json!({"totp": row.id.as_str(), "backup_codes": codes.len()});
        let mut trail = self.factor_trail(caller, &here, &user, EventKind::TotpAdded, detail).await?;
        self.activation(caller, &here, &user, &mut trail).await?;
        let asked = self.facts(caller);
        self.tell_owner(&user, &mut trail, |not_me| Letter::NoticeFactorAdded { not_me, asked })?;
        let app = self.totp_shown(&user, (row.id.clone(), row.name, row.created), &secret);
        let change = FactorChange::TotpVerified {
            id: row.id,
            step: matched.step(),
            shown_after: now.minus(TO_CONFIRM),
            codes: kept,
            session: here.signed_in.session.id.clone(),
        };
        self.store().factor_change(user.account, change, trail, self.now()).await?;
        self.mail_waits();
        Ok(TotpAdded { app, codes })
    }

    /// Removes an authenticator app; with the last one go the backup codes.
    ///
    /// # Errors
    /// [`Error::StaleSecond`] without a fresh second factor, [`Error::NotFound`] for an app of somebody else.
    pub async fn totp_remove(&self, caller: &Caller, id: &TotpId) -> Result<()> {
        let (here, user) = self.here_strong(caller).await?;
        self.may_change(&user)?;
        let rows = self.store().reader().totps(&user.account.user).await?;
        if !rows.iter().any(|row| row.id == *id && row.verified.is_some()) {
            return Err(Error::NotFound);
        }
        let detail = serde_json::json!({"totp": id.as_str()});
        self.factor_removed(caller, &here, user, EventKind::TotpRemoved, detail, FactorChange::TotpRemoved(id.clone()))
            .await
    }

    /// Removes every authenticator app, and with them the backup codes.
    ///
    /// # Errors
    /// [`Error::StaleSecond`] without a fresh second factor, [`Error::NotFound`] where there is none.
    pub async fn totp_remove_all(&self, caller: &Caller) -> Result<()> {
        let (here, user) = self.here_strong(caller).await?;
        self.may_change(&user)?;
        if user.totp_since.is_none() {
            return Err(Error::NotFound);
        }
        let detail = serde_json::json!({"totp": "all"});
        self.factor_removed(caller, &here, user, EventKind::TotpRemoved, detail, FactorChange::TotpsRemoved).await
    }

    /// Makes a new set of backup codes, shown this once; the old set is dead.
    ///
    /// # Errors
    /// [`Error::StaleSecond`] without a fresh second factor, [`Error::Invalid`] without two-step verification, for whose
    /// loss they are.
    pub async fn backup_codes_new(&self, caller: &Caller) -> Result<Vec<String>> {
        let (here, user) = self.here_strong(caller).await?;
        self.may_change(&user)?;
        if user.held().two_step_since().is_none() {
            return Err(Error::Invalid(vec![Fault::new("backup_codes", "backup_codes_without_app")]));
        }
        let (codes, kept) = self.new_codes().await?;
        let detail = serde_json::json!({"codes": codes.len()});
        let trail = self.factor_trail(caller, &here, &user, EventKind::BackupCodesMade, detail).await?;
        self.store().factor_change(user.account, FactorChange::BackupCodes(kept), trail, self.now()).await?;
        Ok(codes)
    }

    async fn factor_removed(
        &self,
        caller: &Caller,
        here: &Here,
        user: UserRow,
        kind: EventKind,
        detail: serde_json::Value,
        change: FactorChange,
    ) -> Result<()> {
        let mut trail = self.factor_trail(caller, here, &user, kind, detail).await?;
        let asked = self.facts(caller);
        self.tell_owner(&user, &mut trail, |not_me| Letter::NoticeFactorRemoved { not_me, asked })?;
        self.store().factor_change(user.account, change, trail, self.now()).await?;
        self.mail_waits();
        Ok(())
    }

    /// The session that waited for a second factor counts from now on, which is told as a sign-in.
    pub(crate) async fn activation(
        &self,
        caller: &Caller,
        here: &Here,
        user: &UserRow,
        trail: &mut Trail,
    ) -> Result<()> {
        if here.signed_in.session.status == Status::Active {
            return Ok(());
        }
        let detail = serde_json::json!({"task": Task::SetUpTwoStep});
        trail.events.push(self.event_here(caller, EventKind::SessionActivated, here, user, detail).await?);
        Ok(())
    }

    pub(crate) async fn factor_trail(
        &self,
        caller: &Caller,
        here: &Here,
        user: &UserRow,
        kind: EventKind,
        detail: serde_json::Value,
    ) -> Result<Trail> {
        let event = self.event_here(caller, kind, here, user, detail).await?;
        Ok(Trail { events: vec![event], ..Trail::default() })
    }

    async fn waiting(&self, user: &UserRow) -> Result<Option<TotpRow>> {
        let rows = self.store().reader().totps(&user.account.user).await?;
        let now = self.now();
        Ok(rows.into_iter().find(|row| row.verified.is_none() && now < row.created.plus(TO_CONFIRM)))
    }

    fn totp_shown(
        &self,
        user: &UserRow,
        (id, name, created): (TotpId, String, Time),
        secret: &TotpSecret,
    ) -> TotpShown {
        let account = user.shown_name().unwrap_or_else(|| user.account.user.to_string());
        let uri = secret.uri(&self.settings().name, &account);
        TotpShown { id, name, secret: secret.base32(), uri, created }
    }

    /// A new set: as it is shown, and as it is kept.
    pub(crate) async fn new_codes(&self) -> Result<(Vec<String>, Vec<NewBackupCode>)> {
        let (mut shown, mut kept) = (Vec::new(), Vec::new());
        for code in BackupCode::set(self.entropy()) {
            let password = code.as_password().ok_or(Error::Bug("a backup code cannot be hashed"))?;
            let hash = self.hasher().hash(password, entropy::bytes::<16>(self.entropy())).await?;
            kept.push(NewBackupCode { selector: code.selector().to_owned(), hash });
            shown.push(code.shown());
        }
        Ok((shown, kept))
    }
}
