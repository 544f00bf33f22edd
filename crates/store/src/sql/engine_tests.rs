//! The writer's promises, by operations that no product code would write.

use super::{all, sqlite};
use crate::{Field, Store, StoreError, sql::Value, statements};
use housekey_core::time::Time;

statements! {
    PUT = "INSERT INTO housekey_setting (name, value, updated_at) VALUES ($3, $1, $2)";
    GET = "SELECT value FROM housekey_setting WHERE name = $1";
    TWICE = "SELECT CAST($2 AS TEXT), CAST($1 AS TEXT), CAST($2 AS TEXT)";
    FLOAT = "SELECT 1.5";
    KINDS = "SELECT name, updated_at FROM housekey_setting";
}

async fn fresh() -> (Store, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::sqlite(dir.path().join("t.db")).unwrap();
    store.migrate(Time::from_millis(1)).await.unwrap();
    (store, dir)
}

fn row(name: &str) -> [Value; 3] {
    ["v".into(), 7.into(), name.into()]
}

async fn there(store: &Store, name: &str) -> bool {
    store.reader().optional(&GET, &[name.into()]).await.unwrap().is_some()
}

async fn put(store: &Store, name: &'static str) -> Result<(), StoreError> {
    store.write(move |tx| Box::pin(async move { tx.execute(&PUT, &row(name)).await.map(drop) })).await
}

#[tokio::test]
async fn every_statement_prepares_on_sqlite() {
    let (store, dir) = fresh().await;
    let c = sqlite::open_writer(&dir.path().join("t.db")).unwrap();
    for sql in all().into_iter().chain(ALL.iter().copied()) {
        // The feed's own words for PostgreSQL stand under a text that SQLite takes.
        if let Err(e) = c.prepare(sql.sqlite()) {
            panic!("{}: {e}", sql.sqlite());
        }
    }
    store.close().await;
}

#[tokio::test]
async fn arguments_go_by_number_out_of_order_and_twice() {
    let (store, _dir) = fresh().await;
    put(&store, "a").await.unwrap();
    assert!(there(&store, "a").await);
    let row = store.reader().optional(&TWICE, &["one".into(), "two".into()]).await.unwrap().unwrap();
    assert_eq!([row.text(0), row.text(1), row.text(2)].map(Result::unwrap), ["two", "one", "two"]);
}

