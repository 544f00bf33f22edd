//! Hashes as other systems made them. Nothing here was computed by our own code.

/// One hash, and what it must be read as.
pub(super) struct Vector {
    pub hasher: &'static str,
    pub digest: &'static str,
    pub password: &'static str,
    pub strong: bool,
}

const WEAK: fn(&'static str, &'static str) -> Vector =
    |hasher, digest| Vector { hasher, digest, password: PASSWORD, strong: false };
const STRONG: fn(&'static str, &'static str) -> Vector =
    |hasher, digest| Vector { hasher, digest, password: PASSWORD, strong: true };

pub(super) const PASSWORD: &str = "tidal lantern mösaic";
/// 200 bytes, which is more than bcrypt reads of any password.
pub(super) const LONG: &str = "long long long long long long long long long long long long long long long long long \
    long long long long long long long long long long long long long long long long long long long long long long \
    long ";

pub(super) fn all() -> Vec<Vector> {
    [argon2_cffi(), bcrypt(), django(), hashlib(), php(), firebase_and_werkzeug()].into_iter().flatten().collect()
}

/// By argon2-cffi 25.1.
fn argon2_cffi() -> Vec<Vector> {
    vec![
        WEAK(
            "argon2i",
            "$argon2i$v=19$m=64,t=3,p=1$c29tZXNhbHQxMjM0NTY3OA$akRMiem7PTcSlU7UMJJeXl2234vT2R/zODKIcf/KaG8",
        ),
        STRONG(
            "argon2i",
            "$argon2i$v=19$m=12288,t=3,p=1$c29tZXNhbHQxMjM0NTY3OA$wlFl6arL70STztCn1ECca7pivNzwpjWjhs8kM85VgaQ",
        ),
        WEAK("argon2id", "$argon2id$v=19$m=64,t=2,p=2$c29tZXNhbHQxMjM0NTY3OA$VO2gmtq2qrpPwKN/hopKcw"),
        WEAK(
            "argon2id",
            "$argon2id$v=16$m=64,t=2,p=1$c29tZXNhbHQxMjM0NTY3OA$sILgocMY0hk4Q8cF2Xr6tZcn3Y0T1NCgmzbHflLDXHU",
        ),
        STRONG(
            "argon2id",
            "$argon2id$v=19$m=7168,t=5,p=1$c29tZXNhbHQxMjM0NTY3OA$ys1hLE9Jo1qqpd1dsK1LWN9pgCULdI5V7uAeTSROwJI",
        ),
    ]
}

/// By Python's bcrypt 5.0, and the last by PHP 8.2.
fn bcrypt() -> Vec<Vector> {
    vec![
        WEAK("bcrypt", "$2a$04$abcdefghijklmnopqrstuuLWDbONVMBB6v/cId.1LlrVCDpSkuG.q"),
        STRONG("bcrypt", "$2b$10$abcdefghijklmnopqrstuuXGtVQj90j0jECgujbTJ.MmomFz8zq4y"),
        STRONG("bcrypt", "$2y$10$wMLXGS5nX5o8DRQsjsmQiuUTjobEFwMKwxcO0gQKA8t3f5plHnSBW"),
    ]
}

/// By Django 5.2.
fn django() -> Vec<Vector> {
    vec![
        WEAK("bcrypt_sha256_django", "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuuvXSHawqOJTjUtCHo2TP/JIWTrJR4AUu"),
        Vector {
            password: LONG,
            ..STRONG(
                "bcrypt_sha256_django",
                "bcrypt_sha256$$2b$10$abcdefghijklmnopqrstuusK.RhXi.IcsP9D1l7NcUlMifq7avfjG",
            )
        },
        WEAK("pbkdf2_sha256_django", "pbkdf2_sha256$1000$kQ3vN8xT2mZr$s+wOs4kZTExzrE7Fbrv+1EZk2ffDXp5cpShb/09zhxc="),
        STRONG(
            "pbkdf2_sha256_django",
            "pbkdf2_sha256$600000$kQ3vN8xT2mZr$2qRg8qPq4eDoO8XH3ANmZbWz3EhO7fUZoENSWDvsbXM=",
        ),
    ]
}

