//! Browser scripts under `/npm/`: the right version with the right words for caches, for every origin, and never a
//! file that is not a script of a package.

use super::app::*;
use crate::{
    kit::*,
    web::{Answer, Jar, Web},
};
use futures_util::future::BoxFuture;
use housekey::{
    BundleFile, BundleSource, Contract, Version,
    core::bundle::{FilePath, Package},
    settings::Settings,
    testkit::TestHouse,
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Files that say where they come from. What is asked for is noted by its absence: only these are there.
#[derive(Clone, Default)]
struct Shelf {
    broken: Arc<AtomicBool>,
}

impl BundleSource for Shelf {
    fn versions(&self, package: Package) -> BoxFuture<'_, io::Result<Vec<Version>>> {
        let kept = match package {
            Package::ClerkJs => vec!["6.39.0", "6.40.0"],
            Package::Ui => vec![],
        };
        let broken = self.broken.load(Ordering::SeqCst);
        Box::pin(async move {
            match broken {
                true => Err(io::Error::other("the disk is gone")),
                false => Ok(kept.into_iter().map(|text| text.parse().unwrap()).collect()),
            }
        })
    }

    fn file<'a>(
        &'a self,
        package: Package,
        version: &'a Version,
        path: &'a FilePath,
        gzip: bool,
    ) -> BoxFuture<'a, io::Result<Option<BundleFile>>> {
        Box::pin(async move {
            let there = ["dist/clerk.browser.js", "dist/chunks/x.css"].contains(&path.as_str());
            let text = format!("{package} {version} {} {gzip}", path.as_str());
            Ok(there.then(|| BundleFile { bytes: text.into(), gzip }))
        })
    }
}

async fn shelved(shelf: Option<Shelf>) -> Web {
    let database = database().await;
    let contracts = [Contract::Pages, Contract::Clerk];
    let house = TestHouse::with_bundles(database.open(), settings(), &contracts, shelf).await.unwrap();
    let url = house.housekey.public_url().origin().ascii_serialization();
    Web { routes: house.housekey.router(), database, url, house }
}

async fn ask(jar: &Jar, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut all = vec![("origin", "https://any.example"), ("accept-encoding", "gzip, br")];
    all.extend_from_slice(headers);
    jar.send("GET", path, &all, "").await
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

async fn one_build_is_served_under_all_its_names() {
    let web = shelved(Some(Shelf::default())).await;
    let jar = web.jar(1);
    for (named, version, forever) in [
        ("@6", "6.40.0", false),
        ("@6.40", "6.40.0", false),
        ("@latest", "6.40.0", false),
        ("", "6.40.0", false),
        ("@6.40.0", "6.40.0", true),
        ("@6.39.0", "6.39.0", true),
        ("@6.39.5", "6.40.0", false),
        ("@6.99.0", "6.40.0", false),
    ] {
        for mount in ["", "/__clerk"] {
            let answer = ask(&jar, &format!("{mount}/npm/@clerk/clerk-js{named}/dist/clerk.browser.js"), &[]).await;
            assert_eq!(answer.status, 200, "{mount} {named}");
            assert_eq!(answer.body, format!("@clerk/clerk-js {version} dist/clerk.browser.js true"), "{mount} {named}");
            assert_eq!(header(&answer, "cache-control").contains("immutable"), forever, "{named}");
            assert_eq!(header(&answer, "etag"), format!("\"{version}-gzip\""));
            assert_eq!(header(&answer, "content-encoding"), "gzip");
        }
    }
    let css = ask(&jar, "/npm/%40clerk/clerk-js%406.40.0/dist/chunks/x.css", &[]).await;
    assert_eq!((css.status.as_u16(), header(&css, "content-type")), (200, "text/css; charset=utf-8"));
}

async fn every_origin_may_load_it_and_no_cookie_is_needed_or_set() {
    let web = shelved(Some(Shelf::default())).await;
    let jar = web.jar(1);
    let path = "/npm/@clerk/clerk-js@6/dist/clerk.browser.js";
    let answer = ask(&jar, path, &[]).await;
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("content-type", "text/javascript; charset=utf-8"),
        ("x-content-type-options", "nosniff"),
        ("vary", "Accept-Encoding"),
        ("cache-control", "public, max-age=300"),
    ] {
        assert_eq!(header(&answer, name), value, "{name}");
    }
    assert!(answer.headers.get("access-control-allow-credentials").is_none());
    assert!(answer.headers.get("set-cookie").is_none());
    // A second look costs nothing while it is the same.
    let again = ask(&jar, path, &[("if-none-match", header(&answer, "etag"))]).await;
    assert_eq!((again.status.as_u16(), again.body.as_str()), (304, ""));
    let plain = jar.send("GET", path, &[("if-none-match", header(&answer, "etag"))], "").await;
    assert_eq!((plain.status.as_u16(), header(&plain, "content-encoding")), (200, ""), "another form of it");
    assert_eq!(header(&plain, "etag"), "\"6.40.0\"");
    assert_eq!(jar.send("HEAD", path, &[], "").await.status, 200);
    assert_eq!(jar.send("POST", path, &[], "").await.status, 405);
}

