//! Databases for tests: a fresh SQLite file, or a copy of a migrated PostgreSQL database.

use housekey_core::{
    entropy::{Entropy, Seeded},
    event::{ClientFacts, Event, EventKind},
    ids::*,
    password::PasswordHash,
    time::Time,
    token::opaque::OpaqueToken,
};
use housekey_store::{
    Store,
    clients::{NewClient, Rotation},
    testkit::migrated_postgres,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

pub const NOW: Time = Time::from_millis(1_795_000_000_000);
pub static CHANCE: std::sync::LazyLock<Seeded> =
    std::sync::LazyLock::new(|| Seeded::new(u64::from(std::process::id())));

/// A database under test, and what keeps it.
pub struct Base {
    pub store: Store,
    pub path: Option<std::path::PathBuf>,
    pub options: Option<PgConnectOptions>,
    _dir: Option<tempfile::TempDir>,
}

/// Every database there is to test on: SQLite, and PostgreSQL where an administrator's address is given.
pub async fn bases() -> Vec<Base> {
    let mut bases = vec![sqlite().await];
    bases.extend(postgres().await);
    bases
}

pub async fn sqlite() -> Base {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("test.db");
    let store = Store::sqlite(&path).unwrap();
    store.migrate(NOW).await.unwrap();
    Base { store, path: Some(path), options: None, _dir: Some(dir) }
}

pub async fn postgres() -> Option<Base> {
    let Ok(admin) = std::env::var("HOUSEKEY_TEST_POSTGRES") else {
        assert!(std::env::var("CI").is_err(), "HOUSEKEY_TEST_POSTGRES must name a PostgreSQL server where CI is set");
        eprintln!("skipped on PostgreSQL: HOUSEKEY_TEST_POSTGRES names no server");
        return None;
    };
    let options = migrated_postgres(&admin).await.unwrap();
    let pool = PgPoolOptions::new().max_connections(20).connect_lazy_with(options.clone());
    Some(Base { store: Store::postgres(pool), path: None, options: Some(options), _dir: None })
}

pub fn chance() -> &'static dyn Entropy {
    &*CHANCE
}

pub fn client() -> (NewClient, OpaqueToken<ClientId>) {
    let token = OpaqueToken::new(ClientId::new(NOW, chance()), chance());
    let new = NewClient { id: token.id.clone(), secret_hash: token.hash(), expires: at(24 * 3600) };
    (new, token)
}

pub fn at(seconds: u64) -> Time {
    NOW.plus(std::time::Duration::from_secs(seconds))
}

pub fn rotation(client: &ClientId, version: i64, active: Option<SessionId>) -> Rotation {
    let token = OpaqueToken::new(client.clone(), chance());
    Rotation {
        client: client.clone(),
        version,
        secret_hash: token.hash(),
        old_until: at(10),
        call: [7; 32],
        answer: b"sealed".to_vec(),
        active_session: active,
        expires: at(24 * 3600),
        signed: true,
    }
}

pub fn event(kind: EventKind, user: Option<&UserId>) -> Event {
    Event {
        id: EventId::new(NOW, chance()),
        at: NOW,
        kind,
        user: user.cloned(),
        client: None,
        session: None,
        door: "pages",
        request: RequestId::new(NOW, chance()),
        detail: "{}".into(),
        facts: vec![1],
        facts_key: "user".into(),
        from: ClientFacts::default(),
    }
}

pub fn hash(text: &str) -> PasswordHash {
    PasswordHash::from_stored(text.into())
}

/// Runs `n` at once and collects what they answer.
pub async fn at_once<T, F>(n: usize, make: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let handles: Vec<_> = (0..n).map(|i| tokio::spawn(make(i))).collect();
    let mut out = Vec::new();
    for handle in handles {
        out.push(handle.await.unwrap());
    }
    out
}