/// By Python 3.11's hashlib, except LDAP's, which is by passlib 1.7.
fn hashlib() -> Vec<Vector> {
    vec![
        WEAK("md5", "4d1e37ce86d975a5d840329e5f7faa9f"),
        WEAK("sha256", "66c8bbacb2a2bc67e7f89a56e35907258b6b1d9db6398af39f68bbf50ffc0d85"),
        WEAK("ldap_ssha", "{SSHA}XyqHNNT4b2i3nSVIJMbHgRLl8NABc2FsdFn/"),
        WEAK(
            "pbkdf2_sha1",
            "pbkdf2_sha1$1000$Salz und Pfeffer$791f309da4c09989d48492bbed7741aab9a2261dd5e989cb0029d45a39f5a20b",
        ),
        WEAK("pbkdf2_sha1", "pbkdf2_sha1$1000$00ff10a5$51c3c79b5022181dd63319855ae0cae8d8f0a3d2$20"),
        STRONG(
            "pbkdf2_sha1",
            "pbkdf2_sha1$1300000$00ff10a5$8263bb5a7e28b2084707283386e6f9ceb08c2d35e2531497ab34879df80fdf09",
        ),
        WEAK("pbkdf2_sha256", "pbkdf2_sha256$1000$AP8QpT4=$jUTucOj/kTbmqQBsazfZIb2+fEvF2W0QmCye3HNvPjI="),
        WEAK(
            "pbkdf2_sha512",
            "pbkdf2_sha512$1000$00ff salt$fa091ea846c47f50bc71081273f57b276e8b2ea3b4a91cb30d3733df3d06b018684849ea28dc\
             a023e397e37fe0caa7d868bf9baafdd78ccb9e1ac1b6b36b2533",
        ),
        STRONG(
            "pbkdf2_sha512",
            "pbkdf2_sha512$210000$00ff salt$9115873a945f89769b2b237627bbbbfd0dfa01d93692ff277b82001cd224cb12a38ceba6e0\
             f93e9a71f336f9316c426d143fc265b98f3700ad352ffe4941a804",
        ),
        WEAK(
            "pbkdf2_sha512_hex",
            "pbkdf2_sha512_hex$1000$00ff10a5$3bbfb3f0f045c86e5c853e853e6f6e2aa8841447cddb9f2f65741df6c8db91e20b7541b2b\
             39db2f1677ba128bb7ce1dd78bdd4a9cb777df1964887b1d6c48a5714119ceaa42562ad238220a991f6e11060ad28d0a0e9ff0908\
             43339d98ad046d38340dc1",
        ),
    ]
}

/// The portable hashes by passlib 1.7, then one by wordpress-hash-node 1.0; the rest by Symfony 5.4 on PHP 8.2.
fn php() -> Vec<Vector> {
    vec![
        WEAK("phpass", "$P$6ohUJ.1sdqWqjWTmBZkvKy650W6Mzn0"),
        WEAK("phpass", "$H$5ohUJ.1sdE0tcNS89WbGn/Arav6A2E0"),
        WEAK("md5_phpass", "$P$6ohUJ.1sdj5leyfY6ClMs.DAjWU88B1"),
        WEAK("md5_phpass", "U$P$6ohUJ.1sdj5leyfY6ClMs.DAjWU88B1"),
        Vector { password: "tidal lantern mosaic", ..WEAK("phpass", "$P$Bk6KHOpKFkVrPUTG7Rg5GZ4VRxLoOw0") },
        WEAK(
            "sha512_symfony",
            "sha512_symfony$5000$b1m7ya0sxk0sk4$dZegxSoBKo4uIOc1nHwUPTR2cK5VDKybrcrOMUpl0ZKiL6WwxTMwoutQx2D8Sz8EULyue\
             X369ctxwMQqCa15Gg==",
        ),
        WEAK(
            "sha512_symfony",
            "sha512_symfony$1$$SGvlGK9Mf7sW1oVczn4PUnK8ki5pR4n0wSwMX/PiV1Kz1SybqVftC0N4PH0NzVMKXWkKvXkFb7iDbDPpiURL7A=\
             =",
        ),
    ]
}

/// By firebase-scrypt 2.2, of which the second is the one that Firebase publishes, and by Werkzeug 3.1.
fn firebase_and_werkzeug() -> Vec<Vector> {
    vec![
        WEAK(
            "scrypt_firebase",
            "mx9CDehPBBQ6nRoC6KbcP07jed/kFLG9Pxgw0zkSd05uKD06cPOl8jExJ/m7O17vkApa+5W3NBhzAtX2/p0XyQ==$42xEC+ixf3L2lw==$\
             jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$Bw==$8$10",
        ),
        Vector {
            password: "user1password",
            ..WEAK(
                "scrypt_firebase",
                "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==$42xEC+ixf3L2\
                 lw==$jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$Bw==$8$14",
            )
        },
        WEAK(
            "scrypt_werkzeug",
            "scrypt:1024:8:1$aB3dE5gH7jK9mN1p$8817151e1e4b167690aaebe1850443e5364d6f5574975287f66cd46b4f9ad4f063d6a0ba4\
             2a3f85406f1c01986b4238abc79e720a57f22c770530a9d21e8e271",
        ),
        STRONG(
            "scrypt_werkzeug",
            "scrypt:32768:8:3$aB3dE5gH7jK9mN1p$ff91c74df8fca45310d56edab9f9f2e8484ab4ee093e17fae094ca386da861041990cd22\
             1ee5425cc81cb8bfd6f07c5929d7ded539ede7550929dec289a5d632",
        ),
    ]
}
