//! Limits: GCRA, which needs one number a bucket, and the figures of every bucket.

use crate::time::{Time, millis};
use std::time::Duration;

/// What a bucket holds: so many at once, and so many over the time given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many may come at once.
    pub burst: u32,
    /// In which time an empty bucket is full again.
    pub per: Duration,
}

impl Limit {
    /// So many in so long.
    pub const fn new(burst: u32, per: Duration) -> Self {
        Self { burst, per }
    }

    /// A bucket of so many times that figure.
    pub const fn times(self, by: u32) -> Self {
        Self { burst: self.burst.saturating_mul(by), per: self.per }
    }

    /// How many uses a stored time stands for at this moment.
    pub fn used(&self, tat: Time, now: Time) -> u32 {
        let ahead = tat.as_millis().saturating_sub(now.as_millis()).max(0);
        u32::try_from(ahead / self.interval_ms()).unwrap_or(u32::MAX)
    }

    /// The time that one use takes to come back, in milliseconds.
    pub fn interval_ms(&self) -> i64 {
        (millis(self.per) / i64::from(self.burst.max(1))).max(1)
    }

    /// How far ahead of now the stored time may be for another use, in milliseconds.
    pub fn tolerance_ms(&self) -> i64 {
        self.interval_ms().saturating_mul(i64::from(self.burst.max(1)) - 1)
    }
}

/// One use of a bucket whose stored time is `tat`: the new stored time, or how long to wait.
///
/// # Errors
/// How long until there is room.
pub fn spend(tat: Option<Time>, now: Time, limit: &Limit) -> Result<Time, Duration> {
    let stored = tat.unwrap_or(now);
    let latest = now.as_millis().saturating_add(limit.tolerance_ms());
    if stored.as_millis() > latest {
        return Err(Duration::from_millis(stored.as_millis().saturating_sub(latest).unsigned_abs()));
    }
    let from = stored.as_millis().max(now.as_millis());
    Ok(Time::from_millis(from.saturating_add(limit.interval_ms())))
}

const MINUTE: Duration = Duration::from_secs(60);
const QUARTER: Duration = Duration::from_secs(15 * 60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// At how many times its figure a bucket refuses that asks for a challenge before: an office behind one address is not
/// locked out by its size.
pub const REFUSED_AT: u32 = 10;

/// Every bucket's figure (SEC-10). Beyond those per network address, and beyond the one of failed passwords from unknown
/// devices, a challenge is asked for; they refuse at [`REFUSED_AT`] times the figure. The others refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps of sign-ins, per address.
    pub sign_in_address_minute: Limit,
    /// Steps of sign-ins, per address.
    pub sign_in_address_hour: Limit,
    /// Failed passwords, per account, from devices that the account does not know.
    pub password_account: Limit,
    /// Failed passwords, per known device.
    pub password_known_device: Limit,
    /// Failures in a row from unknown devices after which the password opens nothing there (NIST SP 800-63B 3.2.2).
    pub password_closed_after: i64,
    /// Tries of mailed codes, per account.
    pub code_account: Limit,
    /// Tries of a second factor, in one sign-in. It does not fill again while the sign-in lives.
    pub second_factor_attempt: Limit,
    /// Tries of a second factor, per account, from devices that the account does not know; and per known device.
    pub second_factor_account: Limit,
    /// Tries of mailed codes, per address.
    pub redeem_address: Limit,
    /// Mails to one mailbox.
    pub mail_mailbox: Limit,
    /// Mails to one mailbox in a day.
    pub mail_mailbox_day: Limit,
    /// One network's share of a mailbox's day.
    pub mail_mailbox_network: Limit,
    /// Mails asked for, per address.
    pub mail_address: Limit,
    /// Messages to one phone.
    pub sms_number: Limit,
    /// Messages to one phone in a day.
    pub sms_number_day: Limit,
    /// One network's share of a phone's day.
    pub sms_number_network: Limit,
    /// Messages asked for, per address.
    pub sms_address: Limit,
    /// Messages to the thousand numbers beside each other: whoever is paid for messages owns such.
    pub sms_range: Limit,
    /// Messages asked for by one account in a day.
    pub sms_account_day: Limit,
    /// Sign-ups, per address.
    pub sign_up_address: Limit,
    /// Requests to come back without a second factor, per account.
    pub recovery_account: Limit,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sign_in_address_minute: Limit::new(20, MINUTE),
            sign_in_address_hour: Limit::new(200, HOUR),
            password_account: Limit::new(10, QUARTER),
            password_known_device: Limit::new(10, HOUR),
            password_closed_after: 100,
            code_account: Limit::new(10, HOUR),
            second_factor_attempt: Limit::new(5, HOUR),
            second_factor_account: Limit::new(10, HOUR),
            redeem_address: Limit::new(10, MINUTE),
            mail_mailbox: Limit::new(3, QUARTER),
            mail_mailbox_day: Limit::new(10, DAY),
            mail_mailbox_network: Limit::new(3, DAY),
            mail_address: Limit::new(20, HOUR),
            sms_number: Limit::new(3, QUARTER),
            sms_number_day: Limit::new(8, DAY),
            sms_number_network: Limit::new(3, DAY),
            sms_address: Limit::new(10, HOUR),
            sms_range: Limit::new(20, HOUR),
            sms_account_day: Limit::new(10, DAY),
            sign_up_address: Limit::new(5, HOUR),
            recovery_account: Limit::new(3, DAY),
        }
    }
}

