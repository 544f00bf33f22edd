use super::{
    form::{base64, hex},
    vectors::{LONG, PASSWORD, Vector, all},
    *,
};
use crate::password::{Verdict, hash::verify};
use ::base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;

const COST: Argon2Cost = Argon2Cost::CHEAP;
const RIGHT: Verdict = Verdict::Yes { outdated: true };

fn password(text: &str) -> Password {
    Password::parse(text.into()).unwrap()
}

fn taken(hasher: &str, digest: &str) -> Result<(PasswordHash, bool), ImportFault> {
    Ok(match import(hasher, digest)? {
        Imported::Strong(stored) => (stored, true),
        Imported::Weak(weak) => (wrap(&weak, COST, [7; 16], &mut HashMemory::new(COST)), false),
    })
}

fn compared(stored: &PasswordHash, typed: &str) -> Verdict {
    verify(stored, &password(typed), COST, &mut HashMemory::new(COST))
}

fn fault(hasher: &str, digest: &str) -> Option<ImportFault> {
    import(hasher, digest).err()
}

/// Another digest in the same form: one of its characters is changed, the salt and the costs are not.
fn tampered(vector: &Vector) -> String {
    let blanked = read(vector.hasher, vector.digest).unwrap_or_else(|_| panic!("{}", vector.digest)).blanked;
    assert_eq!(blanked.len(), vector.digest.len());
    let at = blanked.bytes().zip(vector.digest.bytes()).position(|(a, b)| a != b).unwrap();
    let (before, rest) = vector.digest.split_at(at);
    let other = if rest.starts_with('B') { 'C' } else { 'B' };
    format!("{before}{other}{}", &rest[1..])
}

#[test]
fn sec_5_every_system_s_hash_matches_its_password_alone_and_is_outdated() {
    for vector in all() {
        let Vector { hasher, digest, password, strong } = vector;
        let (stored, kept) = taken(hasher, digest).unwrap_or_else(|fault| panic!("{hasher} {digest}: {fault}"));
        assert_eq!(kept, strong, "{hasher} {digest}");
        assert_eq!(compared(&stored, password), RIGHT, "{hasher} {digest}");
        assert_eq!(compared(&stored, &format!("{password}!")), Verdict::No, "{hasher} {digest}");
        let (stored, _) = taken(hasher, &tampered(&vector)).unwrap();
        assert_eq!(compared(&stored, password), Verdict::No, "{hasher} {digest}");
    }
}

#[test]
fn sec_5_each_name_is_tried() {
    let tried: std::collections::BTreeSet<_> = all().iter().map(|v| v.hasher).collect();
    assert_eq!(tried.len(), 17);
    assert_eq!(fault("md4", "4d1e37ce86d975a5d840329e5f7faa9f"), Some(ImportFault::UnknownHasher));
    assert_eq!(fault("", ""), Some(ImportFault::UnknownHasher));
}

