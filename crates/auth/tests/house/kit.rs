//! Steps that the tests share.

use housekey::{
    Error, Store,
    core::password::Password,
    flows::{
        sign_in::{SignInView, StartSignIn},
        sign_up::{SignUpView, StartSignUp},
    },
    settings::{Settings, SignUpMode, SignUpPolicy},
    testkit::{Browser, TestHouse},
};
use std::collections::BTreeMap;

pub const ADA: &str = "ada@example.com";
pub const PASSWORD: &str = "tidal lantern mosaic";

tokio::task_local! {
    pub static ENGINE: Engine;
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Whether there is a server to test on; where CI is set there must be one.
pub fn has_postgres() -> bool {
    let given = std::env::var("HOUSEKEY_TEST_POSTGRES").is_ok();
    assert!(
        given || std::env::var("CI").is_err(),
        "HOUSEKEY_TEST_POSTGRES must name a PostgreSQL server where CI is set"
    );
    if !given {
        eprintln!("skipped on PostgreSQL: HOUSEKEY_TEST_POSTGRES names no server");
    }
    given
}

/// A fresh database on the engine of this test.
pub async fn database() -> Database {
    match ENGINE.get() {
        Engine::Sqlite => {
            let dir = Box::leak(Box::new(tempfile::tempdir().unwrap()));
            Database(dir.path().join("house.db").display().to_string())
        }
        Engine::Postgres => Database(new_postgres().await),
    }
}

/// A database that several nodes may open.
pub struct Database(pub String);

impl Database {
    /// What somebody does who has the database in hand: rows changed behind the house's back.
    pub async fn tamper(&self, sql: &str) -> u64 {
        if ENGINE.get() == Engine::Sqlite {
            let c = rusqlite::Connection::open(&self.0).unwrap();
            c.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
            return c.execute(sql, []).unwrap() as u64;
        }
        use sqlx::Connection;
        let mut c = sqlx::PgConnection::connect(&self.0).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut c).await.unwrap().rows_affected()
    }

    pub fn open(&self) -> Store {
        Store::connect(&self.0).unwrap()
    }

    /// Runs a statement behind the house's back.
    pub async fn run(&self, sql: &str) {
        if self.is_sqlite() {
            rusqlite::Connection::open(&self.0).unwrap().execute_batch(sql).unwrap();
        } else {
            let text = sqlx::AssertSqlSafe(sql.to_owned());
            sqlx::raw_sql(text).execute(&mut self.postgres().await).await.unwrap();
        }
    }

    /// Breaks what every question needs: on PostgreSQL the whole database goes, on SQLite its tables.
    pub async fn break_for_good(&self) {
        if self.is_sqlite() {
            for table in ["client", "session", "limit", "user", "sign_in", "sign_up"] {
                self.run(&format!("ALTER TABLE housekey_{table} RENAME TO gone_{table}")).await;
            }
            return;
        }
        let name = url::Url::parse(&self.0).unwrap().path().trim_matches('/').to_owned();
        let server = Self(std::env::var("HOUSEKEY_TEST_POSTGRES").unwrap());
        server.run(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }

    /// Every row of every table of ours, as text.
    pub async fn rows(&self) -> BTreeMap<String, Vec<String>> {
        let list = if self.is_sqlite() {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'housekey%'"
        } else {
            "SELECT '(' || tablename || ')' FROM pg_tables WHERE tablename LIKE 'housekey%'"
        };
        let mut all = BTreeMap::new();
        for table in self.texts(list).await {
            let table = table.trim_matches(|c: char| "()[]\"".contains(c)).to_owned();
            let rows = if self.is_sqlite() {
                format!("SELECT * FROM {table}")
            } else {
                format!("SELECT t::text FROM {table} t")
            };
            let mut rows = self.texts(&rows).await;
            rows.sort();
            all.insert(table, rows);
        }
        assert!(all.len() > 15, "{:?}", all.keys());
        all
    }

    async fn texts(&self, sql: &str) -> Vec<String> {
        if !self.is_sqlite() {
            let query = sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(sql.to_owned()));
            return query.fetch_all(&mut self.postgres().await).await.unwrap();
        }
        let database = rusqlite::Connection::open(&self.0).unwrap();
        let mut statement = database.prepare(sql).unwrap();
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let values = (0..columns).map(|i| row.get::<_, rusqlite::types::Value>(i).unwrap());
            let texts = values.map(|v| match v {
                rusqlite::types::Value::Text(text) => text,
                // As PostgreSQL writes it.
                rusqlite::types::Value::Blob(bytes) => {
                    format!("\\x{}", bytes.iter().map(|b| format!("{b:02x}")).collect::<String>())
                }
                other => format!("{other:?}"),
            });
            Ok(texts.collect::<Vec<_>>().join(","))
        };
        statement.query_map([], row).unwrap().map(Result::unwrap).collect()
    }

    fn is_sqlite(&self) -> bool {
        !self.0.starts_with("postgres")
    }

    async fn postgres(&self) -> sqlx::PgConnection {
        use sqlx::Connection;
        sqlx::PgConnection::connect(&self.0).await.unwrap()
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the name of a database has to be new on this machine, whatever a test's clock says"
)]
async fn new_postgres() -> String {
    use sqlx::Connection;
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    let admin = std::env::var("HOUSEKEY_TEST_POSTGRES").unwrap();
    let n = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    // Numbers of processes come again, and a broken run leaves its databases.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros();
    let name = format!("hk_house_{}_{now}_{n}", std::process::id());
    let mut c = sqlx::PgConnection::connect(&admin).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut c).await.unwrap();
    let mut url = url::Url::parse(&admin).unwrap();
    url.set_path(&name);
    url.into()
}