impl Limits {
    /// All figures times `by`, which is 1 to 50.
    pub fn multiplied(self, by: u32) -> Self {
        let by = by.clamp(1, 50);
        let more = |l: Limit| l.times(by);
        Self {
            sign_in_address_minute: more(self.sign_in_address_minute),
            sign_in_address_hour: more(self.sign_in_address_hour),
            password_account: more(self.password_account),
            password_known_device: more(self.password_known_device),
            password_closed_after: self.password_closed_after,
            code_account: more(self.code_account),
            // Five tries of a code are not a figure that an operator may loosen (SEC-10).
            second_factor_attempt: self.second_factor_attempt,
            second_factor_account: more(self.second_factor_account),
            redeem_address: more(self.redeem_address),
            mail_mailbox: more(self.mail_mailbox),
            mail_mailbox_day: more(self.mail_mailbox_day),
            mail_mailbox_network: more(self.mail_mailbox_network),
            mail_address: more(self.mail_address),
            sms_number: more(self.sms_number),
            sms_number_day: more(self.sms_number_day),
            sms_number_network: more(self.sms_number_network),
            sms_address: more(self.sms_address),
            sms_range: more(self.sms_range),
            sms_account_day: more(self.sms_account_day),
            sign_up_address: more(self.sign_up_address),
            recovery_account: more(self.recovery_account),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sec_10_ten_at_once_then_one_each_ninety_seconds() {
        let limit = Limits::default().password_account;
        let now = Time::from_millis(1_000_000);
        let mut tat = None;
        for _ in 0..10 {
            tat = Some(spend(tat, now, &limit).unwrap());
        }
        assert_eq!(spend(tat, now, &limit), Err(Duration::from_secs(90)));
        let later = now.plus(Duration::from_secs(90));
        tat = Some(spend(tat, later, &limit).unwrap());
        assert!(spend(tat, later, &limit).is_err());
        assert_eq!(Limits::default().multiplied(999).password_account.burst, 500);
    }

    proptest! {
        #[test]
        fn no_window_lets_more_through_than_its_bound(burst in 1u32..50, steps in proptest::collection::vec(0u64..20_000, 1..300)) {
            let limit = Limit::new(burst, Duration::from_secs(60));
            let (mut now, mut tat, mut passed) = (Time::from_millis(0), None, Vec::new());
            for step in steps {
                now = now.plus(Duration::from_millis(step));
                if let Ok(next) = spend(tat, now, &limit) {
                    prop_assert!(tat.is_none_or(|t| next > t), "the stored time never goes back");
                    tat = Some(next);
                    passed.push(now);
                }
            }
            for (i, start) in passed.iter().enumerate() {
                let window = passed[i..].iter().take_while(|t| t.since(*start) < limit.per).count();
                prop_assert!(window <= 2 * burst as usize);
            }
        }
    }
}
