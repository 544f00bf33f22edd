//! Mailed codes that wait to be typed: only a keyed hash is kept, a newer one replaces the older of its purpose,
//! and each try is counted before it is judged.

use crate::{Reader, Store, StoreError, sql::Tx, statements};
use housekey_core::{
    factor::one_time_code::TRIES,
    ids::{ClientId, EmailId, SessionId, UserId, VerificationId},
    time::Time,
    token::opaque::TokenHash,
};

statements! {
    PUT = "INSERT INTO housekey_verification (id, client_id, purpose, user_id, email_id, canonical, code_hash, tries, created_at, expires_at, \
        link_hash, attempt_id, return_to) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10, $11, $12) ON CONFLICT (client_id, purpose) DO UPDATE SET id = excluded.id, \
        user_id = excluded.user_id, email_id = excluded.email_id, canonical = excluded.canonical, code_hash = excluded.code_hash, \
        tries = 0, created_at = excluded.created_at, expires_at = excluded.expires_at, link_hash = excluded.link_hash, \
        attempt_id = excluded.attempt_id, return_to = excluded.return_to";
    TRY = "UPDATE housekey_verification SET tries = tries + 1 WHERE id = $1 AND client_id = $2 AND purpose = $3 AND tries < $4 AND expires_at > $5 \
        RETURNING code_hash, user_id, email_id, canonical";
    OF_CLIENT = "SELECT id FROM housekey_verification WHERE client_id = $1 AND purpose = $2";
    LINK = "SELECT client_id, purpose, user_id, email_id, canonical, link_hash, attempt_id, return_to, expires_at FROM housekey_verification \
        WHERE id = $1 AND link_hash IS NOT NULL";
    FOLLOWED = "INSERT INTO housekey_followed_link (attempt_id, client_id, user_id, session_id, expires_at) VALUES ($1, $2, $3, $4, $5)";
    FOLLOWED_BY = "SELECT user_id, session_id FROM housekey_followed_link WHERE attempt_id = $1 AND client_id = $2 AND expires_at > $3";
    SWEEP_FOLLOWED = "DELETE FROM housekey_followed_link WHERE attempt_id IN \
        (SELECT attempt_id FROM housekey_followed_link WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
    SPENT = "DELETE FROM housekey_verification WHERE client_id = $1 AND id = $2";
    OF_USER = "DELETE FROM housekey_verification WHERE user_id = $1";
    SWEEP = "DELETE FROM housekey_verification WHERE (client_id, purpose) IN \
        (SELECT client_id, purpose FROM housekey_verification WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
}

/// What a code is good for. A code of one purpose is refused for any other (SEC-30).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The first factor of a sign-in.
    SignIn,
    /// The first factor of a reset.
    Reset,
    /// The address of a sign-up.
    SignUp,
    /// A fresh factor in a running session.
    StepUp,
    /// An address added to an account.
    VerifyEmail,
    /// The first factor of a sign-in, by a message to a phone.
    SignInPhone,
    /// The first factor of a reset, by a message to a phone.
    ResetPhone,
    /// The number of a sign-up.
    SignUpPhone,
    /// A fresh factor in a running session, by a message to a phone.
    StepUpPhone,
    /// A number added to an account.
    VerifyPhone,
    /// A device that is vouched for in a sign-in, by the mailbox.
    ClientTrust,
    /// A device that is vouched for in a sign-in, by a message to a phone.
    ClientTrustPhone,
    /// The second factor of a sign-in, by a message to a phone.
    SecondPhone,
    /// A second factor in a running session, by a message to a phone.
    StepUpSecondPhone,
}

impl Purpose {
    /// The name in the row.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Reset => "reset",
            Self::SignUp => "sign_up",
            Self::StepUp => "step_up",
            Self::VerifyEmail => "verify_email",
            Self::SignInPhone => "sign_in_phone",
            Self::ResetPhone => "reset_phone",
            Self::SignUpPhone => "sign_up_phone",
            Self::StepUpPhone => "step_up_phone",
            Self::VerifyPhone => "verify_phone",
            Self::ClientTrust => "client_trust",
            Self::ClientTrustPhone => "client_trust_phone",
            Self::SecondPhone => "second_phone",
            Self::StepUpSecondPhone => "step_up_second_phone",
        }
    }

    fn read(name: &str) -> Option<Self> {
        [Self::SignIn, Self::Reset, Self::SignUp, Self::StepUp, Self::VerifyEmail]
            .into_iter()
            .find(|purpose| purpose.as_str() == name)
    }
}

