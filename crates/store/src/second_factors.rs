//! Second factors: authenticator apps, backup codes, and passkeys and phones as such. What is used up is used up in the transaction
//! that it opens something in, so that of all who come with it at once one gets through.

use crate::{
    Reader, Store, StoreError,
    passkeys::{self, NewPasskey, UsedPasskey},
    phones, recoveries, reverified, sessions,
    sign_ins::{self, Trail},
    sql::{Row, Tx},
    statements, trusted_devices, users, verifications,
};
use housekey_core::{
    ids::{ClientId, PasskeyId, PhoneId, SessionId, TotpId, UserId, VerificationId},
    password::PasswordHash,
    sign_in::Account,
    time::Time,
};

statements! {
    TOTPS = "SELECT id, name, secret, last_step, created_at, verified_at, last_used_at FROM housekey_totp WHERE user_id = $1 ORDER BY id";
    INSERT_TOTP = "INSERT INTO housekey_totp (id, user_id, name, secret, last_step, created_at) VALUES ($1, $2, $3, $4, 0, $5)";
    DROP_UNVERIFIED = "DELETE FROM housekey_totp WHERE user_id = $1 AND verified_at IS NULL";
    VERIFY_TOTP = "UPDATE housekey_totp SET verified_at = $3, last_used_at = $3, last_step = $4 \
        WHERE id = $1 AND user_id = $2 AND verified_at IS NULL AND created_at > $5";
    USE_TOTP = "UPDATE housekey_totp SET last_step = $3, last_used_at = $4 \
        WHERE id = $1 AND user_id = $2 AND verified_at IS NOT NULL AND last_step < $3";
    DROP_TOTP = "DELETE FROM housekey_totp WHERE id = $1 AND user_id = $2 AND verified_at IS NOT NULL";
    DROP_TOTPS = "DELETE FROM housekey_totp WHERE user_id = $1";
    BACKUP_CODE = "SELECT hash FROM housekey_backup_code WHERE user_id = $1 AND selector = $2 AND used_at IS NULL";
    INSERT_CODE = "INSERT INTO housekey_backup_code (user_id, selector, hash, created_at) VALUES ($1, $2, $3, $4)";
    USE_CODE = "UPDATE housekey_backup_code SET used_at = $3 WHERE user_id = $1 AND selector = $2 AND used_at IS NULL";
    DROP_CODES = "DELETE FROM housekey_backup_code WHERE user_id = $1";
    SWEEP = "DELETE FROM housekey_totp WHERE id IN (SELECT id FROM housekey_totp WHERE verified_at IS NULL AND created_at < $1 ORDER BY id LIMIT $2)";
}

/// An authenticator app.
pub struct TotpRow {
    /// Its id.
    pub id: TotpId,
    /// What its owner calls it.
    pub name: String,
    /// Its secret, sealed.
    pub secret: Vec<u8>,
    /// The last step that was used.
    pub last_step: i64,
    /// When it was shown.
    pub created: Time,
    /// When its first code came; before that it is no factor.
    pub verified: Option<Time>,
    /// When it was last used.
    pub last_used: Option<Time>,
}

/// An authenticator app that is shown its secret.
#[derive(Clone)]
pub struct NewTotp {
    /// Its id.
    pub id: TotpId,
    /// What its owner calls it.
    pub name: String,
    /// Its secret, sealed.
    pub secret: Vec<u8>,
}

/// A backup code to keep: its leading pair, and the hash of the whole.
#[derive(Clone)]
pub struct NewBackupCode {
    /// The two characters by which it is found.
    pub selector: String,
    /// The hash.
    pub hash: PasswordHash,
}

