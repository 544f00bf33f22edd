//! Starting, stopping, and refusing to start.

use std::{
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    time::Duration,
};

use crate::kit::House;

#[test]
fn the_server_answers_and_ends_politely() {
    let house = House::new();
    let server = house.serve(&[]);
    assert!(server.get("/healthz").starts_with("HTTP/1.1 200"), "{}", server.get("/healthz"));
    let said = server.stop();
    assert_eq!(said.code, 0, "{}", said.err);
}

#[test]
fn the_first_start_makes_everything_private_and_the_second_asks_nothing() {
    let house = House::new();
    let server = house.serve(&[]);
    assert!(server.get("/readyz").starts_with("HTTP/1.1 200"));
    let first = server.stop();
    assert!(first.out.contains(&format!("http://localhost:{}", house.port)), "{}", first.out);
    assert!(first.out.contains("Key "), "{}", first.out);
    let mode = |name: &str| {
        let found = std::fs::metadata(house.path(name)).unwrap();
        found.permissions().mode() & 0o777
    };
    assert_eq!(mode("data"), 0o700);
    for name in ["data/housekey.lock", "data/housekey.key", "data/housekey.db"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    let key = std::fs::read(house.path("data/housekey.key")).unwrap();
    let server = house.serve(&[]);
    assert!(server.get("/readyz").starts_with("HTTP/1.1 200"));
    let second = server.stop();
    assert!(!second.out.contains("Key "), "the second start makes no key: {}", second.out);
    assert_eq!(std::fs::read(house.path("data/housekey.key")).unwrap(), key);
}

#[test]
fn a_second_server_on_the_same_files_is_refused() {
    let house = House::new();
    let _first = house.serve(&[]);
    let second = house.run(&["serve", "--listen", &format!("127.0.0.1:{}", House::new().port)]);
    assert_eq!(second.code, 1);
    assert!(second.err.contains("another Housekey (process "), "{}", second.err);
    assert!(second.err.contains("--data"), "says what to do: {}", second.err);
}

#[test]
fn a_port_in_use_is_told() {
    let (one, two) = (House::new(), House::new());
    let server = one.serve(&[]);
    let refused = two.run(&["serve", "--listen", &server.address]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("in use") && refused.err.contains("--listen"), "{}", refused.err);
}

#[test]
fn a_stop_finishes_what_was_begun() {
    let house = House::new();
    let server = house.serve(&[]);
    // A request whose last line comes after the signal.
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: {}\r\n", server.host()).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    server.signal("TERM");
    std::thread::sleep(Duration::from_millis(100));
    assert!(TcpStream::connect(&server.address).is_err(), "no new connections");
    write!(stream, "\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(server.ended().code, 0);
}

#[test]
fn sec_110_large_heads_are_refused() {
    let house = House::new();
    let server = house.serve(&[]);
    let big = "a".repeat(20 * 1024);
    let answer = server.send(&format!("GET /healthz HTTP/1.1\r\nHost: {}\r\nX-Big: {big}\r\n\r\n", server.host()));
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert!(server.get("/healthz").starts_with("HTTP/1.1 200"));
}

#[test]
fn sec_110_who_says_nothing_is_cut_off() {
    let house = House::new();
    let server = house.serve(&[]);
    let began = std::time::Instant::now();
    let streams: Vec<_> = ["", "P", "GET /healthz HTT"]
        .into_iter()
        .map(|start| {
            let mut stream = TcpStream::connect(&server.address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
            stream.write_all(start.as_bytes()).unwrap();
            stream
        })
        .collect();
    for mut stream in streams {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
    }
    assert!(began.elapsed() < Duration::from_secs(14));
}

#[test]
fn sec_122_the_log_has_no_query_and_no_raw_control_characters() {
    let house = House::new();
    let server = house.serve(&[]);
    server.get("/undo?token=canary-1");
    server.get("/a%0Ab%1b[31m");
    let said = server.stop();
    assert!(said.err.contains("/undo"), "{}", said.err);
    assert!(!said.err.contains("canary"), "{}", said.err);
    assert!(!said.err.contains('\u{1b}'), "{}", said.err);
}
