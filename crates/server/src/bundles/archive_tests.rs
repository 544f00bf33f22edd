use super::*;
use flate2::write::GzEncoder;
use std::{collections::HashSet, io::Write};
use tar::{EntryType, Header};

/// One entry, written by hand: the builder of the library refuses what an attacker writes.
fn entry(out: &mut Vec<u8>, name: &[u8], kind: EntryType, link: &str, content: &[u8]) {
    entry_that_says(out, name, kind, link, content, content.len() as u64);
}

fn entry_that_says(out: &mut Vec<u8>, name: &[u8], kind: EntryType, link: &str, content: &[u8], size: u64) {
    let mut header = Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    header.set_cksum();
    out.extend_from_slice(header.as_bytes());
    out.extend_from_slice(content);
    out.extend(std::iter::repeat_n(0, (512 - content.len() % 512) % 512));
}

fn packed(tar: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(tar).unwrap();
    packer.write_all(&[0; 1024]).unwrap();
    packer.finish().unwrap()
}

fn ui() -> Vec<u8> {
    let mut tar = Vec::new();
    let manifest = br#"{"name":"@clerk/ui","version":"1.34.0","main":"./dist/ui.js"}"#;
    entry(&mut tar, b"package/package.json", EntryType::Regular, "", manifest);
    entry(&mut tar, b"package/dist/ui.browser.js", EntryType::Regular, "", b"ui()");
    tar
}

fn try_unpack(tar: &[u8]) -> (anyhow::Result<Unpacked>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("a/b");
    fs::create_dir_all(&into).unwrap();
    (unpack(&packed(tar), &into), folder)
}

fn refusal(tar: &[u8]) -> String {
    let (refused, folder) = try_unpack(tar);
    let outside: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(outside, ["a"], "nothing is written beside the folder");
    assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 1, "nothing is written beside the folder");
    format!("{:#}", refused.expect_err("taken"))
}

#[test]
fn scripts_are_kept_packed_and_the_rest_is_left_out() {
    let mut tar = ui();
    for name in [
        "package/dist/a/b.css",
        "package/dist/x.js.map",
        "package/dist/x.d.ts",
        "package/README.md",
        "package/register/index.js",
    ] {
        entry(&mut tar, name.as_bytes(), EntryType::Regular, "", b"some text");
    }
    entry(&mut tar, b"package/dist/", EntryType::Directory, "", b"");
    let (done, folder) = try_unpack(&tar);
    let done = done.unwrap();
    assert_eq!(
        (done.package, done.version.to_string().as_str(), done.files, done.bytes),
        (Package::Ui, "1.34.0", 2, 13)
    );
    let into = folder.path().join("a/b/dist");
    let mut text = String::new();
    GzDecoder::new(fs::File::open(into.join("a/b.css.gz")).unwrap()).read_to_string(&mut text).unwrap();
    assert_eq!(text, "some text");
    let names: HashSet<_> =
        fs::read_dir(into).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names, HashSet::from(["a".to_owned(), "ui.browser.js.gz".to_owned()]));
}

#[test]
fn a_name_that_leads_out_of_the_package_is_refused() {
    for name in [
        &b"../evil.js"[..],
        b"package/../../evil.js",
        b"package/dist/../../evil.js",
        b"package/dist/./a.js",
        b"package//etc/evil.js",
        b"/etc/evil.js",
        b"elsewhere/dist/evil.js",
        b"package/dist\\..\\evil.js",
        b"package",
    ] {
        let mut tar = ui();
        entry(&mut tar, name, EntryType::Regular, "", b"evil");
        let told = refusal(&tar);
        assert!(told.contains("outside of the package"), "{}: {told}", String::from_utf8_lossy(name));
    }
    let mut tar = ui();
    entry(&mut tar, b"package/dist/\xff.js", EntryType::Regular, "", b"evil");
    assert!(refusal(&tar).contains("no text"));
}