async fn what_is_not_there_is_told_with_what_to_do() {
    let web = shelved(Some(Shelf::default())).await;
    let none = shelved(None).await;
    for (jar, package) in [(web.jar(1), "ui@1"), (web.jar(1), "clerk-js@5"), (none.jar(1), "clerk-js@6")] {
        let answer = ask(&jar, &format!("/npm/@clerk/{package}/dist/ui.browser.js"), &[]).await;
        assert_eq!(answer.status, 404, "{package}");
        let command = format!("housekey clerk bundles add --from-registry @clerk/{package}");
        assert!(answer.body.contains(&command), "{}", answer.body);
        assert_eq!(header(&answer, "cache-control"), "no-store");
        assert!(answer.headers.get("location").is_none());
    }
    let no_file = ask(&web.jar(1), "/npm/@clerk/clerk-js@6/dist/other.js", &[]).await;
    assert_eq!(
        (no_file.status.as_u16(), no_file.body.as_str()),
        (404, "@clerk/clerk-js 6.40.0 has no file dist/other.js.\n")
    );
}

async fn sec_58_nothing_but_a_script_of_a_package_is_ever_asked_for() {
    let web = shelved(Some(Shelf::default())).await;
    let jar = web.jar(1);
    for path in [
        "@clerk/clerk-js@6.40.0/package.json",
        "@clerk/clerk-js@6.40.0/dist/../../../../housekey.key",
        "@clerk/clerk-js@6.40.0/dist/..%2f..%2fhousekey.js",
        "@clerk/clerk-js@6.40.0/dist/%2e%2e/clerk.browser.js",
        "@clerk/clerk-js@6.40.0/dist//clerk.browser.js",
        "@clerk/clerk-js@6.40.0/dist/.hidden.js",
        "@clerk/clerk-js@6.40.0/dist/a%00.js",
        "@clerk/clerk-js@6.40.0%2f..%2f6.39.0/dist/clerk.browser.js",
        "@clerk/clerk-js@../dist/clerk.browser.js",
        "@clerk/..@6/dist/clerk.browser.js",
        "@clerk/backend@3/dist/clerk.browser.js",
        "@evil/clerk-js@6/dist/clerk.browser.js",
        "clerk-js@6/dist/clerk.browser.js",
        "@clerk/clerk-js@6",
        "https://evil.example/clerk.browser.js",
    ] {
        let answer = ask(&jar, &format!("/npm/{path}"), &[]).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.body.contains("true") && answer.headers.get("location").is_none(), "{path}");
    }
}

async fn a_shelf_that_cannot_be_read_is_an_error_and_is_not_kept_by_caches() {
    let shelf = Shelf::default();
    shelf.broken.store(true, Ordering::SeqCst);
    let web = shelved(Some(shelf)).await;
    let answer = ask(&web.jar(1), "/npm/@clerk/clerk-js@6/dist/clerk.browser.js", &[]).await;
    assert_eq!((answer.status.as_u16(), header(&answer, "cache-control")), (500, "no-store"));
    assert!(!answer.body.contains("disk"), "{}", answer.body);
}

async fn without_the_contract_there_are_no_scripts() {
    let web = crate::web::web_with(Settings::default()).await;
    assert_eq!(ask(&web.jar(1), "/npm/@clerk/clerk-js@6/dist/clerk.browser.js", &[]).await.status, 404);
}

on_both!(
    one_build_is_served_under_all_its_names,
    every_origin_may_load_it_and_no_cookie_is_needed_or_set,
    what_is_not_there_is_told_with_what_to_do,
    sec_58_nothing_but_a_script_of_a_package_is_ever_asked_for,
    a_shelf_that_cannot_be_read_is_an_error_and_is_not_kept_by_caches,
    without_the_contract_there_are_no_scripts,
);
