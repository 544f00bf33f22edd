//! Databases for tests: a fresh SQLite file, or a clone of a migrated PostgreSQL template.

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
};
use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{
    str::FromStr,
    sync::atomic::{AtomicU64, Ordering},
};
use tokio::sync::OnceCell;

pub const NOW: Time = Time::from_millis(1_795_000_000_000);
pub static CHANCE: std::sync::LazyLock<Seeded> =
    std::sync::LazyLock::new(|| Seeded::new(u64::from(std::process::id())));
static NEXT: AtomicU64 = AtomicU64::new(1);
static TEMPLATE: OnceCell<Option<PgConnectOptions>> = OnceCell::const_new();

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
    let admin = TEMPLATE.get_or_init(template).await.clone()?;
    let name = format!("hk_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut c = PgConnection::connect_with(&admin).await.unwrap();
    // Nobody else may be connected to a template while it is copied; copies take turns.
    sqlx::query("SELECT pg_advisory_lock(1)").execute(&mut c).await.unwrap();
    let sql = format!("CREATE DATABASE {name} TEMPLATE {}", template_name());
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut c).await.unwrap();
    drop(c);
    let options = admin.database(&name);
    let pool = PgPoolOptions::new().max_connections(20).connect_lazy_with(options.clone());
    Some(Base { store: Store::postgres(pool), path: None, options: Some(options), _dir: None })
}

async fn template() -> Option<PgConnectOptions> {
    let Ok(url) = std::env::var("HOUSEKEY_TEST_POSTGRES") else {
        assert!(std::env::var("CI").is_err(), "HOUSEKEY_TEST_POSTGRES must name a PostgreSQL server where CI is set");
        eprintln!("skipped on PostgreSQL: HOUSEKEY_TEST_POSTGRES names no server");
        return None;
    };
    let admin = PgConnectOptions::from_str(&url).unwrap();
    let mut c = PgConnection::connect_with(&admin).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {}", template_name()))).execute(&mut c).await.unwrap();
    let pool = PgPoolOptions::new().max_connections(2).connect_lazy_with(admin.clone().database(&template_name()));
    let store = Store::postgres(pool);
    store.migrate(NOW).await.unwrap();
    store.close().await;
    Some(admin)
}

fn template_name() -> String {
    format!("hk_template_{}", std::process::id())
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
