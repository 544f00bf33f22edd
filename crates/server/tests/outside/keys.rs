//! `keys new`.

use std::os::unix::fs::PermissionsExt;

use crate::kit::House;

#[test]
fn keys_differ_and_are_accepted() {
    let house = House::new();
    let (one, two) = (house.run(&["keys", "new"]), house.run(&["keys", "new"]));
    assert!(one.out.starts_with("hk1_") && one.out != two.out);
    let check = house.command(&["config", "check"]).env("HOUSEKEY__SERVER__KEY", one.out.trim()).output().unwrap();
    assert!(check.status.success());
    let json: serde_json::Value = serde_json::from_str(&house.run(&["keys", "new", "--json"]).out).unwrap();
    assert!(json["key"].as_str().unwrap().starts_with("hk1_"));
}

#[test]
fn a_key_file_is_private_and_never_overwritten() {
    let house = House::new();
    assert_eq!(house.run(&["keys", "new", "--out", "key"]).code, 0);
    let before = std::fs::read(house.path("key")).unwrap();
    assert_eq!(std::fs::metadata(house.path("key")).unwrap().permissions().mode() & 0o777, 0o600);
    let again = house.run(&["keys", "new", "--out", "key"]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("can't write"), "{}", again.err);
    assert_eq!(std::fs::read(house.path("key")).unwrap(), before);
}