/// A second factor that was proved and is used up with what it opens.
#[derive(Clone, Debug)]
pub enum UsedFactor {
    /// This step of this app, and every one before it.
    Totp {
        /// The app.
        id: TotpId,
        /// The step.
        step: i64,
    },
    /// The code with this leading pair.
    BackupCode {
        /// The pair.
        selector: String,
    },
    /// What this passkey signed.
    Passkey(UsedPasskey),
    /// The code that was sent to a phone, at this client's wish.
    PhoneCode {
        /// The client.
        client: ClientId,
        /// The code's record.
        code: VerificationId,
    },
}

/// A change of somebody's second factors. The account's version rises with it, so that every other proof is void.
#[derive(Clone)]
pub enum FactorChange {
    /// An app gave its first code.
    TotpVerified {
        /// The app.
        id: TotpId,
        /// The step of that code.
        step: i64,
        /// An app that was shown its secret before this gave its first code too late.
        shown_after: Time,
        /// The first set of backup codes.
        codes: Vec<NewBackupCode>,
        /// The session in which that code came: a second factor is proved in it.
        session: SessionId,
    },
    /// An app is gone; with the last one the backup codes.
    TotpRemoved(TotpId),
    /// All apps are gone, and with them the backup codes.
    TotpsRemoved,
    /// A new set of backup codes; the old one is dead.
    BackupCodes(Vec<NewBackupCode>),
    /// The backup codes are gone.
    BackupCodesRemoved,
    /// A passkey was added; and with it what its session waited for, where it did.
    PasskeyAdded(NewPasskey, Option<SetUp>),
    /// A passkey is gone.
    PasskeyRemoved(PasskeyId),
    /// Nothing is asked for after the first factor any more: apps and backup codes are gone, and passkeys stay as what
    /// they are by themselves.
    SecondStepsRemoved,
    /// A passkey is asked for after other first factors from now on, with the first set of backup codes; or no longer.
    PasskeyAfter(Option<Vec<NewBackupCode>>),
    /// A code to this proved number is asked for after other first factors from now on, with the first set of backup codes;
    /// and the session that waited for it counts, where one did.
    PhoneAsked(PhoneId, Vec<NewBackupCode>, Option<SessionId>),
    /// A code to this number is asked for no longer.
    PhoneAskedNoMore(PhoneId),
}

/// A second factor that a session waited for is set up by a passkey, which is asked for from then on.
#[derive(Clone)]
pub struct SetUp {
    /// The session in which it was made: its owner was verified by it there.
    pub session: SessionId,
    /// The first set of backup codes.
    pub codes: Vec<NewBackupCode>,
}

impl Reader {
    /// A user's authenticator apps, those without their first code too, in the order that they were shown.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn totps(&self, user: &UserId) -> Result<Vec<TotpRow>, StoreError> {
        self.rows(&TOTPS, &[user.into()]).await?.iter().map(read).collect()
    }

    /// The hash of an unused backup code.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn backup_code(&self, user: &UserId, selector: &str) -> Result<Option<PasswordHash>, StoreError> {
        let row = self.optional(&BACKUP_CODE, &[user.into(), selector.into()]).await?;
        row.map(|r| r.text(0).map(PasswordHash::from_stored)).transpose()
    }
}

