//! What can go wrong on the night: keys, names, and a database that leaves and comes back.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::kit::House;

#[test]
fn a_key_of_another_house_is_refused_and_nothing_is_changed() {
    let house = House::new();
    house.serve(&[]).stop();
    let own = std::fs::read(house.path("data/housekey.key")).unwrap();
    std::fs::remove_file(house.path("data/housekey.key")).unwrap();
    assert_eq!(house.run(&["keys", "new", "--out", "data/housekey.key"]).code, 0);
    let refused = house.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("does not match this database"), "{}", refused.err);
    std::fs::write(house.path("data/housekey.key"), own).unwrap();
    house.serve(&[]).stop();
}

#[test]
fn a_lost_key_is_not_made_anew() {
    let house = House::new();
    house.serve(&[]).stop();
    std::fs::remove_file(house.path("data/housekey.key")).unwrap();
    let refused = house.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("Put it back"), "{}", refused.err);
    assert!(!house.path("data/housekey.key").exists());
}

#[test]
fn sec_37_another_name_is_not_served() {
    let house = House::new();
    let server = house.serve(&[]);
    let answer = server.send("GET /sign-in HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 421"), "{answer}");
    assert!(!answer.contains("evil.example"), "{answer}");
}

#[test]
fn postgres_is_served_with_a_key_and_migrations_that_somebody_asked_for() {
    let Some(database) = new_database() else { return };
    let house = House::new();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--database", &database];
    let refused = house.run(&serve);
    assert!(refused.code == 2 && refused.err.contains("housekey keys new"), "{}", refused.err);
    make_key(&house);
    let refused = house.run(&serve);
    assert!(refused.code == 1 && refused.err.contains("housekey migrate up"), "{}", refused.err);
    let migrated = house.run(&["migrate", "up", "--database", &database]);
    assert!(migrated.code == 0 && migrated.out.contains("house"), "{}", migrated.out);
    let server = house.serve(&["--database", &database]);
    assert!(server.get("/readyz").starts_with("HTTP/1.1 200"));
    assert!(server.get("/sign-in").contains("<form"));
    assert_eq!(server.stop().code, 0);
    assert!(!house.path("data/housekey.db").exists(), "no file beside a PostgreSQL");
}

#[test]
fn a_database_that_goes_away_and_comes_back_needs_no_restart() {
    let Some(database) = new_database() else { return };
    let line = Line::to(&database);
    let house = House::new();
    make_key(&house);
    let server = house.serve(&["--database", &line.url, "--migrate"]);
    assert!(server.get("/readyz").starts_with("HTTP/1.1 200"));

    line.cut();
    assert!(server.get("/readyz").starts_with("HTTP/1.1 503"));
    assert!(server.get("/healthz").starts_with("HTTP/1.1 200"), "the process lives");
    line.mend();
    let began = Instant::now();
    while !server.get("/readyz").starts_with("HTTP/1.1 200") {
        assert!(began.elapsed() < Duration::from_secs(15), "not well again");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.stop().code, 0);
}

fn make_key(house: &House) {
    std::fs::create_dir(house.path("data")).unwrap();
    assert_eq!(house.run(&["keys", "new", "--out", "data/housekey.key"]).code, 0);
}

/// An empty database, where a server is given.
fn new_database() -> Option<String> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let Ok(admin) = std::env::var("HOUSEKEY_TEST_POSTGRES") else {
        assert!(std::env::var("CI").is_err(), "HOUSEKEY_TEST_POSTGRES must name a PostgreSQL server where CI is set");
        return None;
    };
    let name = format!("hk_server_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sqlx::Connection;
        let mut c = sqlx::PgConnection::connect(&admin).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut c).await.unwrap();
    });
    let mut url = url::Url::parse(&admin).unwrap();
    url.set_path(&name);
    Some(url.into())
}

/// The line to the database: cut, it closes what is open and refuses what comes.
struct Line {
    url: String,
    is_cut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Line {
    fn to(database: &str) -> Self {
        let mut url = url::Url::parse(database).unwrap();
        let target = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let line = Self { url: url.into(), is_cut: Arc::default(), open: Arc::default() };
        let (is_cut, open) = (line.is_cut.clone(), line.open.clone());
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                let far = TcpStream::connect(&target).unwrap();
                open.lock().unwrap().extend([near.try_clone().unwrap(), far.try_clone().unwrap()]);
                carry(near.try_clone().unwrap(), far.try_clone().unwrap());
                carry(far, near);
            }
        });
        line
    }

    fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
        for stream in self.open.lock().unwrap().drain(..) {
            // The other end may be gone already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            if to.write_all(&buffer[..n]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}
