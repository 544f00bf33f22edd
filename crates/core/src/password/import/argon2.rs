//! Argon2i and Argon2id, in the form of the reference implementation: `$argon2id$v=19$m=65536,t=3,p=4$salt$digest`.

use super::{
    ImportFault,
    form::{DIGEST, Digest, Form, Scheme, base64, number, within},
};
use crate::password::{Argon2Cost, Password};
use ::argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

pub(super) fn read_i(text: &str) -> Result<Form, ImportFault> {
    read(text, "argon2i", Algorithm::Argon2i)
}

pub(super) fn read_id(text: &str) -> Result<Form, ImportFault> {
    read(text, "argon2id", Algorithm::Argon2id)
}

const MOST_MEMORY_KIB: u32 = 256 << 10;
const MOST_PASSES: u32 = 10;
const MOST_LANES: u32 = 16;

struct Made {
    argon2: Argon2<'static>,
    salt: Vec<u8>,
    size: usize,
    strong: bool,
}

fn read(text: &str, name: &str, algorithm: Algorithm) -> Result<Form, ImportFault> {
    use ImportFault::{Malformed, TooCostly};
    let parts: Vec<&str> = text.split('$').collect();
    let (version, costs, salt, written) = match parts.as_slice() {
        ["", called, "v=19", costs, salt, written] if *called == name => (Version::V0x13, costs, salt, written),
        // The reference implementation wrote no version before 1.3, and reads what has none as 1.0.
        ["", called, costs, salt, written] | ["", called, "v=16", costs, salt, written] if *called == name => {
            (Version::V0x10, costs, salt, written)
        }
        _ => return Err(Malformed),
    };
    let costs: Vec<&str> = costs.split(',').collect();
    let [m, t, p] = costs.as_slice() else {
        return Err(Malformed);
    };
    let value = |pair: &str, key| pair.strip_prefix(key).ok_or(Malformed).and_then(number);
    let (memory_kib, passes, lanes) = (value(m, "m=")?, value(t, "t=")?, value(p, "p=")?);
    if memory_kib > MOST_MEMORY_KIB || passes > MOST_PASSES || lanes > MOST_LANES {
        return Err(TooCostly);
    }
    let (salt, digest) = (within(8..=1023, base64(salt))?, within(DIGEST, base64(written))?);
    let size = digest.len();
    let params = Params::new(memory_kib, passes, lanes, Some(size)).map_err(|_| Malformed)?;
    let enough = Argon2Cost { memory_kib, passes, lanes }.accepted().is_ok();
    // With fewer than three passes Argon2i is computed in a fraction of its memory (RFC 9106, section 7.2).
    let strong = enough && (algorithm == Algorithm::Argon2id || passes >= 3);
    let scheme = Made { argon2: Argon2::new(algorithm, version, params), salt, size, strong };
    Ok(Form::ending_in(text, written, digest, scheme))
}

impl Scheme for Made {
    fn digest(&self, password: &Password) -> Option<Digest> {
        let mut digest = Zeroizing::new(vec![0; self.size]);
        // In memory of its own: this is done once for a user, and the kept buffer would keep another system's size.
        self.argon2.hash_password_into(password.bytes(), &self.salt, &mut digest).is_ok().then_some(digest)
    }

    fn is_strong(&self) -> bool {
        self.strong
    }
}
