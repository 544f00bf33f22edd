//! Reading the forms of a page: enough HTML for the pages that we make.

/// A form as it stands in a page.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Where it is sent; empty means the page's own address.
    pub action: String,
    /// Its inputs, in their order.
    pub inputs: Vec<Input>,
}

/// One `<input>`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// The name it is sent under.
    pub name: String,
    /// `hidden`, `email`, `password`, …
    pub kind: String,
    /// What the page put in.
    pub value: String,
    /// What it is for, in the browser's words.
    pub autocomplete: String,
}

/// All forms of a page that are sent by POST.
pub fn forms(html: &str) -> Vec<Form> {
    html.split("<form")
        .skip(1)
        .filter_map(|rest| {
            let body = rest.split("</form>").next()?;
            let head = body.split('>').next()?;
            let posts = attribute(head, "method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
            posts.then(|| Form {
                action: attribute(head, "action").unwrap_or_default(),
                inputs: body.split("<input").skip(1).filter_map(input).collect(),
            })
        })
        .collect()
}

fn input(rest: &str) -> Option<Input> {
    let head = rest.split('>').next()?;
    Some(Input {
        name: attribute(head, "name")?,
        kind: attribute(head, "type").unwrap_or_else(|| "text".to_owned()),
        value: attribute(head, "value").unwrap_or_default(),
        autocomplete: attribute(head, "autocomplete").unwrap_or_default(),
    })
}

fn attribute(head: &str, name: &str) -> Option<String> {
    let (_, rest) = head.split_once(&format!(" {name}=\"")).or_else(|| head.split_once(&format!("\n{name}=\"")))?;
    let value = rest.split('"').next()?;
    Some(unescaped(value))
}

/// An attribute's text, its references resolved.
pub fn unescaped(text: &str) -> String {
    text.replace("&#x2f;", "/")
        .replace("&#x27;", "'")
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_its_hidden_fields() {
        let html = r#"<form method="get" action="/x"></form>
            <form method="post" action="&#x2f;sign-in"><input type="hidden" name="csrf" value="a&amp;b">
            <input id="e" name="email" type="email" autocomplete="username"></form>"#;
        let found = forms(html);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].action, "/sign-in");
        assert_eq!(found[0].inputs[0].value, "a&b");
        assert_eq!(found[0].inputs[1].autocomplete, "username");
    }
}
