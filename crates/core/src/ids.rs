//! Ids: a prefix that says what, and 27 characters that sort by time (the KSUID form: 4 bytes of seconds, 16 random).
//! They are names, not secrets: safe to show and to log.

use crate::{
    entropy::{self, Entropy},
    time::Time,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Seconds between 1970 and the epoch of KSUIDs.
const EPOCH: i64 = 1_400_000_000;
const LENGTH: usize = 27;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Why a text is not an id of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a well-formed id of this kind")]
pub struct IdFault;

/// What every kind of id can do.
pub trait Id: Sized + AsRef<str> + for<'a> TryFrom<&'a str, Error = IdFault> {}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// The prefix of this kind.
            pub const PREFIX: &'static str = $prefix;

            /// A new id of this moment.
            pub fn new(now: Time, entropy: &dyn Entropy) -> Self {
                Self(make($prefix, now, entropy).into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// When it was made, to the second.
            pub fn made(&self) -> Time {
                made(self.0.strip_prefix($prefix).unwrap_or_default())
            }
        }

        impl TryFrom<&str> for $name {
            type Error = IdFault;
            fn try_from(text: &str) -> Result<Self, IdFault> {
                check($prefix, text).map(|()| Self(text.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdFault;
            fn try_from(text: String) -> Result<Self, IdFault> {
                check($prefix, &text).map(|()| Self(text.into()))
            }
        }

        impl FromStr for $name {
            type Err = IdFault;
            fn from_str(text: &str) -> Result<Self, IdFault> {
                Self::try_from(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Id for $name {}

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// A user.
    UserId "user_";
    /// A browser or a native app.
    ClientId "client_";
    /// One user signed in on one client.
    SessionId "sess_";
    /// An attempt to sign in.
    SignInId "sia_";
    /// An attempt to sign up.
    SignUpId "sua_";
    /// An e-mail address of a user.
    EmailId "idn_";
    /// A phone number of a user.
    PhoneId "idn_";
    /// A mailed code on its way.
    VerificationId "ver_";
    /// A mailed link on its way.
    LinkId "lnk_";
    /// An entry of the audit trail.
    EventId "evt_";
    /// An outgoing mail.
    MailId "mail_";
    /// The instance: one database, one pool of users.
    InstanceId "ins_";
    /// A device that somebody completed a sign-in on.
    DeviceId "dev_";
    /// A device that its owner trusts.
    TrustedDeviceId "tdv_";
    /// A request to come back without a second factor.
    RecoveryId "rec_";
    /// A request.
    RequestId "req_";
    /// A secret key of an app's backend.
    SecretKeyId "sk_";
    /// A picture of a user.
    PictureId "img_";
    /// An authenticator app of a user.
    TotpId "totp_";
    /// A passkey of a user, and the challenge that one is asked for by.
    PasskeyId "passkey_";
    /// An invitation to sign up.
    InvitationId "inv_";
    /// A token that signs a user in once.
    SignInTokenId "sit_";
    /// A template for tokens of somebody else's service.
    JwtTemplateId "jtmp_";
    /// An address that native apps may be sent back to.
    RedirectUrlId "ru_";
    /// An entry of the list of those who may sign up.
    AllowedId "alid_";
    /// An entry of the list of those who may not.
    BlockedId "blid_";
    /// An address that is told what happens.
    EndpointId "ep_";
    /// What is told, to however many.
    MessageId "msg_";
}

fn make(prefix: &str, now: Time, entropy: &dyn Entropy) -> String {
    let seconds = u32::try_from((now.as_millis() / 1000).saturating_sub(EPOCH)).unwrap_or(0);
    let random = entropy::bytes::<16>(entropy);
    let mut number = [0u8; 20];
    for (to, from) in number.iter_mut().zip(seconds.to_be_bytes().iter().chain(&random)) {
        *to = *from;
    }
    written(prefix, number)
}

/// An id that nothing has, of the same form: always the same for the same digest, and not to be told from a real one.
pub fn stand_in(prefix: &str, digest: &[u8; 32]) -> String {
    let mut number = [0u8; 20];
    // Early enough for a real one, and for 27 digits.
    for (to, from) in number.iter_mut().zip([0x17].iter().chain(digest)) {
        *to = *from;
    }
    written(prefix, number)
}

/// How many digits are taken at once: 62^5 is the largest power that a word of the number can be divided by.
const AT_ONCE: usize = 5;
const PIECE: u64 = 62_u64.pow(AT_ONCE as u32);

fn written(prefix: &str, number: [u8; 20]) -> String {
    let mut words = [0_u64; 5];
    for (word, bytes) in words.iter_mut().zip(number.chunks_exact(4)) {
        *word = bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    }
    let mut digits = [b'0'; LENGTH];
    for piece in digits.rchunks_mut(AT_ONCE) {
        let mut rest = 0;
        for word in &mut words {
            let value = rest << 32 | *word;
            (*word, rest) = (value / PIECE, value % PIECE);
        }
        for digit in piece.iter_mut().rev() {
            *digit = DIGITS.get((rest % 62) as usize).copied().unwrap_or(b'0');
            rest /= 62;
        }
    }
    let mut text = String::with_capacity(prefix.len() + LENGTH);
    text.push_str(prefix);
    text.push_str(std::str::from_utf8(&digits).unwrap_or_default());
    text
}

/// The seconds in front of a written number: its topmost 32 bits of 160.
fn made(digits: &str) -> Time {
    let mut words = [0_u64; 5];
    for digit in digits.bytes() {
        let value = DIGITS.iter().position(|d| *d == digit).unwrap_or_default();
        let mut rest = u64::try_from(value).unwrap_or_default();
        for word in words.iter_mut().rev() {
            let product = *word * 62 + rest;
            (*word, rest) = (product & 0xffff_ffff, product >> 32);
        }
    }
    let seconds = words.first().copied().unwrap_or_default();
    Time::from_millis((i64::try_from(seconds).unwrap_or_default() + EPOCH) * 1000)
}

fn check(prefix: &str, text: &str) -> Result<(), IdFault> {
    let body = text.strip_prefix(prefix).ok_or(IdFault)?;
    let fits = body.len() == LENGTH && body.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then_some(()).ok_or(IdFault)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Seeded;

    #[test]
    fn ids_are_written_as_ksuids_are() {
        // The ends of the range, and the example of the format's own description.
        let example: [u8; 20] = [
            0x06, 0x69, 0xF7, 0xEF, 0xB5, 0xA1, 0xCD, 0x34, 0xB5, 0xF9, 0x9D, 0x11, 0x54, 0xFB, 0x68, 0x53, 0x34, 0x5C,
            0x97, 0x35,
        ];
        for (number, text) in [
            ([0; 20], "000000000000000000000000000"),
            ([255; 20], "aWgEPTl1tmebfsQzFP4bxwgy80V"),
            (example, "0ujtsYcgvSTl8PAuAdqWYSMnLOv"),
        ] {
            assert_eq!(written("", number), text);
        }
    }

    #[test]
    fn ids_sort_by_time_and_parse_only_as_their_kind() {
        let chance = Seeded::new(1);
        let early = UserId::new(Time::from_millis(1_700_000_000_000), &chance);
        let late = UserId::new(Time::from_millis(1_700_000_001_000), &chance);
        assert!(early < late);
        assert_eq!(early.made().as_millis(), 1_700_000_000_000);
        assert_eq!(late.made().as_millis(), 1_700_000_001_000);
        assert_eq!(early.as_str().len(), "user_".len() + LENGTH);
        assert_eq!(UserId::try_from(early.as_str()), Ok(early.clone()));
        assert!(SessionId::try_from(early.as_str()).is_err());
        assert!(UserId::try_from("user_short").is_err());
        assert!(UserId::try_from("user_aaaaaaaaaaaaaaaaaaaaaaaaaa%").is_err());
    }

    #[test]
    fn the_largest_number_fits() {
        struct Ones;
        impl Entropy for Ones {
            fn fill(&self, out: &mut [u8]) {
                out.fill(0xff);
            }
        }
        let last = Time::from_millis((i64::from(u32::MAX) + EPOCH) * 1000);
        assert_eq!(RequestId::new(last, &Ones).as_str(), "req_aWgEPTl1tmebfsQzFP4bxwgy80V");
    }
}
