//! The filter of breached passwords: made, asked, and read at the start.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use crate::kit::{House, Said};

/// The hashes of `password` and `123456`, and one that is blank space to the reader.
const LIST: &str = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:10434004\r\n\
    7c4a8d09ca3762af61e59520943dc26494f8941b\n\n\
    0000000000000000000000000000000000000000:0\n";

fn piped(mut command: Command, text: &str) -> Said {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    Said::from(child.wait_with_output().unwrap())
}

fn built() -> House {
    let house = House::new();
    house.write("list.txt", LIST);
    let said = house.run(&["breach", "build", "list.txt", "--out", "breached.filter"]);
    assert!(said.code == 0 && said.out.contains("2 hashes"), "{}{}", said.out, said.err);
    house
}

#[test]
fn a_filter_is_built_and_asked() {
    let house = built();
    let path = house.path("breached.filter");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let ask = |text: &str| piped(house.command(&["breach", "check", "breached.filter"]), text);
    for (text, code, words) in [
        ("password\n", 3, "is in the filter"),
        ("123456", 3, "is in the filter"),
        ("tidal lantern mosaic\r\n", 0, "is not in the filter"),
    ] {
        let said = ask(text);
        assert!(said.code == code && said.out.contains(words), "{text}: {}{}", said.out, said.err);
        assert!(!format!("{}{}", said.out, said.err).contains(text.trim()), "it is never repeated");
    }
    let said = ask("\n");
    assert!(said.code == 1 && said.err.contains("no password"), "{}", said.err);
    let json = piped(house.command(&["breach", "check", "breached.filter", "--json"]), "password");
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json, serde_json::json!({ "breached": true, "hashes": 2 }));
}

#[test]
fn a_list_that_is_none_leaves_the_filter_as_it_was() {
    let house = built();
    let before = fs::read(house.path("breached.filter")).unwrap();
    house.write("wrong.txt", &format!("{LIST}password\n"));
    house.write("empty.txt", "\n");
    house.write("endless.txt", &"A".repeat(100_000));
    for (list, words) in [
        ("wrong.txt", "line 5 of wrong.txt"),
        ("empty.txt", "no hashes"),
        ("endless.txt", "line 1"),
        ("none.txt", "can't open none.txt"),
    ] {
        let said = house.run(&["breach", "build", list, "--out", "breached.filter"]);
        assert!(said.code == 1 && said.err.contains(words), "{list}: {}", said.err);
    }
    assert_eq!(fs::read(house.path("breached.filter")).unwrap(), before);
    assert_eq!(house.run(&["breach", "build", "list.txt", "--out", "breached.filter"]).code, 0, "replaced");
}

#[test]
fn a_broken_filter_is_told_and_stops_the_start() {
    let house = built();
    house.write("housekey.toml", "[passwords]\nbreach_filter = \"breached.filter\"\n");
    let server = house.serve(&[]);
    assert_eq!(server.stop().code, 0);
    let whole = fs::read(house.path("breached.filter")).unwrap();
    fs::write(house.path("breached.filter"), &whole[..whole.len() - 1]).unwrap();
    let asked = piped(house.command(&["breach", "check", "breached.filter"]), "password");
    assert!(asked.code == 1 && asked.err.contains("cut") && asked.err.contains("breach build"), "{}", asked.err);
    let refused = house.run(&["serve", "--listen", &format!("127.0.0.1:{}", house.port)]);
    let said = format!("{}{}", refused.out, refused.err);
    assert!(refused.code == 1 && said.contains("passwords.breach_filter") && said.contains("breach build"), "{said}");
    let errand = house.run(&["webhook", "list"]);
    assert_eq!(errand.code, 0, "what needs no filter goes on without: {}", errand.err);
}
