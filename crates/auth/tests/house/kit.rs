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
        let mut all = if self.is_sqlite() { self.rows_of_sqlite() } else { self.rows_of_postgres().await };
        all.values_mut().for_each(|rows| rows.sort());
        assert!(all.len() > 15, "{:?}", all.keys());
        all
    }

    async fn rows_of_postgres(&self) -> BTreeMap<String, Vec<String>> {
        let mut c = self.postgres().await;
        let list = "SELECT tablename::text FROM pg_tables WHERE tablename LIKE 'housekey%'";
        let tables: Vec<String> = sqlx::query_scalar(list).fetch_all(&mut c).await.unwrap();
        let of = |table: &String| format!("SELECT '{table}', t::text FROM {table} t");
        let all = tables.iter().map(of).collect::<Vec<_>>().join(" UNION ALL ");
        let found: Vec<(String, String)> = sqlx::query_as(sqlx::AssertSqlSafe(all)).fetch_all(&mut c).await.unwrap();
        let mut rows: BTreeMap<_, Vec<_>> = tables.into_iter().map(|table| (table, Vec::new())).collect();
        for (table, row) in found {
            rows.entry(table).or_default().push(row);
        }
        rows
    }

    fn rows_of_sqlite(&self) -> BTreeMap<String, Vec<String>> {
        let database = rusqlite::Connection::open(&self.0).unwrap();
        let texts = |sql: &str| -> Vec<String> {
            let mut statement = database.prepare(sql).unwrap();
            statement.query_map([], |row| Ok(as_text(row))).unwrap().map(Result::unwrap).collect()
        };
        let tables = texts("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'housekey%'");
        tables.into_iter().map(|table| (table.clone(), texts(&format!("SELECT * FROM {table}")))).collect()
    }

    fn is_sqlite(&self) -> bool {
        !self.0.starts_with("postgres")
    }

    async fn postgres(&self) -> sqlx::PgConnection {
        use sqlx::Connection;
        sqlx::PgConnection::connect(&self.0).await.unwrap()
    }
}

/// A row as PostgreSQL writes it.
fn as_text(row: &rusqlite::Row<'_>) -> String {
    let columns = row.as_ref().column_count();
    let values = (0..columns).map(|i| match row.get(i).unwrap() {
        rusqlite::types::Value::Text(text) => text,
        rusqlite::types::Value::Blob(bytes) => {
            format!("\\x{}", bytes.iter().map(|b| format!("{b:02x}")).collect::<String>())
        }
        other => format!("{other:?}"),
    });
    values.collect::<Vec<_>>().join(",")
}

async fn new_postgres() -> String {
    let admin = std::env::var("HOUSEKEY_TEST_POSTGRES").unwrap();
    let options = housekey_store::testkit::migrated_postgres(&admin).await.unwrap();
    let mut url = url::Url::parse(&admin).unwrap();
    url.set_path(options.get_database().unwrap());
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
        username: String::new(),
        phone: String::new(),
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
