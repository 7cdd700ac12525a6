//! Texts made from payloads: titles and the bodies of actions. A template names only declared fields,
//! cannot loop for long, and fails rather than leave a hole.

use super::Policy;
use super::diagnostic::did_you_mean;
use super::field::Field;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use pieces::Piece;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

mod holes;
mod pieces;
mod spoken;
mod title;

pub use title::Title;

/// What a template is called within its own environment.
const COMPILED: &str = "template";

/// Longer templates are refused.
const SOURCE_MAX: usize = 8 << 10;
/// A body takes this many steps at most; 64 bytes are one.
const FUEL: u64 = 20_000;
/// A title takes fewer: it is made whenever a request is shown.
const TITLE_FUEL: u64 = 5_000;
/// Nothing rendered is longer, in bytes.
const RENDERED_MAX: usize = 1 << 20;
/// A title is this many characters at most.
const TITLE_MAX: usize = 200;

/// A checked template. It is compiled once: titles are made at every turn of a request.
#[derive(Clone)]
pub struct Template {
    source: String,
    /// What it names: nothing else of a payload is prepared for it.
    names: Vec<String>,
    /// Where it only puts values between texts, as most titles do.
    pieces: Option<Vec<Piece>>,
    /// Holds the one template [`COMPILED`].
    compiled: Arc<Environment<'static>>,
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.compiled.fuel() == other.compiled.fuel()
    }
}

impl Eq for Template {}

impl std::fmt::Debug for Template {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Template").field(&self.source).finish()
    }
}

/// What is wrong with a template, and what to write instead.
pub type TemplateFault = (String, Option<String>);

impl Template {
    /// Checks a title: it may name the payload's fields.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn title(source: &str, fields: &[Field]) -> Result<Self, TemplateFault> {
        Self::checked(source, fields.iter().map(|field| field.name.as_str()).collect(), TITLE_FUEL)
    }

    /// Checks a body: it may name the payload's fields, and `request`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn body(source: &str, fields: &[Field]) -> Result<Self, TemplateFault> {
        Self::checked(source, fields.iter().map(|field| field.name.as_str()).chain(["request"]).collect(), FUEL)
    }

    fn checked(source: &str, known: Vec<&str>, fuel: u64) -> Result<Self, TemplateFault> {
        if source.len() > SOURCE_MAX {
            return Err((format!("the template is {} bytes long: at most {SOURCE_MAX} are taken", source.len()), None));
        }
        if repeats(source) {
            return Err(("a template does not multiply: `*` repeats texts without bound".to_owned(), None));
        }
        let mut environment = environment(fuel);
        let unread = |error| (format!("the template cannot be read: {}", plain(&error)), None);
        environment.add_template_owned(COMPILED, source.to_owned()).map_err(unread)?;
        let template = environment.get_template(COMPILED).map_err(unread)?;
        let mut named: Vec<String> = template.undeclared_variables(false).into_iter().collect();
        named.sort();
        if let Some(unknown) = named.iter().find(|name| !known.contains(&name.as_str())) {
            return Err((format!("the template names `{unknown}`, which is no field of the payload"), did_you_mean(unknown, known)));
        }
        Ok(Self { source: source.to_owned(), names: named, pieces: pieces::of(source), compiled: Arc::new(environment) })
    }

    /// What is wrong where the template needs an optional field to be there: it would fail when it is rendered.
    #[must_use]
    pub fn hole(&self, fields: &[Field]) -> Option<TemplateFault> {
        let name = holes::unguarded(&self.source, fields)?;
        let message = format!("the template prints `{name}`, which is optional: where it is absent, nothing can be rendered");
        let suggestion = format!("`{{{{ {name} | default('-') }}}}`, `{{{{ {name} | json }}}}`, or within `{{% if {name} %}}`");
        Some((message, Some(suggestion)))
    }

    /// The first of these names that it uses, wherever it does.
    #[must_use]
    pub fn uses<'n>(&self, mut names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
        names.find(|name| self.names.iter().any(|used| used == name))
    }

    /// As written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text made with these values.
    ///
    /// # Errors
    /// When a value is absent that the template prints, or it takes too long.
    pub fn render(&self, values: &Value) -> Result<String, String> {
        self.rendered(values, None)
    }

    /// The text, in which these numbers stand between the marks of `title.rs`.
    fn rendered(&self, values: &Value, numbers: Option<BTreeSet<String>>) -> Result<String, String> {
        if let Some(text) = self.pieces.as_ref().and_then(|pieces| pieces::joined(pieces, values, numbers.as_ref())) {
            return Ok(text);
        }
        let named = self.names.iter().filter_map(|name| Some((name.as_str(), values.get(name)?)));
        let named = named.map(|(name, value)| (name, minijinja::Value::from(minijinja::value::Serde(value))));
        let numbers = numbers.map(|all| all.into_iter().map(|number| (number, true)).collect::<BTreeMap<_, _>>());
        let context = named.chain(numbers.map(|numbers| (title::NUMBERS, minijinja::Value::from(numbers))));
        let context = minijinja::Value::from(context.collect::<BTreeMap<_, _>>());
        let rendered = self.compiled.get_template(COMPILED).and_then(|template| template.render(context));
        let text = rendered.map_err(|error| format!("the template could not be rendered: {}", plain(&error)))?;
        if text.len() > RENDERED_MAX {
            return Err(format!("the rendered text is longer than {RENDERED_MAX} bytes"));
        }
        Ok(text)
    }
}

