//! An authenticator made of nothing but a key: what a phone or a security key answers, and what it would answer if it, or
//! somebody on the way, lied.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

const UP: u8 = 0x01;
const UV: u8 = 0x04;
const BE: u8 = 0x08;
const BS: u8 = 0x10;
const AT: u8 = 0x40;

/// What goes into an answer. Change a field, and the answer is a lie in that one point.
#[derive(Clone)]
pub struct Authenticator {
    pub origin: String,
    pub rp_id: String,
    pub flags: u8,
    pub counter: u32,
    pub id: Vec<u8>,
    pub handle: Option<Vec<u8>>,
    pub challenge: Option<String>,
    pub kind: Option<&'static str>,
    pub cross_origin: bool,
    pub algorithm: i8,
    pub spoil: bool,
    pub key: std::sync::Arc<EcdsaKeyPair>,
}

impl Authenticator {
    /// A phone at this origin, whose passkeys are on every device of its owner.
    pub fn at(origin: &url::Url) -> Self {
        let chance = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &chance).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref()).unwrap();
        Self {
            origin: origin.origin().ascii_serialization(),
            rp_id: origin.host_str().unwrap().to_owned(),
            flags: UP | UV | BE | BS,
            counter: 0,
            id: digest(&SHA256, key.public_key().as_ref()).as_ref().to_vec(),
            handle: None,
            challenge: None,
            kind: None,
            cross_origin: false,
            algorithm: -7,
            spoil: false,
            key: key.into(),
        }
    }

    /// A security key, which counts how often it signs.
    pub fn security_key(origin: &url::Url) -> Self {
        Self { flags: UP | UV, counter: 1, ..Self::at(origin) }
    }

    /// Nobody touched it.
    pub fn untouched(self) -> Self {
        Self { flags: self.flags & !UP, ..self }
    }

    /// Its owner was not verified.
    pub fn unverified(self) -> Self {
        Self { flags: self.flags & !UV, ..self }
    }

    /// It says that it is on several devices, and was never made to be.
    pub fn impossible_backup(self) -> Self {
        Self { flags: (self.flags & !BE) | BS, ..self }
    }

    /// What `navigator.credentials.create()` gives for these options.
    pub fn create(&mut self, options: &str) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        self.handle = Some(URL_SAFE_NO_PAD.decode(options["user"]["id"].as_str().unwrap()).unwrap());
        let client = self.client_data("webauthn.create", &options);
        let mut data = self.head(self.flags | AT);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        data.extend(self.cose());
        // {"fmt": "none", "attStmt": {}, "authData": …} in CBOR.
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt\x64none\x67attStmt\xa0\x68authData\x59");
        object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend(data);
        let id = URL_SAFE_NO_PAD.encode(&self.id);
        json!({"id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {}, "response": {
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client), "attestationObject": URL_SAFE_NO_PAD.encode(object),
            "transports": ["internal"],
        }})
        .to_string()
    }

    /// What `navigator.credentials.get()` gives for these options.
    pub fn get(&self, options: &str) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        let client = self.client_data("webauthn.get", &options);
        let data = self.head(self.flags);
        let mut signed = data.clone();
        signed.extend(digest(&SHA256, client.as_bytes()).as_ref());
        if self.spoil {
            signed.push(0);
        }
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        let id = URL_SAFE_NO_PAD.encode(&self.id);
        json!({"id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {}, "response": {
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client), "authenticatorData": URL_SAFE_NO_PAD.encode(data),
            "signature": URL_SAFE_NO_PAD.encode(signature.as_ref()),
            "userHandle": self.handle.as_ref().map(|handle| URL_SAFE_NO_PAD.encode(handle)),
        }})
        .to_string()
    }

    fn client_data(&self, kind: &str, options: &Value) -> String {
        let challenge = self.challenge.clone().unwrap_or_else(|| options["challenge"].as_str().unwrap().to_owned());
        json!({
            "type": self.kind.unwrap_or(kind), "challenge": challenge, "origin": self.origin,
            "crossOrigin": self.cross_origin,
        })
        .to_string()
    }

    fn head(&self, flags: u8) -> Vec<u8> {
        let mut data = digest(&SHA256, self.rp_id.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// The public key as COSE writes it (RFC 9053, 7.1.1).
    fn cose(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        let mut key = vec![0xa5, 0x01, 0x02, 0x03, 0x20 | u8::try_from(-1 - self.algorithm).unwrap()];
        key.extend([0x20, 0x01, 0x21, 0x58, 0x20]);
        key.extend(&point[1..33]);
        key.extend([0x22, 0x58, 0x20]);
        key.extend(&point[33..65]);
        key
    }
}
