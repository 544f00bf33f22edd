//! `config check|show|reference`, and what production refuses.

use crate::kit::{House, expect, kept, project};

const EVERYTHING_WRONG: &str = r##"
[site]
name = 7
accent = "reddish"

[server]
lisen = "127.0.0.1:4000"
listen = "here"
app_origins = ["https://*.example.com"]
trusted_proxies = ["10.0.0.0/33"]
database = "mysql://root:canary-1@db/x"

[mail]
smpt = "smtps://user:canary-2@smtp.example.com"
smtp = "https://user:canary-3@smtp.example.com"
from = "not an address"

[sessions]
idle = "2 weeks"
absolute = "31d"
remembered_idle = "20d"
remembered_absolute = "10d"

[passwords]
min_length = 4
argon2_memory_kib = 8192

[limits]
multiplier = 5

[colours]
sky = "blue"
"##;

#[test]
fn every_fault_is_told_at_once_with_line_and_remedy() {
    let house = House::new();
    house.write("housekey.toml", EVERYTHING_WRONG);
    let said = house
        .command(&["config", "check"])
        .env("HOUSEKEY__SERVER__PUBLIC_URL", "http://example.com")
        .env("HOUSEKEY__SESSIONS__IDEL", "1h")
        .env("HOUSEKEY__MAIL__SMTP_FILE", "/nowhere/smtp")
        .output()
        .unwrap();
    assert_eq!(said.status.code(), Some(2));
    let text = String::from_utf8(said.stderr).unwrap();
    assert!(!text.contains("canary"), "a secret was quoted: {text}");
    expect(&kept("faults.txt"), &text);
}

#[test]
fn a_file_that_is_no_toml_is_told_by_line_and_not_quoted() {
    let house = House::new();
    house.write("housekey.toml", "[mail]\nsmtp = \"smtps://user:canary-1@smtp.example.com\nfrom = \"a@example.com\"\n");
    let said = house.run(&["config", "check"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("housekey.toml:2"), "{}", said.err);
    assert!(!said.err.contains("canary"), "{}", said.err);
}

#[test]
fn production_refuses_what_is_unsafe_or_missing() {
    let house = House::new();
    house.write("a-file", "not a folder");
    house.write(
        "housekey.toml",
        "[server]\npublic_url = \"https://auth.example.com\"\napp_origins = [\"http://app.example.com\"]\n\
         trusted_proxies = [\"0.0.0.0/0\"]\ndata = \"a-file/below\"\nkey = \"changeme\"\n",
    );
    let said = house.run(&["config", "check", "--json"]);
    assert_eq!(said.code, 2);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let keys: Vec<_> =
        report["faults"].as_array().unwrap().iter().map(|fault| fault["key"].as_str().unwrap()).collect();
    for key in ["mail.from", "mail.smtp", "server.app_origins", "server.trusted_proxies", "server.data", "server.key"] {
        assert!(keys.contains(&key), "{key} is missing in {keys:?}");
    }
    let serve = house.run(&["serve"]);
    assert_eq!(serve.code, 2, "the start refuses the same");
    assert!(serve.err.contains("6 faults"), "{}", serve.err);
}

#[test]
fn sec_103_short_placeholder_and_repeated_keys_are_refused() {
    let house = House::new();
    for key in ["hk1_short", "hk1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "changeme", "secret"] {
        let said = house.command(&["config", "check"]).env("HOUSEKEY__SERVER__KEY", key).output().unwrap();
        assert_eq!(said.status.code(), Some(2), "{key}");
        assert!(!String::from_utf8_lossy(&said.stderr).contains(key), "{key} was quoted");
    }
}

#[test]
fn sec_41_http_beyond_this_machine_is_refused() {
    let house = House::new();
    let said =
        house.command(&["serve"]).env("HOUSEKEY__SERVER__PUBLIC_URL", "http://auth.example.com").output().unwrap();
    assert_eq!(said.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&said.stderr).contains("https://auth.example.com"));
    let said = house.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert!(said.err.contains("server.public_url"), "{}", said.err);
}

#[test]
fn show_tells_the_source_of_each_value_and_hides_secrets() {
    let house = House::new();
    house.write(
        "housekey.toml",
        "[site]\nname = \"From the file\"\nlogo = \"logo.svg\"\n\n[mail]\nsmtp = \"smtps://user:canary-1@smtp.example.com\"\n",
    );
    let key = house.run(&["keys", "new"]).out;
    house.write("old", &key);
    let said = house
        .command(&["config", "show", "--data", "elsewhere"])
        .env("HOUSEKEY__SITE__NAME", "From \"the\" environment")
        .env("HOUSEKEY__SERVER__KEY", key.trim())
        .env("HOUSEKEY__SERVER__OLD_KEYS_FILE", "old")
        .env("HOUSEKEY__SERVER__DATABASE", "postgres://u:canary-2@db/x")
        .output()
        .unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(!text.contains("canary") && !text.contains(key.trim()), "{text}");
    expect(&kept("show.txt"), &text);
    // What is shown can be read again (without the secrets).
    let house = House::new();
    let plain: Vec<&str> = text.lines().filter(|line| !line.contains("hidden")).collect();
    house.write("housekey.toml", &plain.join("\n"));
    let said = house.run(&["config", "check"]);
    assert_eq!(said.code, 0, "{}", said.err);
}

#[test]
fn the_reference_page_is_the_one_in_the_documents() {
    let said = House::new().run(&["config", "reference"]);
    expect(&project("docs/reference/configuration.md"), &said.out);
    let json = House::new().run(&["config", "reference", "--json"]);
    let keys: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(keys.as_array().unwrap().len(), said.out.matches("\n### ").count());
}
