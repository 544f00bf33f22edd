//! What a new password must be: long enough, not common, not about its owner, and hard to guess (SEC-1, SEC-3).

use super::Password;
use zxcvbn::{Score, feedback::Suggestion, feedback::Warning, zxcvbn};

/// zxcvbn's time grows faster than its input.
const LOOKED_AT: usize = 100;

/// An instance's rule for new passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordRule {
    /// The least number of code points, 8 to 64.
    pub min_length: u8,
    /// The least score of 0 to 4.
    pub min_score: u8,
}

impl Default for PasswordRule {
    fn default() -> Self {
        Self { min_length: 8, min_score: 3 }
    }
}

/// What was found about a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// How hard it is to guess, 0 to 4.
    pub score: u8,
    /// Why it cannot be used, if so.
    pub fault: Option<PasswordFault>,
    /// Message keys of what would make it better.
    pub suggestions: Vec<&'static str>,
}

/// Why a password cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Too few characters.
    #[error("shorter than {min} characters")]
    TooShort {
        /// How many it needs.
        min: u8,
    },
    /// On a list of passwords that are tried first.
    #[error("one of the most common passwords")]
    Common,
    /// Made of the person's or the product's own words.
    #[error("made of words about you")]
    AboutYou,
    /// Guessed too quickly.
    #[error("too easy to guess")]
    TooWeak,
    /// In a list of passwords that became known elsewhere.
    #[error("known from a breach")]
    Breached,
}

impl PasswordFault {
    /// The stable name, which is the message's key too.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooShort { .. } => "password_too_short",
            Self::Common => "password_common",
            Self::AboutYou => "password_about_you",
            Self::TooWeak => "password_too_weak",
            Self::Breached => "password_breached",
        }
    }
}

impl PasswordRule {
    /// Looks at a password; `about` are words of the person and the product.
    pub fn assess(&self, password: &Password, about: &[&str]) -> Assessment {
        let text = password.text();
        let words = words(about);
        let inputs: Vec<&str> = words.iter().map(String::as_str).collect();
        let looked_at: String = text.chars().take(LOOKED_AT).collect();
        let found = zxcvbn(&looked_at, &inputs);
        let score = number(found.score());
        let warning = found.feedback().and_then(zxcvbn::feedback::Feedback::warning);
        let suggestions = found.feedback().map(|f| f.suggestions().iter().map(key).collect()).unwrap_or_default();
        let fault = if text.chars().count() < usize::from(self.min_length) {
            Some(PasswordFault::TooShort { min: self.min_length })
        } else if is_about(text, &words) {
            Some(PasswordFault::AboutYou)
        } else if is_common(warning) {
            Some(PasswordFault::Common)
        } else if score < self.min_score {
            Some(PasswordFault::TooWeak)
        } else {
            None
        };
        Assessment { score, fault, suggestions }
    }
}

/// The words themselves and their parts: of an address its local part, of a host its labels.
fn words(about: &[&str]) -> Vec<String> {
    let mut words = Vec::new();
    for text in about {
        let lower: String = text.to_lowercase().chars().take(LOOKED_AT).collect();
        words.extend(lower.split(['@', '.', ' ', '-', '_', '+']).filter(|w| w.chars().count() >= 3).map(String::from));
        words.push(lower);
    }
    words
}

/// Whether little is left of it without the person's own words.
fn is_about(text: &str, words: &[String]) -> bool {
    let mut rest = text.to_lowercase();
    let before = rest.chars().count();
    for word in words.iter().filter(|w| w.chars().count() >= 3) {
        rest = rest.replace(word.as_str(), "");
    }
    let left = rest.chars().filter(|c| c.is_alphanumeric()).count();
    rest.chars().count() < before && left < 5
}

fn is_common(warning: Option<Warning>) -> bool {
    matches!(
        warning,
        Some(Warning::ThisIsATop10Password | Warning::ThisIsATop100Password | Warning::ThisIsACommonPassword)
    )
}

fn number(score: Score) -> u8 {
    match score {
        Score::One => 1,
        Score::Two => 2,
        Score::Three => 3,
        Score::Four => 4,
        _ => 0,
    }
}

fn key(suggestion: &Suggestion) -> &'static str {
    match suggestion {
        Suggestion::UseAFewWordsAvoidCommonPhrases => "password_use_words",
        Suggestion::NoNeedForSymbolsDigitsOrUppercaseLetters => "password_no_need_for_symbols",
        Suggestion::AddAnotherWordOrTwo => "password_add_words",
        Suggestion::CapitalizationDoesntHelpVeryMuch | Suggestion::AllUppercaseIsAlmostAsEasyToGuessAsAllLowercase => {
            "password_capitals_help_little"
        }
        Suggestion::ReversedWordsArentMuchHarderToGuess => "password_reversed_helps_little",
        Suggestion::PredictableSubstitutionsDontHelpVeryMuch => "password_substitutions_help_little",
        Suggestion::UseALongerKeyboardPatternWithMoreTurns => "password_longer_pattern",
        Suggestion::AvoidRepeatedWordsAndCharacters => "password_avoid_repeats",
        Suggestion::AvoidSequences => "password_avoid_sequences",
        Suggestion::AvoidRecentYears
        | Suggestion::AvoidYearsThatAreAssociatedWithYou
        | Suggestion::AvoidDatesAndYearsThatAreAssociatedWithYou => "password_avoid_dates",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str, about: &[&str]) -> Option<PasswordFault> {
        PasswordRule::default().assess(&Password::parse(text.into()).unwrap(), about).fault
    }

    #[test]
    fn sec_1_short_ones_are_refused() {
        assert_eq!(fault("k9#vQ2x", &[]), Some(PasswordFault::TooShort { min: 8 }));
        assert_eq!(fault("k9#vQ2xMr7", &[]), None);
        let strict = PasswordRule { min_length: 15, min_score: 3 };
        let of = |n: usize| strict.assess(&Password::parse("k9#vQ2xMr7&pL4wZ"[..n].into()).unwrap(), &[]).fault;
        assert_eq!(of(14), Some(PasswordFault::TooShort { min: 15 }));
        assert_eq!(of(15), None);
    }

    #[test]
    fn sec_3_common_and_personal_ones_are_refused() {
        assert_eq!(fault("password1", &[]), Some(PasswordFault::Common));
        assert_eq!(fault("aaaaaaaaaaaa", &[]), Some(PasswordFault::TooWeak));
        let about = ["Lovelace", "ada.lovelace@example.com", "Acme", "auth.acme.example"];
        for own in ["lovelace1815", "AdaLovelace", "acme-acme", "ada.lovelace@example.com"] {
            assert_eq!(fault(own, &about), Some(PasswordFault::AboutYou), "{own}");
        }
        assert_eq!(fault("correct horse battery staple", &about), None);
    }

    #[test]
    fn sec_2_no_composition_is_asked_for() {
        assert_eq!(fault("tidal lantern mosaic", &[]), None);
        assert_eq!(fault("🦊 läuft über die Brücke", &[]), None);
    }
}
