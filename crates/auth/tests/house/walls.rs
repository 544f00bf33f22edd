//! The folders' walls: what crates cannot enforce.

use std::path::Path;

fn files(dir: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

fn none_names(dir: &str, forbidden: &[&str]) {
    let mut found = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(dir), &mut found);
    assert!(!found.is_empty());
    for (path, text) in found {
        for bad in forbidden {
            assert!(!text.contains(bad), "{path} names {bad}");
        }
    }
}

#[test]
fn flows_know_no_http_and_no_sql() {
    none_names("src/flows", &["axum", "http::", "StatusCode", "SELECT ", "UPDATE ", "INSERT "]);
}

#[test]
fn doors_know_no_store_and_no_sql() {
    none_names("src/doors", &["housekey_store", "Store::", "SELECT ", "UPDATE ", "INSERT "]);
}
