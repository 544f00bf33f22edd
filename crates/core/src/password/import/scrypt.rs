//! scrypt as Werkzeug writes it, `scrypt:32768:8:1$salt$digest`, and as Firebase does, which encrypts a key of the
//! project under what scrypt makes: `digest$salt$signer key$salt separator$rounds$memory cost`.

use super::{
    ImportFault,
    form::{Digest, Form, SALT, Scheme, base64, blank, hex, number, within},
};
use crate::password::Password;
use ::scrypt::Params;
use aws_lc_rs::{
    cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey},
    iv::FixedLength,
};
use zeroize::Zeroizing;

/// Clerk's documentation writes a `$` before the form, which Werkzeug does not, and calls the digest base 64, where
/// Werkzeug writes hexadecimal. All are read: 64 bytes never have the same length in both.
pub(super) fn read_werkzeug(text: &str) -> Result<Form, ImportFault> {
    use ImportFault::Malformed;
    let parts: Vec<&str> = text.strip_prefix('$').unwrap_or(text).split('$').collect();
    let [method, salt, written] = parts.as_slice() else {
        return Err(Malformed);
    };
    let method: Vec<&str> = method.split(':').collect();
    let ["scrypt", n, r, p] = method.as_slice() else {
        return Err(Malformed);
    };
    let n = number(n)?;
    // Beyond 32 bits, number says the largest, which is no power of two and is too costly all the same.
    let log_n = if n == u32::MAX { u32::BITS } else { n.is_power_of_two().then(|| n.ilog2()).ok_or(Malformed)? };
    let cost = Cost::bounded(log_n, number(r)?, number(p)?)?;
    let digest = if written.len() == 128 { hex(written) } else { base64(written) };
    let (salt, digest) = (within(SALT, Some(salt.as_bytes().to_vec()))?, within(64..=64, digest)?);
    Ok(Form::ending_in(text, written, digest, Werkzeug { cost, salt }))
}

pub(super) fn read_firebase(text: &str) -> Result<Form, ImportFault> {
    use ImportFault::Malformed;
    let parts: Vec<&str> = text.split('$').collect();
    let [written, salt, signer, separator, rounds, memory] = parts.as_slice() else {
        return Err(Malformed);
    };
    let cost = Cost::bounded(number(memory)?, number(rounds)?, 1)?;
    let signer = within(16..=1023, base64(signer))?;
    let digest = within(signer.len()..=signer.len(), base64(written))?;
    let salt = [within(SALT, base64(salt))?, within(0..=1023, base64(separator))?].concat();
    let (_, rest) = text.split_at_checked(written.len()).ok_or(Malformed)?;
    let blanked = format!("{}{rest}", blank(written));
    Ok(Form { scheme: Box::new(Firebase { cost, salt, signer }), digest: Zeroizing::new(digest), blanked })
}

/// N·r blocks of 128 bytes are 64 MiB.
const MOST_MEMORY: u64 = 1 << 19;
/// The same over all of its lanes, which take their turns.
const MOST_WORK: u64 = 1 << 21;

struct Cost {
    params: Params,
    strong: bool,
}

impl Cost {
    fn bounded(log_n: u32, r: u32, p: u32) -> Result<Self, ImportFault> {
        use ImportFault::{Malformed, TooCostly};
        if log_n == 0 || r == 0 || p == 0 {
            return Err(Malformed);
        }
        let memory = 1_u64.checked_shl(log_n).map_or(u64::MAX, |n| n.saturating_mul(u64::from(r)));
        if memory > MOST_MEMORY || memory.saturating_mul(u64::from(p)) > MOST_WORK {
            return Err(TooCostly);
        }
        let log_n = u8::try_from(log_n).map_err(|_| TooCostly)?;
        let params = Params::new(log_n, r, p).map_err(|_| Malformed)?;
        let least = match log_n {
            0..13 => u32::MAX,
            13 => 10,
            14 => 5,
            15 => 3,
            16 => 2,
            _ => 1,
        };
        Ok(Self { params, strong: r >= 8 && p >= least })
    }

    fn derive(&self, password: &Password, salt: &[u8], size: usize) -> Option<Digest> {
        let mut key = Zeroizing::new(vec![0; size]);
        ::scrypt::scrypt(password.bytes(), salt, &self.params, &mut key).is_ok().then_some(key)
    }
}

struct Werkzeug {
    cost: Cost,
    salt: Vec<u8>,
}

impl Scheme for Werkzeug {
    fn digest(&self, password: &Password) -> Option<Digest> {
        self.cost.derive(password, &self.salt, 64)
    }

    fn is_strong(&self) -> bool {
        self.cost.strong
    }
}

struct Firebase {
    cost: Cost,
    salt: Vec<u8>,
    signer: Vec<u8>,
}

impl Scheme for Firebase {
    fn digest(&self, password: &Password) -> Option<Digest> {
        let key = self.cost.derive(password, &self.salt, 32)?;
        let key = EncryptingKey::ctr(UnboundCipherKey::new(&AES_256, &key).ok()?).ok()?;
        let mut sealed = Zeroizing::new(self.signer.clone());
        // The counter begins at zero, as Firebase's does: each key is of one password and one salt.
        key.less_safe_encrypt(&mut sealed, EncryptionContext::Iv128(FixedLength::from([0; 16]))).ok()?;
        Some(sealed)
    }

    fn is_strong(&self) -> bool {
        self.cost.strong
    }
}
