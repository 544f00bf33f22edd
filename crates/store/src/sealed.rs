//! Every column that is sealed under the master key, so that all of it can be sealed anew when the key changes.

use crate::{Reader, Store, StoreError, sql::Sql, statements};

statements! {
    READ_USER = "SELECT id, event_key FROM housekey_user WHERE id > $1 AND event_key IS NOT NULL ORDER BY id LIMIT $2";
    SET_USER = "UPDATE housekey_user SET event_key = $1 WHERE id = $2 AND event_key = $3";
    READ_SESSION = "SELECT id, facts FROM housekey_session WHERE id > $1 ORDER BY id LIMIT $2";
    SET_SESSION = "UPDATE housekey_session SET facts = $1 WHERE id = $2 AND facts = $3";
    READ_DAY = "SELECT day, sealed FROM housekey_event_key WHERE day > $1 ORDER BY day LIMIT $2";
    SET_DAY = "UPDATE housekey_event_key SET sealed = $1 WHERE day = $2 AND sealed = $3";
    READ_MAIL = "SELECT id, sealed FROM housekey_mail WHERE id > $1 ORDER BY id LIMIT $2";
    SET_MAIL = "UPDATE housekey_mail SET sealed = $1 WHERE id = $2 AND sealed = $3";
    READ_CHAIN = "SELECT id, chain_key FROM housekey_instance WHERE id > $1 AND chain_key IS NOT NULL ORDER BY id LIMIT $2";
    SET_CHAIN = "UPDATE housekey_instance SET chain_key = $1 WHERE id = $2 AND chain_key = $3";
    READ_SIGNING = "SELECT id, private_key FROM housekey_signing_key WHERE id > $1 ORDER BY id LIMIT $2";
    SET_SIGNING = "UPDATE housekey_signing_key SET private_key = $1 WHERE id = $2 AND private_key = $3";
    READ_TEMPLATE = "SELECT id, signing_key FROM housekey_jwt_template WHERE id > $1 AND signing_key IS NOT NULL ORDER BY id LIMIT $2";
    SET_TEMPLATE = "UPDATE housekey_jwt_template SET signing_key = $1 WHERE id = $2 AND signing_key = $3";
    READ_ENDPOINT = "SELECT id, secret FROM housekey_webhook_endpoint WHERE id > $1 ORDER BY id LIMIT $2";
    SET_ENDPOINT = "UPDATE housekey_webhook_endpoint SET secret = $1 WHERE id = $2 AND secret = $3";
    READ_ENDPOINT_OLD = "SELECT id, old_secret FROM housekey_webhook_endpoint WHERE id > $1 AND old_secret IS NOT NULL ORDER BY id LIMIT $2";
    SET_ENDPOINT_OLD = "UPDATE housekey_webhook_endpoint SET old_secret = $1 WHERE id = $2 AND old_secret = $3";
    READ_MESSAGE = "SELECT id, sealed FROM housekey_webhook_message WHERE id > $1 ORDER BY id LIMIT $2";
    SET_MESSAGE = "UPDATE housekey_webhook_message SET sealed = $1 WHERE id = $2 AND sealed = $3";
    READ_TOTP = "SELECT id, secret FROM housekey_totp WHERE id > $1 ORDER BY id LIMIT $2";
    SET_TOTP = "UPDATE housekey_totp SET secret = $1 WHERE id = $2 AND secret = $3";
    READ_TRUSTED = "SELECT id, facts FROM housekey_trusted_device WHERE id > $1 ORDER BY id LIMIT $2";
    SET_TRUSTED = "UPDATE housekey_trusted_device SET facts = $1 WHERE id = $2 AND facts = $3";
    FORGET = "DELETE FROM housekey_key WHERE id = $1 AND NOT current";
}

/// A sealed column. Table, column and the row's id are bound into each of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealedColumn {
    /// The key of a person's events.
    UserEventKey,
    /// Address and agent of a session.
    SessionFacts,
    /// The key of a day's events without a person.
    DayKey,
    /// A letter that waits.
    Mail,
    /// The key of the event chain.
    ChainKey,
    /// A private key that signs tokens.
    SigningKey,
    /// The own key of a token template.
    TemplateKey,
    /// What an endpoint's messages are signed with.
    EndpointSecret,
    /// The secret before it.
    EndpointOldSecret,
    /// What webhooks tell.
    Message,
    /// The secret of an authenticator app.
    TotpSecret,
    /// Address and agent of a trusted device.
    TrustedFacts,
}

