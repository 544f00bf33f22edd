//! Forms, read strictly: every field once, none that is not known, text without NUL (SEC-111).

use std::collections::BTreeMap;

/// What is wrong with a form as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormFault {
    /// The content type is not that of a form.
    #[error("the content type must be application/x-www-form-urlencoded")]
    WrongType,
    /// A field comes twice.
    #[error("a field comes twice")]
    Duplicate,
    /// A field is not known here.
    #[error("a field is not known here")]
    Unknown,
    /// Text that is not UTF-8, or holds NUL.
    #[error("the form holds text that cannot be read")]
    NotText,
}

impl FormFault {
    /// The stable name, which is the message's key too.
    pub fn code(self) -> &'static str {
        match self {
            Self::WrongType => "form_wrong_type",
            Self::Duplicate => "form_duplicate_field",
            Self::Unknown => "form_unknown_field",
            Self::NotText => "form_not_text",
        }
    }
}

/// A form's fields.
#[derive(Debug, Default)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// A field's text; empty when it is not there.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Takes a field's text out, as for a password.
    pub fn take(&mut self, name: &str) -> String {
        self.0.remove(name).unwrap_or_default()
    }

    /// Whether a box was ticked.
    pub fn is_ticked(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// Reads a form that may have these fields and no others.
///
/// # Errors
/// What is wrong with it as a whole.
pub fn read_form(content_type: Option<&str>, body: &[u8], known: &[&str]) -> Result<Fields, FormFault> {
    let kind = content_type.and_then(|t| t.split(';').next()).unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(FormFault::WrongType);
    }
    let mut fields = BTreeMap::new();
    for pair in body.split(|b| *b == b'&').filter(|p| !p.is_empty()) {
        let at = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
        let (name, value) = pair.split_at(at);
        let (name, value) = (decode(name)?, decode(value.get(1..).unwrap_or_default())?);
        if !known.contains(&name.as_str()) {
            return Err(FormFault::Unknown);
        }
        if fields.insert(name, value).is_some() {
            return Err(FormFault::Duplicate);
        }
    }
    Ok(Fields(fields))
}

fn decode(raw: &[u8]) -> Result<String, FormFault> {
    let spaced: Vec<u8> = raw.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    let text = percent_encoding::percent_decode(&spaced).decode_utf8().map_err(|_| FormFault::NotText)?;
    if text.contains('\0') { Err(FormFault::NotText) } else { Ok(text.into_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded; charset=utf-8");

    #[test]
    fn sec_111_forms_are_read_strictly() {
        let read = |body: &str| read_form(FORM, body.as_bytes(), &["a", "b"]);
        let fields = read("a=1+2%20%C3%A4&b=").unwrap();
        assert_eq!((fields.text("a"), fields.text("b"), fields.is_ticked("c")), ("1 2 ä", "", false));
        assert_eq!(read("a=1&a=2").unwrap_err(), FormFault::Duplicate);
        assert_eq!(read("role=admin").unwrap_err(), FormFault::Unknown);
        assert_eq!(read("a=%00").unwrap_err(), FormFault::NotText);
        assert_eq!(read("a=%ff").unwrap_err(), FormFault::NotText);
        for kind in [None, Some("application/json"), Some("text/plain"), Some("multipart/form-data")] {
            assert_eq!(read_form(kind, b"a=1", &["a"]).unwrap_err(), FormFault::WrongType);
        }
    }
}
