//! QR codes as pictures inside a page.

use qrcode::{EcLevel, QrCode, render::svg};

/// A text as an SVG, black on white in every theme, since cameras want it so. Empty when it is too long for one, which
/// no text of ours is.
pub(super) fn svg(text: &str, label: &str) -> String {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else { return String::new() };
    let picture = code.render::<svg::Color>().min_dimensions(220, 220).build();
    let body = picture.split_once("?>").map_or(picture.as_str(), |(_, body)| body);
    let mut label_text = String::new();
    for c in label.chars() {
        match c {
            '&' => label_text.push_str("&amp;"),
            '<' => label_text.push_str("&lt;"),
            '"' => label_text.push_str("&quot;"),
            other => label_text.push(other),
        }
    }
    body.replacen("<svg ", &format!("<svg class=\"qr\" role=\"img\" aria-label=\"{label_text}\" "), 1)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_picture_carries_its_words_and_no_style() {
        let svg = super::svg("otpauth://totp/Acme:ada%40example.com?secret=AAAA&issuer=Acme", "A \"picture\" <");
        assert!(
            svg.starts_with("<svg class=\"qr\" role=\"img\" aria-label=\"A &quot;picture&quot; &lt;\" "),
            "{svg:.120}"
        );
        assert!(svg.trim_end().ends_with("</svg>") && !svg.contains("style="));
    }
}