#[test]
fn sec_5_a_weak_digest_is_in_no_row() {
    for Vector { hasher, digest, .. } in all().into_iter().filter(|v| !v.strong) {
        let (stored, _) = taken(hasher, digest).unwrap();
        let text = stored.expose();
        let bare = &read(hasher, digest).ok().unwrap().digest;
        let (in_hex, in_base64) = (String::from_utf8(form::to_hex(bare).to_vec()).unwrap(), STANDARD.encode(bare));
        assert!(!text.contains(digest), "{text}");
        for written in [in_hex.as_str(), in_base64.as_str(), &String::from_utf8_lossy(bare)] {
            for part in written.as_bytes().windows(8) {
                let part = std::str::from_utf8(part).unwrap_or("\0");
                assert!(!text.contains(part), "{text} holds {part}");
            }
        }
        // Nor does what stands in its place match anything by itself.
        let (outer, form) = text.split_once(OVER).unwrap();
        let (hasher, blanked) = form.split_once('$').unwrap();
        assert!(outer.starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
        let (blank, _) = taken(hasher, blanked).unwrap();
        assert_eq!(compared(&blank, PASSWORD), Verdict::No);
    }
}

#[test]
fn sec_5_a_digest_that_leaked_elsewhere_opens_nothing() {
    let digest = "4d1e37ce86d975a5d840329e5f7faa9f";
    let (stored, _) = taken("md5", digest).unwrap();
    assert_eq!(compared(&stored, digest), Verdict::No);
    let bytes = String::from_utf8_lossy(&hex(digest).unwrap()).into_owned();
    assert_eq!(compared(&stored, &bytes), Verdict::No);
}

#[test]
fn sec_5_bcrypt_matches_no_more_than_it_reads() {
    let salted = |text: &str, cost| ::bcrypt::hash_with_salt(text, cost, [9; 16]).unwrap().to_string();
    let whole = "a".repeat(72);
    for cost in [4, 10] {
        let (stored, _) = taken("bcrypt", &salted(&whole, cost)).unwrap();
        assert_eq!(compared(&stored, &whole), RIGHT);
        assert_eq!(compared(&stored, &format!("{whole}a")), Verdict::No);
    }
    let (stored, _) = taken("bcrypt", &salted("a", 4)).unwrap();
    assert_eq!(compared(&stored, "a"), RIGHT);
    assert_eq!(compared(&stored, "a\0a"), Verdict::No);
    let digest = "bcrypt_sha256$$2b$10$abcdefghijklmnopqrstuusK.RhXi.IcsP9D1l7NcUlMifq7avfjG";
    let (stored, _) = taken("bcrypt_sha256_django", digest).unwrap();
    assert_eq!(compared(&stored, LONG.trim_end()), Verdict::No, "beyond 72 bytes as well");
}

#[test]
fn sec_5_forms_may_be_written_as_their_exports_differ() {
    let firebase = all().into_iter().find(|v| v.hasher == "scrypt_firebase").unwrap().digest;
    let url_safe = firebase.replace('+', "-").replace('/', "_").replace('=', "");
    assert_eq!(compared(&taken("scrypt_firebase", &url_safe).unwrap().0, PASSWORD), RIGHT);

    let werkzeug = all().into_iter().find(|v| v.hasher == "scrypt_werkzeug").unwrap().digest;
    let (head, written) = werkzeug.rsplit_once('$').unwrap();
    let in_base64 = STANDARD.encode(hex(written).unwrap());
    assert_eq!(base64(&in_base64), hex(written));
    for digest in [format!("${werkzeug}"), format!("{head}${in_base64}")] {
        assert_eq!(compared(&taken("scrypt_werkzeug", &digest).unwrap().0, PASSWORD), RIGHT, "{digest}");
    }
    let (md5, ssha) = ("4D1E37CE86D975A5D840329E5F7FAA9F", "{ssha}XyqHNNT4b2i3nSVIJMbHgRLl8NABc2FsdFn/");
    assert_eq!(compared(&taken("md5", md5).unwrap().0, PASSWORD), RIGHT);
    assert_eq!(compared(&taken("ldap_ssha", ssha).unwrap().0, PASSWORD), RIGHT);
    // Both are in Clerk's documentation.
    for (hasher, digest) in [
        (
            "argon2i",
            "$argon2i$v=19$m=4096,t=3,p=1$4t6CL3P7YiHBtwESXawI8Hm20zJj4cs7/4/G3c187e0$m7RQFczcKr5bIR0IIxbpO2P0tyrLjf3e\
             UW3M3QSwnLc",
        ),
        ("argon2id", "$argon2id$v=19$m=64,t=4,p=8$Z2liZXJyaXNo$iGXEpMBTDYQ8G/71tF0qGjxRHEmR3gpGULcE93zUJVU"),
    ] {
        assert_eq!(fault(hasher, digest), None);
    }
}

#[test]
fn sec_5_what_would_cost_too_much_is_refused() {
    let hash = "00".repeat(64);
    let many = "00".repeat(1023);
    let salt = "c29tZXNhbHQxMjM0NTY3OA";
    let tag = "A".repeat(43);
    for (hasher, allowed, refused) in [
        ("bcrypt", format!("$2b$14${}", "A".repeat(53)), format!("$2b$15${}", "A".repeat(53))),
        (
            "bcrypt_sha256_django",
            format!("bcrypt_sha256$$2b$14${}", "A".repeat(53)),
            format!("bcrypt_sha256$$2b$31${}", "A".repeat(53)),
        ),
        ("pbkdf2_sha512", format!("pbkdf2_sha512$2000000$s${hash}"), format!("pbkdf2_sha512$2000001$s${hash}")),
        ("pbkdf2_sha512", format!("pbkdf2_sha512$250000$s${many}"), format!("pbkdf2_sha512$250001$s${many}")),
        ("pbkdf2_sha1", format!("pbkdf2_sha1$1000000$s${hash}"), format!("pbkdf2_sha1$1000001$s${hash}")),
        (
            "pbkdf2_sha512_hex",
            format!("pbkdf2_sha512_hex$1$00${hash}"),
            format!("pbkdf2_sha512_hex$99999999999$00${hash}"),
        ),
        ("phpass", format!("$P$G{}", "A".repeat(30)), format!("$P$H{}", "A".repeat(30))),
        ("md5_phpass", format!("$P$G{}", "A".repeat(30)), format!("$P$z{}", "A".repeat(30))),
        ("scrypt_werkzeug", format!("scrypt:65536:8:4$s${hash}"), format!("scrypt:131072:8:1$s${hash}")),
        ("scrypt_werkzeug", format!("scrypt:65536:8:1$s${hash}"), format!("scrypt:65536:8:5$s${hash}")),
        ("scrypt_werkzeug", format!("scrypt:32768:16:1$s${hash}"), format!("scrypt:99999999999:1:1$s${hash}")),
        ("scrypt_firebase", firebase(8, 16), firebase(8, 17)),
        ("scrypt_firebase", firebase(16, 15), firebase(1, 4_000_000_000)),
        (
            "argon2id",
            format!("$argon2id$v=19$m=262144,t=10,p=16${salt}${tag}"),
            format!("$argon2id$v=19$m=262145,t=1,p=1${salt}${tag}"),
        ),
        (
            "argon2id",
            format!("$argon2id$v=19$m=8,t=1,p=1${salt}${tag}"),
            format!("$argon2id$v=19$m=8,t=11,p=1${salt}${tag}"),
        ),
        (
            "argon2i",
            format!("$argon2i$v=19$m=8,t=1,p=1${salt}${tag}"),
            format!("$argon2i$v=19$m=999,t=1,p=17${salt}${tag}"),
        ),
        ("sha512_symfony", symfony("500000"), symfony("500001")),
    ] {
        assert_eq!(fault(hasher, &allowed), None, "{hasher} {allowed}");
        assert_eq!(fault(hasher, &refused), Some(ImportFault::TooCostly), "{hasher} {refused}");
        let row = PasswordHash::from_stored(format!("{KEPT}{hasher}${refused}"));
        assert_eq!(compared(&row, PASSWORD), Verdict::No, "nor is a row compared that nobody imported");
    }
}

fn firebase(rounds: u32, memory: u32) -> String {
    let signer = "A".repeat(88);
    format!("{signer}$AAAA${signer}$Bw==${rounds}${memory}")
}

fn symfony(iterations: &str) -> String {
    format!("sha512_symfony${iterations}$salt${}==", "A".repeat(86))
}

#[test]
fn sec_5_a_form_that_is_not_the_hasher_s_is_refused() {
    let hash = "00".repeat(32);
    let tag = "A".repeat(43);
    for (hasher, digest) in [
        ("md5", "4d1e37ce86d975a5d840329e5f7faa9"),
        ("md5", "4d1e37ce86d975a5d840329e5f7faa9g"),
        ("md5", "é4d1e37ce86d975a5d840329e5f7faa9"),
        ("sha256", "4d1e37ce86d975a5d840329e5f7faa9f"),
        ("bcrypt", "$2$10$abcdefghijklmnopqrstuuXGtVQj90j0jECgujbTJ.MmomFz8zq4y"),
        ("bcrypt", "$2b$3$abcdefghijklmnopqrstuuXGtVQj90j0jECgujbTJ.MmomFz8zq4y"),
        ("bcrypt", "$2b$03$abcdefghijklmnopqrstuuXGtVQj90j0jECgujbTJ.MmomFz8zq4y"),
        ("bcrypt", "$2b$+5$abcdefghijklmnopqrstuuXGtVQj90j0jECgujbTJ.MmomFz8zq4y"),
        ("bcrypt", "$2b$10$abcdefghijklmnopqrstuuXGtVQj90j0jECgujbTJ.MmomFz8zq4"),
        ("bcrypt", "$2b$10$abcdefghijklmnopqrstuéXGtVQj90j0jECgujbTJ.MmomFz8zq4y"),
        ("bcrypt_sha256_django", "$2b$10$abcdefghijklmnopqrstuuXGtVQj90j0jECgujbTJ.MmomFz8zq4y"),
        ("ldap_ssha", "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="),
        ("ldap_ssha", "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="),
        ("phpass", "$S$DqWqjWTmBZkvKy650W6Mzn0sdqWqjW"),
        ("phpass", "$P$4ohUJ.1sdqWqjWTmBZkvKy650W6Mzn0"),
        ("phpass", "U$P$6ohUJ.1sdj5leyfY6ClMs.DAjWU88B1"),
        ("pbkdf2_sha1", &format!("pbkdf2_sha1$1000$salt${hash}$31")),
        ("pbkdf2_sha1", &format!("pbkdf2_sha1$1000$${hash}")),
        ("pbkdf2_sha256", &format!("pbkdf2_sha256$1000$AA==${tag}=$32")),
        ("pbkdf2_sha256", &format!("pbkdf2_sha256$0$AA==${tag}=")),
        ("pbkdf2_sha256", &format!("pbkdf2_sha256$-1$AA==${tag}=")),
        ("pbkdf2_sha256", &format!("pbkdf2_sha256$$AA==${tag}=")),
        ("pbkdf2_sha256", "pbkdf2_sha256$1000$AA==$AAAA"),
        ("pbkdf2_sha512", &format!("pbkdf2_sha512$1000$salt${}", "00".repeat(1024))),
        ("pbkdf2_sha512_hex", &format!("pbkdf2_sha512$1000$00${hash}")),
        ("pbkdf2_sha512_hex", &format!("pbkdf2_sha512_hex$1000$salt${hash}")),
        ("scrypt_firebase", "AAAA$AAAA$AAAA$Bw==$8$14"),
        ("scrypt_firebase", &firebase(0, 14)),
        ("scrypt_firebase", &firebase(8, 0)),
        ("scrypt_werkzeug", &format!("scrypt:1000:8:1$salt${hash}{hash}")),
        ("scrypt_werkzeug", &format!("scrypt:1024:8:0$salt${hash}{hash}")),
        ("scrypt_werkzeug", &format!("pbkdf2:sha256:1000$salt${hash}{hash}")),
        ("argon2i", &format!("$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ${tag}")),
        ("argon2id", &format!("$argon2id$v=18$m=64,t=2,p=1$c29tZXNhbHQ${tag}")),
        ("argon2id", &format!("$argon2id$v=19$m=64,t=2,p=1,data=AA$c29tZXNhbHQ${tag}")),
        ("argon2id", &format!("$argon2id$v=19$m=7,t=2,p=1$c29tZXNhbHQ${tag}")),
        ("argon2id", &format!("$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ${tag}")),
        ("argon2id", &format!("$argon2id$v=19$m=64,t=2,p=0$c29tZXNhbHQ${tag}")),
        ("sha512_symfony", &symfony("0")),
        ("sha512_symfony", &symfony("1").replace("salt", "sa{t")),
    ] {
        assert_eq!(fault(hasher, digest), Some(ImportFault::Malformed), "{hasher} {digest}");
    }
}

#[test]
fn sec_5_a_row_that_was_damaged_means_no() {
    for damaged in [
        "$kept$",
        "$kept$md5",
        "$kept$md4$00",
        "$over$",
        "$over$md5$4d1e37ce86d975a5d840329e5f7faa9f",
        "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA$over$md5$4d1e37ce86d975a5d840329e5f7faa9f",
        "$2",
        "$2b$10$",
    ] {
        assert_eq!(compared(&PasswordHash::from_stored(damaged.into()), PASSWORD), Verdict::No, "{damaged}");
    }
    let (stored, _) = taken("md5", "4d1e37ce86d975a5d840329e5f7faa9f").unwrap();
    let other = stored.expose().replace("$over$md5$", "$over$sha256$");
    assert_eq!(compared(&PasswordHash::from_stored(other), PASSWORD), Verdict::No);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn sec_5_no_digest_panics(which in 0..usize::MAX, at in 0..usize::MAX, put in "\\PC{0,3}", cut in 0..4_usize) {
        let cheap: Vec<_> = all().into_iter().filter(|v| !v.strong && v.digest.len() < 120).collect();
        let Vector { hasher, digest, .. } = cheap[which % cheap.len()];
        let at = at % digest.len();
        let changed = format!("{}{put}{}", &digest[..at], digest.get(at + cut..).unwrap_or_default());
        for vector in &cheap {
            prop_assert!(import(vector.hasher, &put).is_err());
        }
        // It may have become a costly form; only what is read is asked of those.
        if let Ok(Imported::Weak(weak)) = import(hasher, &changed) {
            let memory = &mut HashMemory::new(COST);
            let stored = wrap(&weak, COST, [7; 16], memory);
            prop_assert!(stored.expose().len() < 2 * LONGEST);
        }
        prop_assert_eq!(compared(&PasswordHash::from_stored(put), PASSWORD), Verdict::No);
    }
}