/// A code that is on its way.
#[derive(Clone, Debug)]
pub struct NewVerification {
    /// Its id.
    pub id: VerificationId,
    /// The client that asked; no other may redeem it (SEC-34).
    pub client: ClientId,
    /// What it is good for.
    pub purpose: Purpose,
    /// Whose mailbox, where somebody has it.
    pub user: Option<UserId>,
    /// Which address's row.
    pub email: Option<EmailId>,
    /// The address in its canonical form.
    pub canonical: String,
    /// The keyed hash of the code.
    pub code_hash: [u8; 32],
    /// When it dies.
    pub expires: Time,
    /// The link that goes with it, where one does.
    pub link: Option<NewMailedLink>,
}

/// A link that proves a mailbox, beside its code.
#[derive(Clone, Debug)]
pub struct NewMailedLink {
    /// The hash of its secret.
    pub secret_hash: TokenHash,
    /// The attempt that it moves on, where there is one.
    pub attempt: Option<String>,
    /// Where an app wants the browser afterwards, as JSON.
    pub return_to: Option<String>,
}

/// A mailed link that was followed, whoever did.
#[derive(Clone, Debug)]
pub struct MailedLinkRow {
    /// The client that asked.
    pub client: ClientId,
    /// What it is good for.
    pub purpose: Purpose,
    /// Whose mailbox, where somebody has it.
    pub user: Option<UserId>,
    /// Which address's row.
    pub email: Option<EmailId>,
    /// The address in its canonical form.
    pub canonical: String,
    /// The hash of its secret.
    pub secret_hash: TokenHash,
    /// The attempt that it moves on, where there is one.
    pub attempt: Option<String>,
    /// Where an app wants the browser afterwards, as JSON.
    pub return_to: Option<String>,
    /// When it dies.
    pub expires: Time,
}

/// A followed link that ended an attempt in a session, for the browser's other page, which waits.
#[derive(Clone, Debug)]
pub struct FollowedLink {
    /// The attempt.
    pub attempt: String,
    /// Who signed in.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
    /// How long that is told.
    pub expires: Time,
}

/// What a counted try may compare with.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The keyed hash of the code.
    pub code_hash: Vec<u8>,
    /// Whose mailbox, where somebody has it.
    pub user: Option<UserId>,
    /// Which address's row.
    pub email: Option<EmailId>,
    /// The address in its canonical form.
    pub canonical: String,
}

/// The result of asking for a try.
#[derive(Clone, Debug)]
pub enum Try {
    /// One more try was counted; compare now.
    Counted(Tried),
    /// The code is unknown, too old or was tried too often.
    Dead,
}

impl Reader {
    /// A mailed link, also one that is too old.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn mailed_link(&self, id: &VerificationId) -> Result<Option<MailedLinkRow>, StoreError> {
        let Some(r) = self.optional(&LINK, &[id.into()]).await? else { return Ok(None) };
        let broken = |column| StoreError::corrupt("housekey_verification", column, id.as_str());
        let user = r.opt_text(2)?.map(|t| UserId::try_from(t.as_str())).transpose();
        let email = r.opt_text(3)?.map(|t| EmailId::try_from(t.as_str())).transpose();
        Ok(Some(MailedLinkRow {
            client: ClientId::try_from(r.text(0)?.as_str()).map_err(|_| broken("client_id"))?,
            purpose: Purpose::read(&r.text(1)?).ok_or_else(|| broken("purpose"))?,
            user: user.map_err(|_| broken("user_id"))?,
            email: email.map_err(|_| broken("email_id"))?,
            canonical: r.text(4)?,
            secret_hash: TokenHash::from_bytes(&r.bytes(5)?).ok_or_else(|| broken("link_hash"))?,
            attempt: r.opt_text(6)?,
            return_to: r.opt_text(7)?,
            expires: Time::from_millis(r.int(8)?),
        }))
    }

    /// Who was signed in, in which session, by the link of an attempt of this client.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn followed_link(
        &self,
        attempt: &str,
        client: &ClientId,
        now: Time,
    ) -> Result<Option<(UserId, SessionId)>, StoreError> {
        let Some(r) = self.optional(&FOLLOWED_BY, &[attempt.into(), client.into(), now.into()]).await? else {
            return Ok(None);
        };
        let broken = |column| StoreError::corrupt("housekey_followed_link", column, attempt);
        let user = UserId::try_from(r.text(0)?.as_str()).map_err(|_| broken("user_id"))?;
        Ok(Some((user, SessionId::try_from(r.text(1)?.as_str()).map_err(|_| broken("session_id"))?)))
    }

    /// The code of this purpose that is on its way to this client's person.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn verification_of(
        &self,
        client: &ClientId,
        purpose: Purpose,
    ) -> Result<Option<VerificationId>, StoreError> {
        let row = self.optional(&OF_CLIENT, &[client.into(), purpose.as_str().into()]).await?;
        row.map(|r| {
            let id = r.text(0)?;
            VerificationId::try_from(id.as_str()).map_err(|_| StoreError::corrupt("housekey_verification", "id", &id))
        })
        .transpose()
    }
}

