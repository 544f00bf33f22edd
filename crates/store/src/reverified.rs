//! Factors that are proved again in a running session.

use crate::{
    Store, StoreError,
    clients::{self, Rotation},
    second_factors::{self, UsedFactor},
    sign_ins::{self, Trail},
    sql::Tx,
    statements, users, verifications,
};
use housekey_core::{
    ids::{SessionId, VerificationId},
    sign_in::Account,
    time::Time,
};

statements! {
    PROVED = "UPDATE housekey_session SET first_proved_at = $2, last_seen_at = $2 WHERE id = $1";
    BOTH_PROVED = "UPDATE housekey_session SET first_proved_at = $2, second_proved_at = $2, last_seen_at = $2 WHERE id = $1";
    SECOND_PROVED = "UPDATE housekey_session SET second_proved_at = $2, last_seen_at = $2 WHERE id = $1";
}

/// How a factor was proved again in a running session.
#[derive(Clone, Debug)]
pub enum Reproved {
    /// By the password.
    Password,
    /// By a mailed code, which is used up.
    Code(VerificationId),
    /// By a second factor, which is used up.
    Second(UsedFactor),
}

impl Store {
    /// A factor was proved again: the session is fresh, and the client gets a new secret.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account or the client was changed meanwhile.
    pub async fn reverified(
        &self,
        account: Account,
        session: SessionId,
        rotation: Rotation,
        proved: Reproved,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                users::bind(tx, &account, false, now).await?;
                tx.touch_user(&account.user);
                clients::rotate(tx, &rotation, now).await?;
                let statement = match &proved {
                    Reproved::Password => &PROVED,
                    Reproved::Code(code) => {
                        verifications::take(tx, &rotation.client, code).await?;
                        &PROVED
                    }
                    Reproved::Second(used) => {
                        second_factors::use_up(tx, &account.user, used, now).await?;
                        match used {
                            // Whoever has it and is verified by it has proved two things.
                            UsedFactor::Passkey(_) => &BOTH_PROVED,
                            _ => &SECOND_PROVED,
                        }
                    }
                };
                if tx.execute(statement, &[(&session).into(), now.into()]).await? != 1 {
                    return Err(StoreError::Conflict);
                }
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }
}

/// A second factor was proved in this session.
pub(crate) async fn second_proved(tx: &mut Tx, session: &SessionId, now: Time) -> Result<(), StoreError> {
    match tx.execute(&SECOND_PROVED, &[session.into(), now.into()]).await? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}