pub async fn house() -> TestHouse {
    house_with(Settings::default()).await
}

pub async fn house_with(settings: Settings) -> TestHouse {
    TestHouse::over(database().await.open(), settings).await.unwrap()
}

/// Limits fifty times as wide, for tests of something else that ask a lot.
pub fn roomy() -> Settings {
    Settings { limits_multiplier: 50, limits_reason: Some("a test asks a lot".into()), ..Settings::default() }
}

/// Who may sign up where the allow-list decides.
pub fn restricted() -> SignUpPolicy {
    SignUpPolicy { mode: SignUpMode::Restricted, ..SignUpPolicy::default() }
}

pub fn password(text: &str) -> Password {
    Password::parse(text.into()).unwrap()
}

pub fn sign_up_as(address: &str) -> StartSignUp {
    StartSignUp {
        email: address.into(),
        password: password(PASSWORD),
        first_name: "Ada".into(),
        last_name: String::new(),
        legal_accepted: false,
        return_to: None,
        hidden: String::new(),
        shown: String::new(),
    }
}

pub fn start_as(address: &str) -> StartSignIn {
    StartSignIn { identifier: address.into(), ..StartSignIn::default() }
}

/// Signs up and stays signed in.
pub async fn sign_up(house: &TestHouse, browser: &mut Browser, address: &str) -> SignUpView {
    let started = house.housekey.sign_up_start(&browser.caller(), sign_up_as(address)).await.unwrap();
    browser.keep(started);
    let code = house.code_to(address).await.unwrap();
    let done = house.housekey.sign_up_code(&browser.caller(), None, &code).await.unwrap();
    let view = browser.keep(done);
    assert!(view.done.is_some());
    view
}

/// Begins a sign-in and tries a password.
pub async fn try_password(
    house: &TestHouse,
    browser: &mut Browser,
    address: &str,
    text: &str,
) -> Result<SignInView, Error> {
    let started = house.housekey.sign_in_start(&browser.caller(), start_as(address)).await?;
    browser.keep(started);
    let done = house.housekey.sign_in_password(&browser.caller(), password(text)).await?;
    Ok(browser.keep(done))
}

pub async fn is_signed_in(house: &TestHouse, browser: &mut Browser) -> bool {
    let caller = browser.caller();
    let Some(token) = &caller.client else { return false };
    house.housekey.check_session(token).await.unwrap().is_some()
}

/// The stable name of a refusal.
pub fn refusal<T>(done: Result<T, Error>) -> String {
    match done {
        Ok(_) => "ok".into(),
        Err(Error::Denied(why)) => why.code().into(),
        Err(Error::Invalid(faults)) => {
            faults.iter().map(|f| format!("{}:{}", f.field, f.code)).collect::<Vec<_>>().join(" ")
        }
        Err(other) => other.to_string(),
    }
}
