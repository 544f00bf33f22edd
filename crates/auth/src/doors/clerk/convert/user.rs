//! Users.

use super::{ms, object};
use crate::{
    flows::{
        passkeys::PasskeyView,
        profile::{Profile, ProfileEmail, ProfilePhone},
    },
    housekey::Housekey,
};
use housekey_wire::frontend::{
    Verification,
    factors::Passkey,
    user::{EmailAddress, PhoneNumber, User},
};

/// A user for whoever is signed in as that user.
pub(crate) fn user(house: &Housekey, profile: &Profile) -> User {
    let image_url = image_url(house, profile);
    let now = house.now();
    let locked = profile.locked_until.filter(|until| now < *until);
    User {
        object: "user",
        id: profile.id.to_string(),
        username: profile.username.clone(),
        first_name: profile.first_name.clone(),
        last_name: profile.last_name.clone(),
        profile_image_url: image_url.clone(),
        image_url,
        has_image: profile.picture.is_some(),
        primary_email_address_id: profile.primary_email.as_ref().map(ToString::to_string),
        primary_phone_number_id: profile.primary_phone.as_ref().map(ToString::to_string),
        primary_web3_wallet_id: None,
        password_enabled: profile.password_set.is_some(),
        two_factor_enabled: profile.two_step_since.is_some(),
        totp_enabled: profile.totp_since.is_some(),
        backup_code_enabled: profile.backup_codes > 0,
        email_addresses: profile.emails.iter().map(email_address).collect(),
        phone_numbers: profile.phones.iter().map(phone_number).collect(),
        web3_wallets: Vec::new(),
        passkeys: profile.passkeys.iter().map(passkey).collect(),
        organization_memberships: Vec::new(),
        external_accounts: Vec::new(),
        saml_accounts: Vec::new(),
        enterprise_accounts: Vec::new(),
        password_last_updated_at: profile.password_set.map(ms),
        public_metadata: object(&profile.public_metadata),
        private_metadata: None,
        unsafe_metadata: object(&profile.unsafe_metadata),
        external_id: profile.external_id.clone(),
        last_sign_in_at: profile.last_sign_in.map(ms),
        banned: profile.banned,
        locked: locked.is_some(),
        lockout_expires_in_seconds: locked.and_then(|until| i64::try_from(until.since(now).as_secs()).ok()),
        verification_attempts_remaining: None,
        created_at: ms(profile.created),
        updated_at: ms(profile.updated),
        delete_self_enabled: profile.may_delete_self,
        create_organization_enabled: false,
        last_active_at: profile.last_active.map(ms),
        mfa_enabled_at: profile.two_step_since.map(ms),
        mfa_disabled_at: None,
        legal_accepted_at: profile.legal_accepted.map(ms),
        guest: profile.guest.then_some(true),
    }
}

/// The same for an app's backend, with what the app keeps for itself.
pub(crate) fn whole_user(house: &Housekey, profile: &Profile) -> User {
    User {
        private_metadata: Some(object(&profile.private_metadata)),
        guest: None,
        passkeys: profile.passkeys.iter().map(kept_passkey).collect(),
        ..user(house, profile)
    }
}

/// Where the picture is: the user's own, or the initials on a tint.
pub(crate) fn image_url(house: &Housekey, profile: &Profile) -> String {
    match &profile.picture {
        Some(id) => house.address_of(&format!("/pictures/{id}")),
        None => {
            let first = |text: &Option<String>| text.as_ref().and_then(|t| t.chars().find(|c| c.is_alphanumeric()));
            let address = profile.primary_address().map(str::to_owned).or_else(|| profile.username.clone());
            let named = [first(&profile.first_name), first(&profile.last_name)];
            let mut letters: String = named.into_iter().flatten().collect();
            if letters.is_empty() {
                letters = first(&address).map(String::from).unwrap_or_default();
            }
            let letters: String = url::form_urlencoded::byte_serialize(letters.to_uppercase().as_bytes()).collect();
            house.address_of(&format!("/pictures/initials.svg?of={letters}"))
        }
    }
}

/// A number of a user.
pub(crate) fn phone_number(phone: &ProfilePhone) -> PhoneNumber {
    let verification = phone.verified.map(|at| Verification {
        object: Some("verification_otp"),
        status: "verified",
        strategy: Some("phone_code"),
        attempts: None,
        expire_at: Some(ms(at)),
        nonce: None,
        verified_at_client: None,
    });
    PhoneNumber {
        object: "phone_number",
        id: phone.id.to_string(),
        phone_number: phone.number.clone(),
        reserved_for_second_factor: phone.second.is_some(),
        default_second_factor: phone.second_default,
        reserved: phone.verified.is_none(),
        verification,
        linked_to: Vec::new(),
        backup_codes: Vec::new(),
        created_at: ms(phone.created),
        updated_at: ms(phone.verified.unwrap_or(phone.created)),
    }
}

/// An address of a user.
pub(crate) fn email_address(email: &ProfileEmail) -> EmailAddress {
    // A code is over with its use, and the contract wants a time for it.
    let verification = email.verified.map(|at| Verification {
        object: Some("verification_otp"),
        status: "verified",
        strategy: Some("email_code"),
        attempts: None,
        expire_at: Some(ms(at)),
        nonce: None,
        verified_at_client: None,
    });
    EmailAddress {
        object: "email_address",
        id: email.id.to_string(),
        email_address: email.address.clone(),
        reserved: email.verified.is_none(),
        verification,
        linked_to: Vec::new(),
        matches_sso_connection: false,
        created_at: ms(email.created),
        updated_at: ms(email.verified.unwrap_or(email.created)),
    }
}

/// A passkey of a user.
pub(crate) fn passkey(passkey: &PasskeyView) -> Passkey {
    Passkey {
        object: "passkey",
        id: passkey.id.to_string(),
        name: passkey.name.clone(),
        last_used_at: passkey.last_used.map(ms),
        verification: Some(Verification {
            object: Some("verification_passkey"),
            status: "verified",
            strategy: Some("passkey"),
            attempts: Some(1),
            // It is over with its use, and the contract wants a time for it.
            expire_at: Some(ms(passkey.added)),
            nonce: None,
            verified_at_client: None,
        }),
        created_at: Some(ms(passkey.added)),
        updated_at: Some(ms(passkey.updated)),
    }
}

/// The same for an app's backend, whose contract wants a time of use for one that was never used.
fn kept_passkey(passkey: &PasskeyView) -> Passkey {
    let last_used_at = Some(ms(passkey.last_used.unwrap_or(passkey.added)));
    Passkey { last_used_at, created_at: None, updated_at: None, ..self::passkey(passkey) }
}
