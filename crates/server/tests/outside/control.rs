//! The command line beside a running server.

use std::os::unix::fs::PermissionsExt;

use crate::kit::House;

#[test]
fn a_running_server_shows_what_it_runs_with() {
    let house = House::new();
    house.write("housekey.toml", "[site]\nname = \"At the start\"\n");
    let server = house.serve(&[]);
    let socket = std::fs::metadata(house.path("data/control.sock")).unwrap();
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);
    house.write("housekey.toml", "[site]\nname = \"Changed since\"\n");
    let said = house.run(&["config", "show"]);
    assert!(said.out.contains("At the start"), "{}{}", said.out, said.err);
    server.stop();
    let said = house.run(&["config", "show"]);
    assert!(said.out.contains("Changed since"), "{}{}", said.out, said.err);
}

#[test]
fn a_test_mail_says_what_is_missing_with_and_without_a_server() {
    let house = House::new();
    let alone = house.run(&["mail", "test", "ada@example.com"]);
    assert_eq!(alone.code, 1);
    assert!(alone.err.contains("mail.smtp"), "{}", alone.err);
    let server = house.serve(&[]);
    let beside = house.run(&["mail", "test", "ada@example.com"]);
    assert_eq!(beside.code, 1);
    assert!(beside.err.contains("mail.smtp"), "{}", beside.err);
    let wrong = house.run(&["mail", "test", "nobody"]);
    assert!(wrong.err.contains("not an e-mail address"), "{}", wrong.err);
    server.stop();
    assert!(!house.path("data/control.sock").exists());
}

#[test]
fn migrations_are_told_with_and_without_a_server() {
    let house = House::new();
    let none = house.run(&["migrate", "status"]);
    assert!(none.out.contains("There is no database"), "{}{}", none.out, none.err);
    assert!(!house.path("data/housekey.db").exists(), "asking makes nothing");
    let server = house.serve(&[]);
    let beside = house.run(&["migrate", "status"]);
    assert_eq!(beside.code, 0, "{}", beside.err);
    let refused = house.run(&["migrate", "up"]);
    assert!(refused.code == 0 || refused.err.contains("another Housekey"), "{}", refused.err);
    server.stop();
    let alone = house.run(&["migrate", "status"]);
    assert_eq!(alone.out, beside.out);
    assert_eq!(house.run(&["migrate", "up"]).code, 0);
    let json: serde_json::Value = serde_json::from_str(&house.run(&["migrate", "status", "--json"]).out).unwrap();
    assert_eq!(json["pending"], 0);
}

#[test]
fn migrate_up_makes_a_new_database() {
    let house = House::new();
    let said = house.run(&["migrate", "up"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(house.path("data/housekey.db").exists());
    assert_eq!(house.serve(&[]).stop().code, 0);
}