impl Store {
    /// Counts a try of a code: never more than five are compared, however many come at once.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn try_code(
        &self,
        id: &VerificationId,
        client: &ClientId,
        purpose: Purpose,
        now: Time,
    ) -> Result<Try, StoreError> {
        let (id, client) = (id.clone(), client.clone());
        self.write(move |tx| {
            Box::pin(async move {
                let args =
                    [(&id).into(), (&client).into(), purpose.as_str().into(), i64::from(TRIES).into(), now.into()];
                let Some(r) = tx.optional(&TRY, &args).await? else {
                    return Ok(Try::Dead);
                };
                let broken = |column| StoreError::corrupt("housekey_verification", column, id.as_str());
                let user = r.opt_text(1)?.map(|t| UserId::try_from(t.as_str())).transpose();
                let email = r.opt_text(2)?.map(|t| EmailId::try_from(t.as_str())).transpose();
                Ok(Try::Counted(Tried {
                    code_hash: r.bytes(0)?,
                    user: user.map_err(|_| broken("user_id"))?,
                    email: email.map_err(|_| broken("email_id"))?,
                    canonical: r.text(3)?,
                }))
            })
        })
        .await
    }
}

pub(crate) async fn put(tx: &mut Tx, v: &NewVerification, now: Time) -> Result<(), StoreError> {
    let args = [
        (&v.id).into(),
        (&v.client).into(),
        v.purpose.as_str().into(),
        v.user.as_ref().map(|u| u.as_str().to_owned()).into(),
        v.email.as_ref().map(|e| e.as_str().to_owned()).into(),
        v.canonical.as_str().into(),
        v.code_hash.to_vec().into(),
        now.into(),
        v.expires.into(),
        v.link.as_ref().map(|link| link.secret_hash.as_bytes().to_vec()).into(),
        v.link.as_ref().and_then(|link| link.attempt.clone()).into(),
        v.link.as_ref().and_then(|link| link.return_to.clone()).into(),
    ];
    tx.execute(&PUT, &args).await.map(drop)
}

/// Takes the code out of the world: of all who come at once, one gets it.
pub(crate) async fn take(tx: &mut Tx, client: &ClientId, id: &VerificationId) -> Result<(), StoreError> {
    match tx.execute(&SPENT, &[client.into(), id.into()]).await? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

/// Kills all codes on their way to a user.
pub(crate) async fn kill_of_user(tx: &mut Tx, user: &UserId) -> Result<(), StoreError> {
    tx.execute(&OF_USER, &[user.into()]).await.map(drop)
}

/// A link ended its attempt in this session: the browser's other page finds out when it asks.
pub(crate) async fn followed(tx: &mut Tx, client: &ClientId, link: &FollowedLink) -> Result<(), StoreError> {
    let args =
        [link.attempt.as_str().into(), client.into(), (&link.user).into(), (&link.session).into(), link.expires.into()];
    tx.execute(&FOLLOWED, &args).await.map(drop)
}

pub(crate) async fn sweep(tx: &mut Tx, now: Time, most: i64) -> Result<u64, StoreError> {
    let gone = tx.execute(&SWEEP, &[now.into(), most.into()]).await?;
    Ok(gone + tx.execute(&SWEEP_FOLLOWED, &[now.into(), most.into()]).await?)
}
