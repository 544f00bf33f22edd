//! The ceremonies against the examples that the standard publishes (WebAuthn Level 3, 16: test vectors, of `example.org`).

use super::*;
use housekey_core::{
    ids::{PasskeyId, UserId},
    time::Time,
};
use serde::Deserialize;

/// As published, in hexadecimal digits.
#[derive(Deserialize)]
struct Vector {
    name: String,
    registration: Registration,
    authentication: Authentication,
}

#[derive(Deserialize)]
struct Registration {
    challenge: String,
    credential_id: String,
    client_data_json: String,
    attestation_object: String,
}

#[derive(Deserialize)]
struct Authentication {
    challenge: String,
    authenticator_data: String,
    client_data_json: String,
    signature: String,
}

fn vector(name: &str) -> Vector {
    let all: Vec<Vector> = serde_json::from_str(include_str!("vectors.json")).unwrap();
    all.into_iter().find(|vector| vector.name == name).unwrap()
}

fn party() -> RelyingParty {
    RelyingParty::of(&Settings::default(), &Url::parse("https://example.org").unwrap())
}

/// The same bytes as browsers write them.
fn b64(digits: &str) -> String {
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    URL_SAFE_NO_PAD.encode(pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect::<Vec<_>>())
}

/// What is kept of a challenge, as if the published one had been drawn.
fn posed(asked: &Asked, challenge: &str) -> Vec<u8> {
    fn put(value: &mut Value, challenge: &str) {
        match value {
            Value::Object(fields) => {
                for (name, inside) in fields {
                    if name == "challenge" { *inside = challenge.into() } else { put(inside, challenge) }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| put(item, challenge)),
            _ => {}
        }
    }
    let mut state: Value = serde_json::from_slice(&asked.state).unwrap();
    put(&mut state, &b64(challenge));
    serde_json::to_vec(&state).unwrap()
}

fn register(of: &Registration) -> Result<Registered, Refused> {
    let owner = Owner { handle: [7; 16], name: "ada@example.org", display_name: "Ada" };
    let state = posed(&party().begin(&owner, &[]).unwrap(), &of.challenge);
    let answer = json!({
        "id": b64(&of.credential_id), "rawId": b64(&of.credential_id), "type": "public-key",
        "response": {
            "clientDataJSON": b64(&of.client_data_json), "attestationObject": b64(&of.attestation_object),
        },
    });
    party().finish(&state, &NewAnswer::read(&answer.to_string()).unwrap())
}

fn authenticate(
    new: &Registered,
    of: &Authentication,
    challenge: &str,
    signature: &str,
) -> Result<(UsedPasskey, bool), Refused> {
    let row = PasskeyRow {
        id: PasskeyId::try_from(format!("passkey_{}", "0".repeat(27)).as_str()).unwrap(),
        user: UserId::try_from(format!("user_{}", "0".repeat(27)).as_str()).unwrap(),
        handle: vec![7; 16],
        credential_id: new.credential_id.clone(),
        name: String::new(),
        credential: new.credential.clone(),
        sign_count: new.sign_count,
        synced: new.synced,
        created: Time::from_millis(0),
        updated: Time::from_millis(0),
        last_used: None,
    };
    let state = posed(&party().ask(std::slice::from_ref(&row)).unwrap(), challenge);
    let id = URL_SAFE_NO_PAD.encode(&new.credential_id);
    let answer = json!({
        "id": id, "rawId": id, "type": "public-key",
        "response": {
            "clientDataJSON": b64(&of.client_data_json), "authenticatorData": b64(&of.authenticator_data),
            "signature": b64(signature),
        },
    });
    party().check(&state, &SignedAnswer::read(&answer.to_string()).unwrap(), &row)
}

#[test]
fn packed_es256_registers_and_signs_in() {
    let vector = vector("packed.ES256");
    let new = register(&vector.registration).unwrap();
    assert_eq!(URL_SAFE_NO_PAD.encode(&new.credential_id), b64(&vector.registration.credential_id));
    assert_eq!((new.sign_count, new.synced), (0, false), "it may be backed up, and is not");
    let of = &vector.authentication;
    let (used, verified) = authenticate(&new, of, &of.challenge, &of.signature).unwrap();
    assert!(verified && used.count == 0 && !used.synced);
    let other = format!("{:02x}{}", 0xb2, &of.challenge[2..]);
    assert_eq!(authenticate(&new, of, &other, &of.signature).err(), Some(Refused::Wrong("challenge")));
    let forged = format!("{}64", &of.signature[..of.signature.len() - 2]);
    assert_eq!(authenticate(&new, of, &of.challenge, &forged).err(), Some(Refused::Wrong("signature")));
}

#[test]
fn packed_self_es256_registers_and_signs_in_only_with_its_owner_verified() {
    let vector = vector("packed-self.ES256");
    let new = register(&vector.registration).unwrap();
    assert_eq!((new.sign_count, new.synced), (0, true));
    let of = &vector.authentication;
    assert_eq!(authenticate(&new, of, &of.challenge, &of.signature).err(), Some(Refused::Wrong("user_verification")));
}

#[test]
fn none_es256_whose_owner_is_not_verified_is_no_passkey_here() {
    let refused = register(&vector("none.ES256").registration).err();
    assert_eq!(refused, Some(Refused::Wrong("user_verification")));
}

#[test]
fn an_answer_to_another_challenge_registers_nothing() {
    let (mut asked, other) = (vector("packed.ES256").registration, vector("none.ES256").registration);
    asked.challenge = other.challenge;
    assert_eq!(register(&asked).err(), Some(Refused::Wrong("challenge")));
}
