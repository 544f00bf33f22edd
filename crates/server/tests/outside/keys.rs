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

#[test]
fn the_keys_of_an_app_come_with_what_each_sdk_reads() {
    let house = House::new();
    let said = house.run(&["clerk", "keys", "new"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let value = |name: &str| {
        let line = said.out.lines().find_map(|line| line.trim().strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("no {name} in {}", said.out)).to_owned()
    };
    assert_eq!(value("CLERK_API_URL"), "http://localhost:4000/api");
    assert_eq!(value("CLERK_PROXY_URL"), "http://localhost:4000");
    assert_eq!(value("NEXT_PUBLIC_CLERK_PROXY_URL"), "/__clerk");
    assert!(
        value("CLERK_PUBLISHABLE_KEY").starts_with("pk_live_") && value("CLERK_SECRET_KEY").starts_with("sk_live_")
    );
    // On one line, in quotes, as environment files take it.
    let pem = value("CLERK_JWT_KEY");
    assert!(pem.starts_with("\"-----BEGIN PUBLIC KEY-----\\n") && pem.ends_with("-----END PUBLIC KEY-----\""), "{pem}");
    assert!(said.out.contains("destination: 'http://localhost:4000/:path*'") && said.out.contains("__clerk|_next"));
    assert!(said.out.contains("housekey clerk bundles add --from-registry"));
}
