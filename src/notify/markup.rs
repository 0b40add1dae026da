//! HTML that is made of text: nothing becomes a tag but what this program writes as one.

/// A piece of HTML. Text gets in through [`Markup::text`] alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Markup(String);

impl Markup {
    /// A tag of this program's own.
    pub(super) fn tag(&mut self, tag: &'static str) -> &mut Self {
        self.0.push_str(tag);
        self
    }

    /// Text, printable and escaped.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for c in crate::printable::printable(text).chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
        self
    }

    /// Text between two tags.
    pub(super) fn element(&mut self, open: &'static str, text: &str, close: &'static str) -> &mut Self {
        self.tag(open).text(text).tag(close)
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_never_becomes_a_tag_an_attribute_or_a_line() {
        let mut markup = Markup::default();
        markup.element("<td>", "<script>alert(\"x\" & 'y')</script>\r\n\u{202e}\u{1b}[2J", "</td>");
        assert_eq!(
            markup.finish(),
            "<td>&lt;script&gt;alert(&quot;x&quot; &amp; &#39;y&#39;)&lt;/script&gt;\\r\\n\\u{202e}\\u{1b}[2J</td>"
        );
    }
}
