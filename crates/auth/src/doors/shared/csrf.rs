//! Tokens of forms: random, and an HMAC over that and the client, or over a cookie of its own before there is one. A
//! form that was open in another tab when the client's secret changed still works.

use crate::housekey::Housekey;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use housekey_core::{entropy, keyring::Purpose};
use subtle::ConstantTimeEq;

const RANDOM: usize = 16;
const MAC: usize = 32;

/// A token for a form of this client, or of this form cookie.
pub(super) fn make(housekey: &Housekey, bound_to: &str) -> String {
    let random = entropy::bytes::<RANDOM>(housekey.entropy());
    let mac = housekey.keyring().mac(Purpose::FormToken, &[&random, bound_to.as_bytes()]);
    URL_SAFE_NO_PAD.encode([random.as_slice(), &mac].concat())
}

/// Whether a token was made for any of these.
pub(super) fn is_valid(housekey: &Housekey, token: &str, bound_to: &[Option<&str>]) -> bool {
    let mut bytes = [0u8; RANDOM + MAC];
    if URL_SAFE_NO_PAD.decode_slice(token, &mut bytes) != Ok(RANDOM + MAC) {
        return false;
    }
    let (random, mac) = bytes.split_at(RANDOM);
    bound_to.iter().flatten().any(|bound| {
        let expected = housekey.keyring().mac(Purpose::FormToken, &[random, bound.as_bytes()]);
        bool::from(expected.as_slice().ct_eq(mac))
    })
}

/// A token for an app's own form.
pub(crate) fn form_token(housekey: &Housekey, client: &str) -> String {
    make(housekey, client)
}

/// Whether it was made for this client.
pub(crate) fn is_form_token(housekey: &Housekey, token: &str, client: &str) -> bool {
    is_valid(housekey, token, &[Some(client)])
}
