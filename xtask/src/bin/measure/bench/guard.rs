//! Session tokens checked in front of another service, beside what the machine can check at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, bail};
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use housekey_core::token::claims::SessionClaims;
use housekey_core::token::jwt::{Category, SigningKey};
use housekey_guard::{Answer, Clock, Guard, Time, Transport};
use serde_json::json;
use std::time::Duration;
use xtask::clock::Stopwatch;

use super::figures::{Figures, median};

/// Many short turns, since a machine that is shared has slow moments of a tenth of a second.
const TURNS: usize = 151;
const CHECKS: u32 = 500;
const NOW: i64 = 1_800_000_000;

/// Both on one core, in turns.
pub async fn measure(figures: &mut Figures) -> Result<()> {
    let der = SigningKey::generate()?;
    let signing = SigningKey::from_pkcs8("ins_1", der.expose())?;
    let token = signing.sign(Category::Session, &claims())?;
    let server = Arc::new(Server { jwks: json!({ "keys": [signing.jwk()] }).to_string(), asked: AtomicU64::new(0) });
    let guard = Guard::builder("pk_live_YXV0aC5leGFtcGxlLmNvbSQ")
        .authorized_parties(["https://app.example.com"])
        .transport(server.clone())
        .clock(Arc::new(Fixed))
        .build()?;
    let pair = KeyPair::from_pkcs8(der.expose())?;
    let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref())?;
    let Some((message, signature)) = token.rsplit_once('.') else { bail!("a token without signature") };
    let signature = decoded(signature)?;

    check(&guard, &token).await?;
    let (mut raw, mut guarded) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let watch = Stopwatch::start();
        for _ in 0..CHECKS {
            key.verify_sig(std::hint::black_box(message.as_bytes()), &signature)?;
        }
        raw.push(f64::from(CHECKS) / watch.elapsed().as_secs_f64());
        let watch = Stopwatch::start();
        for _ in 0..CHECKS {
            check(&guard, std::hint::black_box(&token)).await?;
        }
        guarded.push(f64::from(CHECKS) / watch.elapsed().as_secs_f64());
    }
    if server.asked.load(Ordering::Relaxed) != 1 {
        bail!("the keys were fetched more than once");
    }
    let (raw, guarded) = (median(&mut raw), median(&mut guarded));
    let share = guarded / raw;
    figures.note(
        "`housekey-guard`, keys fetched before, one core",
        format!("{guarded:.0}/s, {:.0} % of the raw RS256 rate ({raw:.0}/s)", share * 100.0),
        "at least 85 % of the raw rate",
        share >= 0.85,
    );
    Ok(())
}

async fn check(guard: &Guard, token: &str) -> Result<()> {
    match guard.verify(token).await {
        Ok(session) if session.user_id() == "user_1" => Ok(()),
        _ => bail!("a good token was refused"),
    }
}

fn decoded(text: &str) -> Result<Vec<u8>> {
    use base64::Engine;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text)?)
}

fn claims() -> SessionClaims {
    SessionClaims {
        azp: Some("https://app.example.com".into()),
        exp: NOW + 60,
        fva: Some([0, -1]),
        iat: NOW,
        iss: "https://auth.example.com".into(),
        jti: Some("0123456789abcdef0123".into()),
        nbf: NOW - 10,
        sid: "sess_000000000000000000000000001".into(),
        sts: Some("active".into()),
        sub: "user_1".into(),
        v: Some(2),
        more: serde_json::Map::new(),
    }
}

/// A server that has one list of keys.
struct Server {
    jwks: String,
    asked: AtomicU64,
}

impl Transport for Server {
    fn send(&self, _: http::Request<Vec<u8>>) -> Answer<'_> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(http::Response::new(self.jwks.clone().into_bytes())) })
    }
}

/// A clock that stands: the token stays good.
struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Time {
        Time::from_millis(NOW * 1000 + 5_000)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(1)
    }
}
