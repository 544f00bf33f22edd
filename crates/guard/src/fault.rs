//! What is wrong with a guard's settings, all of it at once.

use std::fmt;

/// One setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The setting's name.
    pub setting: &'static str,
    /// What is wrong with it.
    pub problem: String,
    /// What to write instead.
    pub write: &'static str,
}

/// The settings make no guard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct BuildError {
    /// All that is wrong.
    pub faults: Vec<Fault>,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the guard's settings cannot be used")?;
        for Fault { setting, problem, write } in &self.faults {
            write!(f, "\n  {setting} {problem}: {write}")?;
        }
        Ok(())
    }
}

/// Collects faults.
#[derive(Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub fn add(&mut self, setting: &'static str, problem: String, write: &'static str) {
        self.0.push(Fault { setting, problem, write });
    }

    pub fn unless(&mut self, good: bool, setting: &'static str, problem: &str, write: &'static str) {
        if !good {
            self.add(setting, problem.to_owned(), write);
        }
    }

    /// The value, or none and a fault.
    pub fn take<T>(&mut self, setting: &'static str, read: Result<T, (String, &'static str)>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err((problem, write)) => {
                self.add(setting, problem, write);
                None
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Faults> for BuildError {
    fn from(faults: Faults) -> Self {
        Self { faults: faults.0 }
    }
}
