//! What somebody may have meant.

/// The known name nearest to what was written, if it is near at all.
pub fn nearest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let score = |name: &str| {
        let whole = strsim::jaro_winkler(written, name);
        // The right key under the wrong section, or under none.
        let key = |text: &str| text.rsplit('.').next().unwrap_or_default().to_owned();
        let last = strsim::jaro_winkler(&key(written), &key(name));
        whole.max(last * 0.97)
    };
    known
        .iter()
        .map(|name| (score(name), *name))
        .filter(|(score, _)| *score > 0.82)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_hand_and_wrong_sections() {
        let known = ["server.listen", "server.data", "mail.from", "mail.smtp", "site.name"];
        assert_eq!(nearest("server.lisen", &known), Some("server.listen"));
        assert_eq!(nearest("mail.smpt", &known), Some("mail.smtp"));
        assert_eq!(nearest("server.name", &known), Some("site.name"));
        assert_eq!(nearest("colour.of.the.sky", &known), None);
    }
}