impl SealedColumn {
    /// All that outlive a minute. What a client may repeat within seconds is sealed too, and not worth sealing anew.
    pub const ALL: [Self; 12] = [
        Self::UserEventKey,
        Self::SessionFacts,
        Self::DayKey,
        Self::Mail,
        Self::ChainKey,
        Self::SigningKey,
        Self::TemplateKey,
        Self::EndpointSecret,
        Self::EndpointOldSecret,
        Self::Message,
        Self::TotpSecret,
        Self::TrustedFacts,
    ];

    /// The table.
    pub fn table(self) -> &'static str {
        match self {
            Self::UserEventKey => "housekey_user",
            Self::SessionFacts => "housekey_session",
            Self::DayKey => "housekey_event_key",
            Self::Mail => "housekey_mail",
            Self::ChainKey => "housekey_instance",
            Self::SigningKey => "housekey_signing_key",
            Self::TemplateKey => "housekey_jwt_template",
            Self::EndpointSecret | Self::EndpointOldSecret => "housekey_webhook_endpoint",
            Self::Message => "housekey_webhook_message",
            Self::TotpSecret => "housekey_totp",
            Self::TrustedFacts => "housekey_trusted_device",
        }
    }

    /// The column that a value is bound to.
    pub fn column(self) -> &'static str {
        match self {
            Self::UserEventKey => "event_key",
            Self::SessionFacts | Self::TrustedFacts => "facts",
            Self::DayKey | Self::Mail | Self::Message => "sealed",
            Self::ChainKey => "chain_key",
            Self::SigningKey => "private_key",
            Self::TemplateKey => "signing_key",
            // One place for both: a secret keeps its box when it becomes the old one.
            Self::EndpointSecret | Self::EndpointOldSecret | Self::TotpSecret => "secret",
        }
    }

    fn statements(self) -> (&'static Sql, &'static Sql) {
        match self {
            Self::UserEventKey => (&READ_USER, &SET_USER),
            Self::SessionFacts => (&READ_SESSION, &SET_SESSION),
            Self::DayKey => (&READ_DAY, &SET_DAY),
            Self::Mail => (&READ_MAIL, &SET_MAIL),
            Self::ChainKey => (&READ_CHAIN, &SET_CHAIN),
            Self::SigningKey => (&READ_SIGNING, &SET_SIGNING),
            Self::TemplateKey => (&READ_TEMPLATE, &SET_TEMPLATE),
            Self::EndpointSecret => (&READ_ENDPOINT, &SET_ENDPOINT),
            Self::EndpointOldSecret => (&READ_ENDPOINT_OLD, &SET_ENDPOINT_OLD),
            Self::Message => (&READ_MESSAGE, &SET_MESSAGE),
            Self::TotpSecret => (&READ_TOTP, &SET_TOTP),
            Self::TrustedFacts => (&READ_TRUSTED, &SET_TRUSTED),
        }
    }
}

/// A value that was sealed anew.
#[derive(Clone, Debug)]
pub struct Resealed {
    /// The row.
    pub row: String,
    /// What it was; a row that changed in between stays as it is.
    pub from: Vec<u8>,
    /// What it becomes.
    pub to: Vec<u8>,
}

impl Reader {
    /// Sealed values behind the row `after`, by row.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn sealed(
        &self,
        column: SealedColumn,
        after: &str,
        most: i64,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let rows = self.rows(column.statements().0, &[after.into(), most.into()]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.bytes(1)?))).collect()
    }
}

impl Store {
    /// Replaces sealed values.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn reseal(&self, column: SealedColumn, values: Vec<Resealed>) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                for value in values {
                    tx.execute(column.statements().1, &[value.to.into(), value.row.into(), value.from.into()]).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Forgets a former key, since nothing is sealed with it any more.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn key_forget(&self, id: String) -> Result<(), StoreError> {
        self.write(move |tx| Box::pin(async move { tx.execute(&FORGET, &[id.into()]).await.map(drop) })).await
    }
}