impl Policy {
    /// The title of a request with this payload: one line, at most 200 characters, invisible and
    /// direction-changing characters made visible, sums with the digits of their currency. The policy's name where the
    /// template fails.
    #[must_use]
    pub fn title(&self, payload: &Value) -> Title {
        let values = spoken::spoken(&self.fields, payload, &self.title.names);
        let marks = self.title.pieces.is_some() || !title::reads_its_own_text(self.title.source());
        let numbers = if marks { title::numbers(&self.fields, &values) } else { None };
        let marked = numbers.is_some();
        let rendered = self.title.rendered(&values, numbers).map(|text| Title::one_line(&text, marked));
        rendered.ok().filter(|title| !title.text.is_empty()).unwrap_or_else(|| Title::plain(self.name.to_string()))
    }
}

/// One line in which nothing hides: white space becomes one blank, what cannot be seen its number.
#[must_use]
pub fn one_line(text: &str) -> String {
    Title::one_line(text, false).text
}

/// Controls, direction marks, zero-width and tag characters, fillers that look like nothing.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            u32::from(character),
            0xAD | 0x34F | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E
                | 0x2060..=0x206F | 0x2800 | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0x1BCA0..=0x1BCA3
                | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF | 0xFDD0..=0xFDEF
        )
}

fn environment(fuel: u64) -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(fuel));
    environment.set_formatter(title::print);
    environment.add_filter("json", json);
    environment.add_filter("tojson", json);
    environment.add_filter("upper", |text: String| text.to_uppercase());
    environment.add_filter("lower", |text: String| text.to_lowercase());
    environment.add_filter("trim", |text: String| text.trim().to_owned());
    environment.add_filter("length", |value: minijinja::Value| value.len().unwrap_or(0));
    environment.add_filter("default", minijinja::filters::default);
    environment
}

/// A value as JSON, for bodies: `{"amount": {{ amount | json }}}`. Absence becomes `null`.
fn json(value: &minijinja::Value) -> Result<String, Error> {
    if value.is_undefined() {
        return Ok("null".to_owned());
    }
    let failed = |error: serde_json::Error| Error::new(ErrorKind::InvalidOperation, error.to_string());
    serde_json::to_value(value).map(|value| crate::canonical::canonical(&value)).map_err(failed)
}

/// Whether a `*` stands inside a tag, where it would repeat a text.
fn repeats(source: &str) -> bool {
    let mut rest = source;
    while let Some(open) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let inside = rest.get(open + 2..).unwrap_or_default();
        let close = inside.find("}}").into_iter().chain(inside.find("%}")).min().unwrap_or(inside.len());
        if inside.get(..close).unwrap_or_default().contains('*') {
            return true;
        }
        rest = inside.get(close..).unwrap_or_default();
    }
    false
}

