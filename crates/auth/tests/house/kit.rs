//! Steps that the tests share.

use housekey::{
    Error, Store,
    core::password::Password,
    flows::{
        sign_in::{SignInStatus, SignInView, StartSignIn},
        sign_up::StartSignUp,
    },
    settings::Settings,
    testkit::{Browser, TestHouse},
};

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
}

async fn new_postgres() -> String {
    use sqlx::Connection;
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    let admin = std::env::var("HOUSEKEY_TEST_POSTGRES").unwrap();
    let n = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let name = format!("hk_house_{}_{n}", std::process::id());
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

pub fn password(text: &str) -> Password {
    Password::parse(text.into()).unwrap()
}

pub fn sign_up_as(address: &str) -> StartSignUp {
    StartSignUp {
        email: address.into(),
        password: password(PASSWORD),
        first_name: "Ada".into(),
        last_name: String::new(),
        return_to: None,
    }
}

pub fn start_as(address: &str) -> StartSignIn {
    StartSignIn { identifier: address.into(), ..StartSignIn::default() }
}

/// Signs up and stays signed in.
pub async fn sign_up(house: &TestHouse, browser: &mut Browser, address: &str) -> SignInView {
    let started = house.housekey.sign_up_start(&browser.caller(), sign_up_as(address)).await.unwrap();
    browser.keep(started);
    let code = house.code_to(address).await.unwrap();
    let done = house.housekey.sign_up_code(&browser.caller(), &code).await.unwrap();
    let view = browser.keep(done);
    assert_eq!(view.status, SignInStatus::Complete);
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