#[tokio::test]
async fn a_value_of_another_type_is_corrupt_and_never_a_guess() {
    let (store, _dir) = fresh().await;
    put(&store, "a").await.unwrap();
    let row = store.reader().optional(&KINDS, &[]).await.unwrap().unwrap();
    assert!(matches!(row.int(0), Err(StoreError::Corrupt { .. })));
    assert!(matches!(row.text(1), Err(StoreError::Corrupt { .. })));
    assert!(matches!(row.bool(1), Err(StoreError::Corrupt { .. })), "7 is no truth value");
    let float = store.reader().optional(&FLOAT, &[]).await.unwrap().unwrap();
    assert!(matches!(float.int(0), Err(StoreError::Corrupt { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_asked_while_the_store_closes_is_answered() {
    for _ in 0..20 {
        let (store, _dir) = fresh().await;
        let asking = (0..4).map(|_| {
            let store = store.clone();
            tokio::spawn(async move { while put(&store, "a").await != Err(StoreError::down()) {} })
        });
        let asking: Vec<_> = asking.collect();
        store.close().await;
        for one in asking {
            let ended = tokio::time::timeout(std::time::Duration::from_secs(30), one).await;
            ended.expect("a caller waits for ever").unwrap();
        }
    }
}

#[tokio::test]
async fn one_of_a_group_fails_alone() {
    let (store, _dir) = fresh().await;
    let bad = store.write(|tx| {
        Box::pin(async move {
            tx.execute(&PUT, &row("half")).await?;
            Err::<(), _>(StoreError::Conflict)
        })
    });
    let (one, bad, two) = tokio::join!(put(&store, "one"), bad, put(&store, "two"));
    assert_eq!((one, bad, two), (Ok(()), Err(StoreError::Conflict), Ok(())));
    assert!(there(&store, "one").await && there(&store, "two").await && !there(&store, "half").await);
}

#[tokio::test]
async fn a_statement_that_failed_is_the_answer_whatever_the_operation_says() {
    let (store, _dir) = fresh().await;
    put(&store, "a").await.unwrap();
    let swallowed = store.write(|tx| {
        Box::pin(async move {
            tx.execute(&PUT, &row("b")).await?;
            let taken = tx.execute(&PUT, &row("a")).await;
            assert_eq!(taken, Err(StoreError::Taken(Field::Other)));
            Ok("all is well")
        })
    });
    assert_eq!(swallowed.await, Err(StoreError::Taken(Field::Other)));
    assert!(!there(&store, "b").await);
}

#[tokio::test]
async fn a_panic_and_a_wait_end_their_own_operation_and_the_writer_lives() {
    let (store, _dir) = fresh().await;
    let panicked = store.write(|tx| {
        Box::pin(async move {
            tx.execute(&PUT, &row("p")).await?;
            if tx.rows(&GET, &["p".into()]).await?.len() == 1 {
                panic!("on purpose");
            }
            Ok(())
        })
    });
    assert!(panicked.await.is_err());
    let waited = store.write(|tx| {
        Box::pin(async move {
            tx.execute(&PUT, &row("w")).await?;
            tokio::task::yield_now().await;
            Ok(())
        })
    });
    assert!(matches!(waited.await, Err(StoreError::Statement(_))));
    assert!(!there(&store, "p").await && !there(&store, "w").await);
    put(&store, "after").await.unwrap();
    assert!(there(&store, "after").await);
}

#[tokio::test]
async fn a_disk_that_stays_full_stops_writes_and_not_the_process() {
    let (store, _dir) = fresh().await;
    store.limit_pages_for_tests(0).await.unwrap();
    let big = || {
        store.write(|tx| {
            Box::pin(async move {
                let value = "x".repeat(100_000);
                tx.execute(&PUT, &[value.into(), 1.into(), "big".into()]).await.map(drop)
            })
        })
    };
    for _ in 0..5 {
        assert!(matches!(big().await, Err(StoreError::Unavailable { maybe_applied: false })));
    }
    assert!(!there(&store, "big").await);
    store.limit_pages_for_tests(1_000_000).await.unwrap();
    big().await.unwrap();
    assert!(there(&store, "big").await);
}

#[tokio::test]
async fn a_change_raises_its_counters_and_a_failed_one_tells_nobody() {
    let (store, _dir) = fresh().await;
    let stamp = store.generations().snapshot(["user_x"]);
    let failed = store.write(|tx| {
        Box::pin(async move {
            tx.touch_user("user_x");
            Err::<(), _>(StoreError::Conflict)
        })
    });
    assert!(failed.await.is_err());
    assert!(store.generations().still(&stamp));
    let done = store.write(|tx| {
        Box::pin(async move {
            tx.touch_user("user_x");
            Ok(())
        })
    });
    done.await.unwrap();
    assert!(!store.generations().still(&stamp));
}

/// A database of its own on the server that the environment names, if it names one.
async fn fresh_postgres() -> Option<(Store, sqlx::PgPool)> {
    let Ok(admin) = std::env::var("HOUSEKEY_TEST_POSTGRES") else {
        assert!(std::env::var("CI").is_err(), "HOUSEKEY_TEST_POSTGRES must name a PostgreSQL server where CI is set");
        eprintln!("skipped on PostgreSQL: HOUSEKEY_TEST_POSTGRES names no server");
        return None;
    };
    let options = crate::testkit::migrated_postgres(&admin).await.unwrap();
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(8).connect_lazy_with(options);
    Some((Store::postgres(pool.clone()), pool))
}

#[tokio::test]
async fn every_statement_prepares_on_postgres() {
    use sqlx::Executor as _;
    let Some((_store, pool)) = fresh_postgres().await else { return };
    let mut c = pool.acquire().await.unwrap();
    for sql in all() {
        if let Err(e) = (&mut *c).prepare(sqlx::SqlStr::from_static(sql.postgres())).await {
            panic!("{}: {e}", sql.postgres());
        }
    }
}

#[tokio::test]
async fn a_caller_who_hangs_up_does_not_cut_a_commit_on_postgres() {
    let Some((store, _pool)) = fresh_postgres().await else { return };
    let slow = store.write(|tx| {
        Box::pin(async move {
            tx.execute(&PUT, &row("slow")).await?;
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            tx.execute(&PUT, &row("late")).await.map(drop)
        })
    });
    let gone = tokio::time::timeout(std::time::Duration::from_millis(100), slow).await;
    assert!(gone.is_err());
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    assert!(there(&store, "slow").await && there(&store, "late").await);
}

#[tokio::test]
async fn a_statement_that_failed_is_the_answer_on_postgres_too() {
    let Some((store, _pool)) = fresh_postgres().await else { return };
    put(&store, "a").await.unwrap();
    let swallowed = store.write(|tx| {
        Box::pin(async move {
            drop(tx.execute(&PUT, &row("a")).await);
            Ok("all is well")
        })
    });
    assert_eq!(swallowed.await, Err(StoreError::Taken(Field::Other)));
}

/// Under a tracer that makes calls on the log fail; by itself it proves that the same writes are well.
#[tokio::test]
async fn writes_for_a_tracer() {
    let Ok(path) = std::env::var("HOUSEKEY_TEST_FAULTS_AT") else { return };
    let store = Store::sqlite(path).unwrap();
    store.migrate(Time::from_millis(1)).await.unwrap();
    let names = ["f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7"];
    for name in names {
        let done = put(&store, name).await;
        eprintln!("{name} {done:?} there: {}", there(&store, name).await);
    }
    store.close().await;
}

/// What the writes of [`writes_for_a_tracer`] print while these calls on the database and its log fail, counted in each
/// thread; `None` where there is no strace.
async fn under_faults(inject: &[&str]) -> Option<(String, bool)> {
    let (store, dir) = fresh().await;
    store.close().await;
    let file = dir.path().join("t.db").to_string_lossy().into_owned();
    let ran = std::process::Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-P", &file, "-P", &format!("{file}-wal")])
        .args(["-e", "trace=pwrite64,fsync,fdatasync"])
        .args(inject.iter().flat_map(|one| ["-e".to_owned(), format!("inject={one}")]))
        .arg(std::env::current_exe().unwrap())
        .args(["writes_for_a_tracer", "--nocapture"])
        .env("HOUSEKEY_TEST_FAULTS_AT", &file)
        .output();
    let Ok(ran) = ran else {
        eprintln!("skipped: strace is not here");
        return None;
    };
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    if !said.contains("f0 ") {
        eprintln!("skipped: strace may not trace here: {said}");
        return None;
    }
    Some((said, ran.status.success()))
}

#[tokio::test]
async fn a_disk_that_is_full_at_commit_undoes_its_groups_and_passes() {
    let Some((said, well)) = under_faults(&["pwrite64:error=ENOSPC:when=6..9"]).await else { return };
    assert!(well, "{said}");
    assert!(said.matches("Err(Unavailable { maybe_applied: false }) there: false").count() >= 2, "{said}");
    assert!(said.contains("f7 Ok(()) there: true"), "{said}");
}

#[tokio::test]
async fn a_sync_that_fails_once_is_told_and_twice_in_a_row_ends_the_process() {
    let Some((said, well)) = under_faults(&["fdatasync:error=EIO:when=4"]).await else { return };
    assert!(well && said.contains("f3 Err(Unavailable { maybe_applied: true }) there: true"), "{said}");
    assert!(said.contains("f4 Ok(()) there: true") && said.contains("f7 Ok(()) there: true"), "{said}");
    // The second sync of the thread that repairs is the database's.
    let twice = ["fdatasync:error=EIO:when=4", "fsync:error=EIO:when=2+"];
    let Some((said, well)) = under_faults(&twice).await else { return };
    assert!(!well && !said.contains("f3"), "{said}");
}

#[tokio::test]
async fn a_log_that_cannot_be_begun_is_told_and_twice_in_a_row_ends_the_process() {
    let Some((said, well)) = under_faults(&["fsync:error=EIO:when=1"]).await else { return };
    assert!(well && said.contains("f0 Err(Unavailable { maybe_applied: true }) there: false"), "{said}");
    assert!(said.contains("f1 Ok(()) there: true"), "{said}");
    let Some((said, well)) = under_faults(&["fsync:error=EIO"]).await else { return };
    assert!(!well && !said.contains("f1"), "{said}");
}
