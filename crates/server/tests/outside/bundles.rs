//! `clerk bundles …`: packages taken from a file and from a registry, served, listed and removed.

use crate::kit::House;
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
};

/// A package as npm packs it.
fn package(name: &str, version: &str, scripts: &[(&str, &str)]) -> Vec<u8> {
    let manifest = format!(r#"{{"name":"{name}","version":"{version}"}}"#);
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, content) in [&[("package.json", manifest.as_str())], scripts].concat() {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("package/{path}"), content.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn ui(version: &str) -> Vec<u8> {
    package("@clerk/ui", version, &[("dist/ui.browser.js", &format!("ui {version}")), ("README.md", "read me")])
}

fn clerk_js(version: &str) -> Vec<u8> {
    package("@clerk/clerk-js", version, &[("dist/clerk.browser.js", &format!("clerk {version}"))])
}

fn sum(bytes: &[u8]) -> String {
    format!("sha512-{}", STANDARD.encode(digest::digest(&digest::SHA512, bytes)))
}

impl House {
    fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// The folders on the shelf, also those that are being made.
    fn shelf(&self) -> Vec<String> {
        let mut found = Vec::new();
        for package in std::fs::read_dir(self.path("data/bundles")).into_iter().flatten() {
            let package = package.unwrap();
            let name = package.file_name().into_string().unwrap();
            match package.file_type().unwrap().is_dir() && !name.starts_with('.') {
                true => found.extend(
                    std::fs::read_dir(package.path())
                        .unwrap()
                        .map(|version| format!("{name} {}", version.unwrap().file_name().into_string().unwrap())),
                ),
                false if name != ".lock" => found.push(name),
                false => {}
            }
        }
        found.sort();
        found
    }
}

#[test]
fn a_package_with_the_right_sum_is_served_at_once_and_listed_and_removed() {
    let house = House::new();
    let server = house.serve(&[]);
    let old = server.get("/npm/@clerk/ui@1/dist/ui.browser.js");
    assert!(old.starts_with("HTTP/1.1 404") && old.contains("clerk bundles add --from-registry @clerk/ui@1"), "{old}");
    for version in ["1.33.0", "1.34.0"] {
        let packed = ui(version);
        house.put("ui.tgz", &packed);
        let said = house.run(&["clerk", "bundles", "add", "ui.tgz", "--integrity", &sum(&packed)]);
        assert_eq!((said.code, said.out.contains(&format!("Kept @clerk/ui {version}"))), (0, true), "{}", said.err);
    }
    for (named, version) in [("1", "1.34.0"), ("1.33.0", "1.33.0"), ("1.30.0", "1.33.0"), ("1.99.0", "1.34.0")] {
        for mount in ["", "/__clerk"] {
            let answer = server.get(&format!("{mount}/npm/@clerk/ui@{named}/dist/ui.browser.js"));
            assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(&format!("ui {version}")), "{answer}");
            assert!(answer.contains("access-control-allow-origin: *"), "{answer}");
        }
    }
    assert!(server.get("/npm/@clerk/ui@1/dist/README.md").starts_with("HTTP/1.1 404"));
    let list: serde_json::Value =
        serde_json::from_str(&house.run(&["clerk", "bundles", "list", "--json"]).out).unwrap();
    assert_eq!(list["kept"][1]["version"], "1.34.0");
    assert_eq!(list["kept"][1]["integrity"], sum(&ui("1.34.0")));
    assert!(house.run(&["clerk", "bundles", "list"]).out.contains("@clerk/ui        1.33.0     1 files"));

    assert_eq!(house.run(&["clerk", "bundles", "remove", "@clerk/ui@1.34.0"]).code, 0);
    assert!(server.get("/npm/@clerk/ui@1/dist/ui.browser.js").ends_with("ui 1.33.0"));
    let again = house.run(&["clerk", "bundles", "remove", "@clerk/ui@1.34.0"]);
    assert_eq!((again.code, again.err.contains("is not kept")), (1, true), "{}", again.err);
    assert_eq!(house.run(&["clerk", "bundles", "remove", "@clerk/ui@1"]).code, 1);
    assert_eq!(house.shelf(), ["ui 1.33.0"]);

    // Each version that stands in for another is told once, however often it is asked for.
    let said = server.stop();
    let log = format!("{}{}", said.out, said.err);
    assert_eq!(log.matches("1.30.0 is not kept: 1.33.0 is served instead").count(), 1, "{log}");
}

#[test]
fn a_wrong_sum_leaves_nothing_behind() {
    let house = House::new();
    let packed = ui("1.34.0");
    house.put("ui.tgz", &packed);
    let other = sum(&ui("1.35.0"));
    for (integrity, why) in [
        (other.as_str(), "this is another file, or it was changed"),
        ("sha1-cf681297b4fe5de27b1adcebf96562f0fc8dc83e", "is not a sum to check by"),
        ("", "is not a sum to check by"),
    ] {
        let said = house.run(&["clerk", "bundles", "add", "ui.tgz", "--integrity", integrity]);
        assert_eq!((said.code, said.err.contains(why)), (1, true), "{integrity}: {}", said.err);
    }
    assert_ne!(house.run(&["clerk", "bundles", "add", "ui.tgz"]).code, 0, "no sum, no trust");
    assert_eq!(house.shelf(), Vec::<String>::new());
    assert_eq!(house.run(&["clerk", "bundles", "list"]).code, 0);
}

#[test]
fn one_version_has_one_sum_and_half_of_one_is_never_seen() {
    let house = House::new();
    let first = ui("1.34.0");
    house.put("ui.tgz", &first);
    // What a killed command left.
    std::fs::create_dir_all(house.path("data/bundles/.new/dist")).unwrap();
    house.put("data/bundles/.new/dist/ui.browser.js.gz", b"half");
    for _ in 0..2 {
        assert_eq!(house.run(&["clerk", "bundles", "add", "ui.tgz", "--integrity", &sum(&first)]).code, 0);
    }
    let other = package("@clerk/ui", "1.34.0", &[("dist/ui.browser.js", "evil()")]);
    house.put("other.tgz", &other);
    let said = house.run(&["clerk", "bundles", "add", "other.tgz", "--integrity", &sum(&other)]);
    assert_eq!((said.code, said.err.contains("is kept already")), (1, true), "{}", said.err);
    let broken = package("@clerk/ui", "1.35.0", &[("dist/other.js", "")]);
    house.put("broken.tgz", &broken);
    let said = house.run(&["clerk", "bundles", "add", "broken.tgz", "--integrity", &sum(&broken)]);
    assert_eq!((said.code, said.err.contains("no build for pages")), (1, true), "{}", said.err);
    assert_eq!(house.shelf(), ["ui 1.34.0"]);
}

/// A registry that gives these answers by path, and notes what it was asked.
struct Registry {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

fn registry(answers: impl FnOnce(&str) -> BTreeMap<String, Vec<u8>>) -> Registry {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (answers, asked) = (answers(&url), Arc::<Mutex<Vec<String>>>::default());
    let noted = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let Some(first) = lines.next() else { continue };
            lines.find(String::is_empty);
            let path = first.split(' ').nth(1).unwrap().to_owned();
            let (status, body) =
                answers.get(&path).map_or(("404 Not Found", &[][..]), |body| ("200 OK", body.as_slice()));
            noted.lock().unwrap().push(path);
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        }
    });
    Registry { url, asked }
}