#[test]
fn a_long_name_of_an_extension_is_judged_as_well() {
    for (kind, record) in [
        (EntryType::GNULongName, "package/dist/../../../evil.js\0"),
        (EntryType::XHeader, "36 path=package/../../../evil.js.js\n"),
    ] {
        let mut tar = ui();
        entry(&mut tar, b"long", kind, "", record.as_bytes());
        entry(&mut tar, b"package/dist/good.js", EntryType::Regular, "", b"evil");
        assert!(refusal(&tar).contains("outside of the package"), "{kind:?}");
    }
}

#[test]
fn links_and_devices_are_refused() {
    for kind in [EntryType::Symlink, EntryType::Link, EntryType::Char, EntryType::Block, EntryType::Fifo] {
        let mut tar = ui();
        entry(&mut tar, b"package/dist/link.js", kind, "/etc/passwd", b"");
        assert!(refusal(&tar).contains("no plain file"), "{kind:?}");
    }
}

#[test]
fn too_much_is_refused_before_it_is_written() {
    let mut tar = ui();
    entry_that_says(&mut tar, b"package/dist/huge.js", EntryType::Regular, "", b"", LARGEST_FILE + 1);
    assert!(refusal(&tar).contains("larger than"));

    let mut tar = ui();
    for n in 0..=MOST_ENTRIES {
        entry(&mut tar, format!("package/x{n}").as_bytes(), EntryType::Regular, "", b"");
    }
    assert!(refusal(&tar).contains("entries"));

    // A few hundred KiB of zeros, packed, are more than a disk should be asked to take.
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(&ui()).unwrap();
    let block = vec![0; LARGEST_FILE as usize];
    for n in 0..11 {
        let mut head = Vec::new();
        entry_that_says(&mut head, format!("package/x{n}").as_bytes(), EntryType::Regular, "", b"", LARGEST_FILE);
        packer.write_all(&head).unwrap();
        packer.write_all(&block).unwrap();
    }
    let bomb = packer.finish().unwrap();
    assert!(bomb.len() < 4 * 1024 * 1024, "{}", bomb.len());
    let folder = tempfile::tempdir().unwrap();
    let told = format!("{:#}", unpack(&bomb, folder.path()).expect_err("taken"));
    assert!(told.contains("bytes unpacked"), "{told}");
}

#[test]
fn a_file_that_is_there_twice_is_refused() {
    let mut tar = ui();
    entry(&mut tar, b"package/dist/ui.browser.js", EntryType::Regular, "", b"evil()");
    assert!(refusal(&tar).contains("unpacking dist/ui.browser.js"));
    let mut tar = ui();
    entry(
        &mut tar,
        b"package/package.json",
        EntryType::Regular,
        "",
        br#"{"name":"@clerk/clerk-js","version":"6.0.0"}"#,
    );
    assert!(refusal(&tar).contains("twice"));
}

#[test]
fn another_package_or_half_of_one_is_refused() {
    let of = |manifest: &str, file: &str| {
        let mut tar = Vec::new();
        entry(&mut tar, b"package/package.json", EntryType::Regular, "", manifest.as_bytes());
        entry(&mut tar, file.as_bytes(), EntryType::Regular, "", b"");
        refusal(&tar)
    };
    assert!(of(r#"{"name":"left-pad","version":"1.0.0"}"#, "package/dist/ui.browser.js").contains("left-pad"));
    assert!(of(r#"{"name":"@clerk/ui","version":"../1"}"#, "package/dist/ui.browser.js").contains("version"));
    assert!(of(r#"{"name":"@clerk/ui"}"#, "package/dist/ui.browser.js").contains("package.json"));
    assert!(of(r#"{"name":"@clerk/ui","version":"1.0.0"}"#, "package/dist/x.js").contains("ui.browser.js"));
    let mut none = Vec::new();
    entry(&mut none, b"package/dist/ui.browser.js", EntryType::Regular, "", b"");
    assert!(refusal(&none).contains("without package.json"));

    let folder = tempfile::tempdir().unwrap();
    let cut = packed(&ui());
    for bytes in [&b"not packed at all"[..], &[], &cut[..cut.len() / 2]] {
        assert!(unpack(bytes, folder.path()).is_err());
    }
}
