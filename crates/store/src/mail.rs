//! The queue of outgoing mail, and of messages to phones. A row is claimed by one node at a time, and taken up again when that node died.

use crate::{Store, StoreError, sql::Tx, statements, tell::TellMail};
use housekey_core::{ids::MailId, time::Time};

statements! {
    INSERT = "INSERT INTO housekey_mail (id, sealed, never_send, state, tries, due_at, created_at, expires_at, channel) \
        VALUES ($1, $2, $3, 'waiting', 0, $4, $4, $5, $6)";
    DUE = two("SELECT id, sealed, never_send, tries, expires_at FROM housekey_mail WHERE state = 'waiting' AND due_at <= $1 AND channel = $3 \
        ORDER BY due_at LIMIT $2", "SELECT id, sealed, never_send, tries, expires_at FROM housekey_mail WHERE state = 'waiting' AND due_at <= $1 AND channel = $3 \
        ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED");
    CLAIM = "UPDATE housekey_mail SET claimed_by = $2, due_at = $3, tries = tries + 1 WHERE id = $1";
    DONE = "UPDATE housekey_mail SET state = $2, why = $3, done_at = $4, sealed = $5 WHERE id = $1";
    AGAIN = "UPDATE housekey_mail SET due_at = $2, why = $3 WHERE id = $1";
    NEXT = "SELECT due_at FROM housekey_mail WHERE state = 'waiting' AND channel = $1 ORDER BY due_at LIMIT 1";
    SWEEP = "DELETE FROM housekey_mail WHERE id IN \
        (SELECT id FROM housekey_mail WHERE state <> 'waiting' AND due_at < $1 ORDER BY id LIMIT $2)";
}

/// How something leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// To a mailbox.
    Mail,
    /// To a phone.
    Sms,
}

impl Channel {
    fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Sms => "sms",
        }
    }
}

/// A mail to queue with a change.
#[derive(Clone, Debug)]
pub struct NewMail {
    /// Its id.
    pub id: MailId,
    /// How it leaves.
    pub channel: Channel,
    /// The message as JSON, sealed with the row's identity.
    pub sealed: Vec<u8>,
    /// Queued for equal work only; nobody gets it.
    pub never_send: bool,
    /// When it is of no use any more.
    pub expires: Time,
    /// Its kind and who gets it, for those who are told that it was queued.
    pub told: Option<(&'static str, String)>,
}

/// A mail that this node may send now.
#[derive(Clone, Debug)]
pub struct QueuedMail {
    /// Its id.
    pub id: MailId,
    /// The sealed message.
    pub sealed: Vec<u8>,
    /// Queued for equal work only; to be marked done.
    pub never_send: bool,
    /// How many times it was claimed before.
    pub tries: i64,
    /// When it is of no use any more.
    pub expires: Time,
}

/// How a mail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailEnd {
    /// A server took it.
    Sent,
    /// It was of no use any more, or no server will ever take it.
    Dead,
}

impl Store {
    /// Takes up to `most` due mails of a channel for this node. Unless told of their end, they are due again at `lease_until`.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn mail_claim(
        &self,
        channel: Channel,
        node: &str,
        now: Time,
        lease_until: Time,
        most: i64,
    ) -> Result<Vec<QueuedMail>, StoreError> {
        let node = node.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let mut claimed = Vec::new();
                for r in tx.rows(&DUE, &[now.into(), most.into(), channel.as_str().into()]).await? {
                    let id = r.text(0)?;
                    tx.execute(&CLAIM, &[id.as_str().into(), node.as_str().into(), lease_until.into()]).await?;
                    claimed.push(QueuedMail {
                        id: MailId::try_from(id.as_str())
                            .map_err(|_| StoreError::corrupt("housekey_mail", "id", &id))?,
                        sealed: r.bytes(1)?,
                        never_send: r.bool(2)?,
                        tries: r.int(3)?,
                        expires: Time::from_millis(r.int(4)?),
                    });
                }
                Ok(claimed)
            })
        })
        .await
    }

    /// The mail has ended. Its content is dropped at once: a code has no business in a table.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn mail_ended(
        &self,
        id: &MailId,
        end: MailEnd,
        why: Option<String>,
        now: Time,
    ) -> Result<(), StoreError> {
        let id = id.clone();
        let state = match end {
            MailEnd::Sent => "sent",
            MailEnd::Dead => "dead",
        };
        self.write(move |tx| {
            Box::pin(async move {
                tx.execute(&DONE, &[(&id).into(), state.into(), why.into(), now.into(), Vec::<u8>::new().into()])
                    .await
                    .map(drop)
            })
        })
        .await
    }

    /// The mail was not taken; it is due again later.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn mail_again(&self, id: &MailId, due: Time, why: String) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move { tx.execute(&AGAIN, &[(&id).into(), due.into(), why.into()]).await.map(drop) })
        })
        .await
    }

    /// When the next mail of a channel is due, if one waits.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn mail_next_due(&self, channel: Channel) -> Result<Option<Time>, StoreError> {
        let row = self.reader().optional(&NEXT, &[channel.as_str().into()]).await?;
        row.map(|r| r.int(0).map(Time::from_millis)).transpose()
    }

    /// Queues a mail that belongs to no other change.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn mail_queue(&self, mail: NewMail, now: Time) -> Result<(), StoreError> {
        self.write(move |tx| Box::pin(async move { insert(tx, &[mail], now).await })).await
    }
}

pub(crate) async fn insert(tx: &mut Tx, mails: &[NewMail], now: Time) -> Result<(), StoreError> {
    for m in mails {
        let args = [
            (&m.id).into(),
            m.sealed.clone().into(),
            m.never_send.into(),
            now.into(),
            m.expires.into(),
            m.channel.as_str().into(),
        ];
        tx.execute(&INSERT, &args).await?;
        if let Some((letter, to)) = &m.told {
            let (id, channel, to, never_send) = (m.id.clone(), m.channel, to.clone(), m.never_send);
            tx.aside.mails.push(TellMail { id, channel, letter, to, never_send });
        }
    }
    Ok(())
}

pub(crate) async fn sweep(tx: &mut Tx, before: Time, most: i64) -> Result<u64, StoreError> {
    tx.execute(&SWEEP, &[before.into(), most.into()]).await
}