/// A release as a registry describes it.
fn release(version: &str, packed: &[u8], tarball: &str) -> String {
    format!(r#"{{"version":"{version}","dist":{{"integrity":"{}","tarball":"{tarball}"}}}}"#, sum(packed))
}

fn house_on(registry: &Registry) -> House {
    let house = House::new();
    house.write("housekey.toml", &format!("[clerk]\nregistry = \"{}\"\n", registry.url));
    house
}

#[test]
fn the_registry_gives_what_was_tried_or_what_was_named() {
    let registry = registry(|url| {
        let (clerk, ui_34, ui_35) = (clerk_js("6.40.0"), ui("1.34.0"), ui("1.35.0"));
        // A mirror hands on the public registry's addresses.
        let far = "https://registry.npmjs.org/clerk.tgz";
        let near = |name: &str| format!("{url}/{name}");
        let list = format!(
            r#"{{"versions":{{"1.34.0":{},"1.35.0":{},"2.0.0-beta.1":{}}}}}"#,
            release("1.34.0", &ui_34, &near("ui34.tgz")),
            release("1.35.0", &ui_35, &near("ui35.tgz")),
            release("2.0.0-beta.1", &ui_35, &near("ui35.tgz")),
        );
        BTreeMap::from([
            ("/@clerk%2fclerk-js/6.40.0".into(), release("6.40.0", &clerk, far).into_bytes()),
            ("/@clerk%2fui/1.34.0".into(), release("1.34.0", &ui_34, &near("ui34.tgz")).into_bytes()),
            ("/@clerk%2fui".into(), list.into_bytes()),
            ("/clerk.tgz".into(), clerk),
            ("/ui34.tgz".into(), ui_34),
            ("/ui35.tgz".into(), ui_35),
        ])
    });
    let house = house_on(&registry);
    let said = house.run(&["clerk", "bundles", "add", "--from-registry"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(house.shelf(), ["clerk-js 6.40.0", "ui 1.34.0"]);
    let said = house.run(&["clerk", "bundles", "add", "--from-registry", "@clerk/ui@1", "--json"]);
    assert!(said.out.contains("\"1.35.0\""), "{}{}", said.out, said.err);
    let said = house.run(&["clerk", "bundles", "add", "--from-registry", "@clerk/ui@3"]);
    assert_eq!((said.code, said.err.contains("has no @clerk/ui 3")), (1, true), "{}", said.err);
    let before = registry.asked.lock().unwrap().len();
    assert_eq!(house.run(&["clerk", "bundles", "add", "--from-registry", "left-pad"]).code, 1);
    assert_eq!(registry.asked.lock().unwrap().len(), before, "other packages are not even asked for");
}

#[test]
fn a_registry_that_lies_is_not_believed() {
    let registry = registry(|url| {
        let good = ui("1.34.0");
        let at = |name: &str| format!("{url}/{name}");
        BTreeMap::from([
            // Another file than was published.
            ("/@clerk%2fui/1.34.0".into(), release("1.34.0", &good, &at("evil.tgz")).into_bytes()),
            ("/evil.tgz".into(), package("@clerk/ui", "1.34.0", &[("dist/ui.browser.js", "evil()")])),
            // Another version, another package.
            ("/@clerk%2fui/1.35.0".into(), release("1.35.0", &good, &at("ui.tgz")).into_bytes()),
            ("/@clerk%2fclerk-js/6.0.0".into(), release("6.0.0", &good, &at("ui.tgz")).into_bytes()),
            ("/ui.tgz".into(), good.clone()),
            // Another host, no sum, no description.
            ("/@clerk%2fui/1.36.0".into(), release("1.36.0", &good, "https://evil.example/ui.tgz").into_bytes()),
            ("/@clerk%2fui/1.37.0".into(), br#"{"version":"1.37.0","dist":{"tarball":"x"}}"#.to_vec()),
            ("/@clerk%2fui/1.38.0".into(), b"<html>".to_vec()),
        ])
    });
    let house = house_on(&registry);
    for (named, why) in [
        ("@clerk/ui@1.34.0", "this is another file"),
        ("@clerk/ui@1.35.0", "1.35.0 was asked for, and this is @clerk/ui 1.34.0"),
        ("@clerk/clerk-js@6.0.0", "was asked for, and this is @clerk/ui"),
        ("@clerk/ui@1.36.0", "leads to another host"),
        ("@clerk/ui@1.37.0", "has no sum"),
        ("@clerk/ui@1.38.0", "another form"),
        ("@clerk/ui@1.39.0", "404"),
    ] {
        let said = house.run(&["clerk", "bundles", "add", "--from-registry", named]);
        assert_eq!((said.code, said.err.contains(why)), (1, true), "{named}: {}", said.err);
    }
    assert_eq!(house.shelf(), Vec::<String>::new());
    house.write("housekey.toml", "[clerk]\nregistry = \"http://registry.example\"\n");
    let said = house.run(&["clerk", "bundles", "add", "--from-registry"]);
    assert!(said.err.contains("without encryption"), "{}", said.err);
}
