//! PostgreSQL databases for tests: copies of one that was migrated once, since a copy is made sooner than a migration.

use crate::{Store, sql::migrate};
use housekey_core::time::Time;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, postgres::PgConnectOptions};
use std::sync::atomic::{AtomicU64, Ordering};

/// Only one process makes the template.
const ADVISORY: i64 = 0x686b_7465_6d70;

/// A migrated database of its own on the server with this administrator's address.
///
/// # Errors
/// When the server is out of reach or refuses.
pub async fn migrated_postgres(admin: &str) -> Result<PgConnectOptions, Box<dyn std::error::Error>> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let options: PgConnectOptions = admin.parse()?;
    let mut c = PgConnection::connect_with(&options).await?;
    let template = template(&mut c, &options).await?;
    // Numbers of processes come again, and a broken run leaves its databases.
    let now: i64 = sqlx::query_scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        .fetch_one(&mut c)
        .await?;
    let name = format!("hk_{}_{now}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    create(&mut c, &format!("{name} TEMPLATE {template}")).await?;
    Ok(options.database(&name))
}

/// The database that all are copies of, known by its migrations. It takes its name when it is whole.
async fn template(c: &mut PgConnection, admin: &PgConnectOptions) -> Result<String, Box<dyn std::error::Error>> {
    let name = format!("hk_template_{}", migrate::sum_of_all());
    let is_there = "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)";
    if sqlx::query_scalar(is_there).bind(&name).fetch_one(&mut *c).await? {
        return Ok(name);
    }
    sqlx::query("SELECT pg_advisory_lock($1)").bind(ADVISORY).execute(&mut *c).await?;
    if !sqlx::query_scalar(is_there).bind(&name).fetch_one(&mut *c).await? {
        let begun = format!("{name}_{}", std::process::id());
        create(c, &begun).await?;
        let pool = sqlx::postgres::PgPoolOptions::new().connect_lazy_with(admin.clone().database(&begun));
        let store = Store::postgres(pool);
        store.migrate(Time::from_millis(1)).await?;
        store.close().await;
        let done = format!("ALTER DATABASE {begun} RENAME TO {name}");
        sqlx::raw_sql(AssertSqlSafe(done)).execute(&mut *c).await?;
    }
    sqlx::query("SELECT pg_advisory_unlock($1)").bind(ADVISORY).execute(c).await?;
    Ok(name)
}

async fn create(c: &mut PgConnection, what: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {what}"))).execute(c).await.map(drop)
}