fn plain(error: &Error) -> String {
    let text = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    text.lines().next().unwrap_or_default().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::field::FieldType;
    use serde_json::json;

    fn fields() -> Vec<Field> {
        ["merchant", "amount"].map(|name| Field { name: name.to_owned(), kind: FieldType::Json, optional: false, visible_to: None }).to_vec()
    }

    fn rendered(source: &str, values: &Value) -> Result<String, String> {
        Template::title(source, &fields()).unwrap().render(values)
    }

    #[test]
    fn values_are_shown_as_they_came() {
        let values = json!({"merchant": "Müller & <Sons>", "amount": "1250.00 USD"});
        assert_eq!(rendered("{{ merchant }}, {{ amount }}", &values).unwrap(), "Müller & <Sons>, 1250.00 USD");
    }

    #[test]
    fn the_plain_case_says_what_the_compiled_template_says() {
        let sources =
            ["{{ merchant }}, {{ amount }}", "{{merchant}}", " {{  amount  }} ", "no name", "{{ merchant }}}{{ amount }}", "a\n{{ merchant }}\n b"];
        let payloads = [
            json!({"merchant": "ACME", "amount": "5 USD"}),
            json!({"merchant": "a\n{{ b }}", "amount": ""}),
            json!({"merchant": 5, "amount": [true]}),
        ];
        for (source, values) in sources.iter().flat_map(|source| payloads.iter().map(move |values| (source, values))) {
            let plain = Template::title(source, &fields()).unwrap();
            assert!(plain.pieces.is_some(), "{source}");
            let compiled = Template { pieces: None, ..plain.clone() };
            assert_eq!(plain.render(values), compiled.render(values), "{source}");
        }
    }

    #[test]
    fn json_quotes_what_a_body_needs_quoted() {
        let values = json!({"merchant": "a\"b\\\n", "amount": [1, {"b": 2, "a": 1}]});
        assert_eq!(rendered("{{ merchant | json }} {{ amount | tojson }}", &values).unwrap(), r#""a\"b\\\n" [1,{"a":1,"b":2}]"#);
    }

    #[test]
    fn an_absent_value_is_an_error_unless_asked_for() {
        assert!(rendered("{{ merchant }}", &json!({})).is_err());
        assert_eq!(rendered("{% if merchant %}{{ merchant }}{% else %}?{% endif %}", &json!({})).unwrap(), "?");
        assert_eq!(rendered("{{ merchant | default('nobody') }}", &json!({})).unwrap(), "nobody");
        assert_eq!(rendered("{{ merchant | json }}", &json!({})).unwrap(), "null");
    }

    #[test]
    fn a_template_with_a_mistake_is_refused() {
        for source in ["{{ merchnt }}", "{{ merchant", "{% for %}", "{{ merchant * 1000000 }}", "{{ range(9) }}", "{{ requester }}"] {
            assert!(Template::title(source, &fields()).is_err(), "{source}");
        }
        assert_eq!(Template::title("{{ merchnt }}", &fields()).unwrap_err().1.unwrap(), "did you mean `merchant`?");
        assert!(Template::title(&"x".repeat(9000), &fields()).is_err());
    }

    #[test]
    fn a_long_loop_runs_out_of_fuel() {
        let many: Vec<u32> = (0..1000).collect();
        let source = "{% for a in amount %}{% for b in amount %}{{ a }}{% endfor %}{% endfor %}";
        assert!(rendered(source, &json!({ "amount": many })).is_err());
    }

    #[test]
    fn a_title_is_one_line_in_which_nothing_hides() {
        assert_eq!(one_line("a\n b\t\u{202E}c\u{200B}"), "a b ⟨U+202E⟩c⟨U+200B⟩");
        assert_eq!(one_line(&"é".repeat(300)).chars().count(), 200);
    }
}