impl Store {
    /// Shows an app its secret. It is no factor yet, and takes the place of one that never gave a code.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account was changed meanwhile.
    pub async fn totp_begin(&self, account: Account, new: NewTotp, now: Time) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                users::bind(tx, &account, false, now).await?;
                tx.execute(&DROP_UNVERIFIED, &[(&account.user).into()]).await?;
                insert(tx, &account.user, &new, now).await
            })
        })
        .await
    }

    /// Changes what somebody has, at the word of an app's backend, which a ban does not stop.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account was changed meanwhile.
    pub async fn factor_take(
        &self,
        account: Account,
        change: FactorChange,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                users::bind_kept(tx, &account, true, now).await?;
                tx.touch_user(&account.user);
                apply(tx, &account.user, &change, now).await?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Uses a factor up that opens nothing here: an app's backend asked whether it is right.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it was used in the same moment.
    pub async fn second_factor_used(
        &self,
        account: Account,
        used: UsedFactor,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                users::bind_kept(tx, &account, false, now).await?;
                tx.touch_user(&account.user);
                use_up(tx, &account.user, &used, now).await?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Changes what somebody has.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account was changed meanwhile, or what is changed is not there.
    pub async fn factor_change(
        &self,
        account: Account,
        change: FactorChange,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                users::bind(tx, &account, true, now).await?;
                tx.touch_user(&account.user);
                apply(tx, &account.user, &change, now).await?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }
}

/// Uses a proved factor up: of all who come with the same at once, one gets through.
pub(crate) async fn use_up(tx: &mut Tx, user: &UserId, used: &UsedFactor, now: Time) -> Result<(), StoreError> {
    let changed = match used {
        UsedFactor::Totp { id, step } => {
            tx.execute(&USE_TOTP, &[id.into(), user.into(), (*step).into(), now.into()]).await?
        }
        UsedFactor::BackupCode { selector } => {
            tx.execute(&USE_CODE, &[user.into(), selector.as_str().into(), now.into()]).await?
        }
        UsedFactor::Passkey(used) => passkeys::use_up(tx, user, used, now).await?,
        UsedFactor::PhoneCode { client, code } => verifications::take(tx, client, code).await.map(|()| 1)?,
    };
    recoveries::end_of_user(tx, user).await?;
    one(changed)
}

/// All of them go, and passkeys as well: whoever has none of them has lost those too.
pub(crate) async fn remove_all(tx: &mut Tx, user: &UserId, now: Time) -> Result<(), StoreError> {
    apply(tx, user, &FactorChange::SecondStepsRemoved, now).await?;
    passkeys::remove_after(tx, user, Time::from_millis(0)).await.map(drop)
}

/// An app that another system knew comes with its new user.
pub(crate) async fn import(tx: &mut Tx, user: &UserId, new: &NewTotp, now: Time) -> Result<(), StoreError> {
    insert(tx, user, new, now).await?;
    let args = [(&new.id).into(), user.into(), now.into(), 0_i64.into(), Time::from_millis(0).into()];
    one(tx.execute(&VERIFY_TOTP, &args).await?)
}

async fn apply(tx: &mut Tx, user: &UserId, change: &FactorChange, now: Time) -> Result<(), StoreError> {
    match change {
        FactorChange::TotpVerified { id, step, shown_after, codes, session } => {
            let args = [id.into(), user.into(), now.into(), (*step).into(), (*shown_after).into()];
            one(tx.execute(&VERIFY_TOTP, &args).await?)?;
            reverified::second_proved(tx, session, now).await?;
            sessions::activate(tx, user, session).await?;
            if codes.is_empty() { Ok(()) } else { put_codes(tx, user, codes, now).await }
        }
        FactorChange::TotpRemoved(id) => {
            one(tx.execute(&DROP_TOTP, &[id.into(), user.into()]).await?)?;
            settle(tx, user).await
        }
        FactorChange::TotpsRemoved => {
            tx.execute(&DROP_TOTPS, &[user.into()]).await?;
            settle(tx, user).await
        }
        FactorChange::BackupCodes(codes) => put_codes(tx, user, codes, now).await,
        FactorChange::BackupCodesRemoved => drop_codes(tx, user).await,
        FactorChange::PasskeyAdded(new, set_up) => {
            passkeys::insert(tx, user, new, now).await?;
            let Some(SetUp { session, codes }) = set_up else { return Ok(()) };
            passkeys::ask_after(tx, user, Some(now)).await?;
            reverified::second_proved(tx, session, now).await?;
            sessions::activate(tx, user, session).await?;
            put_codes(tx, user, codes, now).await
        }
        FactorChange::PasskeyRemoved(id) => {
            one(passkeys::remove(tx, user, id).await?)?;
            settle(tx, user).await
        }
        FactorChange::SecondStepsRemoved => {
            tx.execute(&DROP_TOTPS, &[user.into()]).await?;
            passkeys::ask_after(tx, user, None).await?;
            phones::ask_none(tx, user).await?;
            trusted_devices::drop_of_user(tx, user).await?;
            drop_codes(tx, user).await
        }
        FactorChange::PasskeyAfter(Some(codes)) => {
            passkeys::ask_after(tx, user, Some(now)).await?;
            if codes.is_empty() { Ok(()) } else { put_codes(tx, user, codes, now).await }
        }
        FactorChange::PasskeyAfter(None) => {
            passkeys::ask_after(tx, user, None).await?;
            settle(tx, user).await
        }
        FactorChange::PhoneAsked(phone, codes, waiting) => {
            phones::ask_second(tx, user, phone, now).await?;
            if let Some(session) = waiting {
                sessions::activate(tx, user, session).await?;
            }
            if codes.is_empty() { Ok(()) } else { put_codes(tx, user, codes, now).await }
        }
        FactorChange::PhoneAskedNoMore(phone) => {
            phones::ask_no_more(tx, user, phone).await?;
            settle(tx, user).await
        }
    }
}

/// Passkeys that were added after a time go.
pub(crate) async fn drop_passkeys_after(tx: &mut Tx, user: &UserId, after: Time) -> Result<(), StoreError> {
    match passkeys::remove_after(tx, user, after).await? {
        0 => Ok(()),
        _ => settle(tx, user).await,
    }
}

/// No device is trusted on the word of what is gone, and nobody is asked for a passkey that is; and codes stand in for
/// what is lost: without it they would be a factor that nobody remembers.
pub(crate) async fn settle(tx: &mut Tx, user: &UserId) -> Result<(), StoreError> {
    trusted_devices::drop_of_user(tx, user).await?;
    let held = users::one(tx, user).await?.ok_or(StoreError::Conflict)?.held();
    if held.passkeys == 0 {
        passkeys::ask_after(tx, user, None).await?;
    }
    if held.two_step_since().is_none() { drop_codes(tx, user).await } else { Ok(()) }
}

pub(crate) async fn sweep(tx: &mut Tx, before: Time, most: i64) -> Result<u64, StoreError> {
    tx.execute(&SWEEP, &[before.into(), most.into()]).await
}

async fn insert(tx: &mut Tx, user: &UserId, new: &NewTotp, now: Time) -> Result<(), StoreError> {
    let args = [(&new.id).into(), user.into(), new.name.as_str().into(), new.secret.clone().into(), now.into()];
    tx.execute(&INSERT_TOTP, &args).await.map(drop)
}

async fn put_codes(tx: &mut Tx, user: &UserId, codes: &[NewBackupCode], now: Time) -> Result<(), StoreError> {
    drop_codes(tx, user).await?;
    for code in codes {
        let args = [user.into(), code.selector.as_str().into(), code.hash.expose().into(), now.into()];
        tx.execute(&INSERT_CODE, &args).await?;
    }
    Ok(())
}

async fn drop_codes(tx: &mut Tx, user: &UserId) -> Result<(), StoreError> {
    tx.execute(&DROP_CODES, &[user.into()]).await.map(drop)
}

fn one(changed: u64) -> Result<(), StoreError> {
    if changed == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

fn read(r: &Row) -> Result<TotpRow, StoreError> {
    let id = r.text(0)?;
    Ok(TotpRow {
        id: TotpId::try_from(id.as_str()).map_err(|_| StoreError::corrupt("housekey_totp", "id", &id))?,
        name: r.text(1)?,
        secret: r.bytes(2)?,
        last_step: r.int(3)?,
        created: Time::from_millis(r.int(4)?),
        verified: r.opt_int(5)?.map(Time::from_millis),
        last_used: r.opt_int(6)?.map(Time::from_millis),
    })
}
