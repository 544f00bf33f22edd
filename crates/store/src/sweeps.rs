//! Removing what has expired, in pieces small enough to stand behind interactive work.

use crate::{
    Store, StoreError, clients, gate, handshakes, limits, links, mail, passkey_challenges, second_factors, sessions,
    sign_in_tokens, sign_ins, sign_ups, trusted_devices, verifications, webhook_queue,
};
use housekey_core::{factor::totp, time::Time};
use std::time::Duration;

/// Rows of one kind that one piece removes at the most.
const PIECE: i64 = 500;
/// How long a counter of failures in a row is remembered.
const FAILURES_FOR: Duration = Duration::from_secs(90 * 24 * 3600);
/// How long the record of a mail's end is kept.
const MAIL_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

impl Store {
    /// Removes one piece of what has expired of each kind; what webhooks told, after so long. Answers how many rows;
    /// call again until it is few.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn sweep(&self, now: Time, told_for: Duration) -> Result<u64, StoreError> {
        let mut gone = 0;
        gone += self.write(move |tx| Box::pin(async move { sign_ins::sweep(tx, now, PIECE).await })).await?;
        gone += self.write(move |tx| Box::pin(async move { sign_ups::sweep(tx, now, PIECE).await })).await?;
        gone += self.write(move |tx| Box::pin(async move { verifications::sweep(tx, now, PIECE).await })).await?;
        gone += self.write(move |tx| Box::pin(async move { handshakes::sweep(tx, now, PIECE).await })).await?;
        gone += self.write(move |tx| Box::pin(async move { passkey_challenges::sweep(tx, now, PIECE).await })).await?;
        gone += self.write(move |tx| Box::pin(async move { gate::sweep(tx, now, PIECE).await })).await?;
        gone += self.write(move |tx| Box::pin(async move { sign_in_tokens::sweep(tx, now, PIECE).await })).await?;
        gone += self.write(move |tx| Box::pin(async move { links::sweep(tx, now, PIECE).await })).await?;
        gone += self.write(move |tx| Box::pin(async move { trusted_devices::sweep(tx, now, PIECE).await })).await?;
        gone += self.write(move |tx| Box::pin(async move { sessions::sweep(tx, now, PIECE).await })).await?;
        gone += self.write(move |tx| Box::pin(async move { clients::sweep(tx, now, PIECE).await })).await?;
        let shown = now.minus(totp::TO_CONFIRM);
        gone += self.write(move |tx| Box::pin(async move { second_factors::sweep(tx, shown, PIECE).await })).await?;
        let old = now.minus(FAILURES_FOR);
        gone += self.write(move |tx| Box::pin(async move { limits::sweep(tx, now, old, PIECE).await })).await?;
        let before = now.minus(MAIL_FOR);
        gone += self.write(move |tx| Box::pin(async move { mail::sweep(tx, before, PIECE).await })).await?;
        let told = now.minus(told_for);
        gone += self.write(move |tx| Box::pin(async move { webhook_queue::sweep(tx, told, PIECE).await })).await?;
        Ok(gone)
    }
}
