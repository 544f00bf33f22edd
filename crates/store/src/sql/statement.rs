//! Statements: written once with `$1`, `$2`…, where the number is the argument's, on both engines.

use std::sync::OnceLock;

/// A statement, in one text or in one for each engine.
pub(crate) struct Sql {
    sqlite: &'static str,
    postgres: &'static str,
    numbered: OnceLock<String>,
}

impl Sql {
    pub(crate) const fn one(text: &'static str) -> Self {
        Self::two(text, text)
    }

    pub(crate) const fn two(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite, postgres, numbered: OnceLock::new() }
    }

    /// For SQLite, which takes `$1` for a name and numbers names by first appearance: `?1` is a number.
    pub(crate) fn sqlite(&self) -> &str {
        self.numbered.get_or_init(|| self.sqlite.replace('$', "?"))
    }

    pub(crate) fn postgres(&self) -> &'static str {
        self.postgres
    }

    #[cfg(test)]
    pub(crate) fn texts(&self) -> [&'static str; 2] {
        [self.sqlite, self.postgres]
    }
}

/// Declares a module's statements, and the list of them.
#[macro_export]
#[doc(hidden)]
macro_rules! statements {
    (@sql $text:literal) => { $crate::sql::Sql::one($text) };
    (@sql ($text:expr)) => { $crate::sql::Sql::one($text) };
    (@sql two $sqlite:literal $postgres:literal) => { $crate::sql::Sql::two($sqlite, $postgres) };
    ($($name:ident = $text:tt $(($sqlite:literal, $postgres:literal))?;)*) => {
        $(static $name: $crate::sql::Sql = $crate::statements!(@sql $text $($sqlite $postgres)?);)*
        #[cfg(test)]
        pub(crate) static ALL: &[&$crate::sql::Sql] = &[$(&$name),*];
    };
}

#[cfg(test)]
mod tests {
    use crate::sql::all;
    use std::collections::BTreeSet;

    /// The numbers of a text's arguments.
    fn numbers(text: &str) -> BTreeSet<usize> {
        let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>();
        text.split('$').skip(1).map(|part| digits(part).parse().unwrap()).collect()
    }

    #[test]
    fn arguments_are_numbered_without_gaps_and_alike_on_both_engines() {
        for sql in all() {
            let [sqlite, postgres] = sql.texts().map(numbers);
            assert_eq!(sqlite, postgres);
            assert!(sqlite.iter().copied().eq(1..=sqlite.len()), "{}", sql.texts()[0]);
        }
    }

    #[test]
    fn no_statement_uses_what_the_engines_read_differently() {
        let forbidden =
            [" LIKE ", "GREATEST(", "LEAST(", "SUM(", "SELECT *", "NOW()", "RANDOM()", " ILIKE ", "MAX(", "MIN("];
        for sql in all() {
            for text in sql.texts() {
                let upper = text.to_uppercase();
                for bad in forbidden {
                    assert!(!upper.contains(bad), "{bad} in {text}");
                }
                let returning = upper.split("RETURNING").nth(1).unwrap_or_default();
                assert!(!returning.contains("SELECT"), "{text}");
            }
        }
    }
}
