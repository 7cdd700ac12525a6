//! The catalogue: one Fluent file a page and language, compiled in.

use super::{Language, separated};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

type Bundle = FluentBundle<FluentResource>;

macro_rules! pages {
    ($language:literal) => {
        pages!($language: "layout", "time", "status", "problem", "inbox", "request", "timeline", "thread", "similar", "signin", "me",
            "confirm", "passkey", "new", "policies", "operations", "audit")
    };
    ($language:literal: $($page:literal),*) => {
        &[$(($page, include_str!(concat!("../../../locales/", $language, "/", $page, ".ftl")))),*]
    };
}

const ENGLISH: &[(&str, &str)] = pages!("en");
const GERMAN: &[(&str, &str)] = pages!("de");

static BUNDLES: LazyLock<[Bundle; 2]> = LazyLock::new(|| Language::ALL.map(bundle));

fn pages(language: Language) -> &'static [(&'static str, &'static str)] {
    match language {
        Language::English => ENGLISH,
        Language::German => GERMAN,
    }
}

fn bundle(language: Language) -> Bundle {
    let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![tag]);
    // Marks around each variable would be shown as hidden characters; the pages isolate names by elements.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(match language {
        Language::English => |value, _| number(value, Language::English),
        Language::German => |value, _| number(value, Language::German),
    }));
    for (page, text) in pages(language) {
        let resource = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(resource, _)| {
            tracing::error!(page, language = language.tag(), "a part of the catalogue does not parse");
            resource
        });
        if bundle.add_resource(resource).is_err() {
            tracing::error!(page, language = language.tag(), "a key of the catalogue stands twice");
        }
    }
    bundle
}

fn number(value: &FluentValue<'_>, language: Language) -> Option<String> {
    match value {
        FluentValue::Number(number) => Some(separated(&number.as_string(), language)),
        _ => None,
    }
}

fn of(language: Language) -> &'static Bundle {
    let [english, german] = &*BUNDLES;
    match language {
        Language::English => english,
        Language::German => german,
    }
}

pub(super) fn knows(language: Language, key: &str) -> bool {
    of(language).has_message(key)
}

/// The phrase in full; the key itself where the catalogue does not have it, which a test keeps from happening.
pub(super) fn phrase(language: Language, key: &str, arguments: &FluentArgs<'_>) -> String {
    let bundle = of(language);
    let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
        tracing::error!(key, "the catalogue has no such phrase");
        return key.to_owned();
    };
    let mut wrong = Vec::new();
    let said = bundle.format_pattern(pattern, Some(arguments), &mut wrong).into_owned();
    if let Some(error) = wrong.first() {
        tracing::error!(key, %error, "a phrase lacks one of its words");
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    /// Each key of a file with the variables it names.
    fn keys(text: &str) -> BTreeMap<String, BTreeSet<String>> {
        let variable = regex(r"\$([a-z][a-z0-9_-]*)");
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut key = None;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, _)) = line.split_once('=').filter(|_| line.starts_with(|letter: char| letter.is_ascii_lowercase())) {
                assert!(!found.contains_key(name.trim()), "{} stands twice", name.trim());
                found.insert(name.trim().to_owned(), BTreeSet::new());
                key = Some(name.trim().to_owned());
            }
            for name in variable(line) {
                found.get_mut(key.as_ref().unwrap()).unwrap().insert(name);
            }
        }
        found
    }

    /// A tiny finder of what follows a mark, up to what is no part of a name.
    fn regex(pattern: &'static str) -> impl Fn(&str) -> Vec<String> {
        let mark = pattern.trim_start_matches('\\').chars().next().unwrap();
        move |line| {
            let after = line.split(mark).skip(1);
            after.map(|rest| rest.chars().take_while(|letter| letter.is_ascii_alphanumeric() || "-_".contains(*letter)).collect()).collect()
        }
    }

    #[test]
    fn every_file_parses_and_both_languages_say_the_same_things() {
        let mut all = BTreeSet::new();
        for ((page, english), (_, german)) in ENGLISH.iter().zip(GERMAN) {
            for text in [english, german] {
                let parsed = FluentResource::try_new((*text).to_owned());
                assert!(parsed.is_ok(), "{page}: {:?}", parsed.err().map(|(_, errors)| errors));
            }
            let (english, german) = (keys(english), keys(german));
            let only = |left: &BTreeMap<String, BTreeSet<String>>, right: &BTreeMap<String, BTreeSet<String>>| {
                left.iter().filter(|(key, names)| right.get(*key) != Some(names)).map(|(key, _)| key.clone()).collect::<Vec<_>>()
            };
            assert_eq!(only(&english, &german), only(&german, &english), "{page}: keys or variables differ");
            assert!(only(&english, &german).is_empty(), "{page}: variables differ in {:?}", only(&english, &german));
            for key in english.into_keys() {
                assert!(all.insert(key.clone()), "{key} stands in two files");
            }
        }
    }

    fn walk(folder: &Path, texts: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, texts);
            } else {
                texts.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }

    #[test]
    fn every_key_that_a_page_says_is_in_the_catalogue() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut texts = Vec::new();
        walk(&here.join("templates"), &mut texts);
        walk(&here.join("src/web"), &mut texts);
        let mut said = 0;
        for (place, text) in texts.iter().filter(|(place, _)| !place.contains("/words")) {
            for (call, family) in [("say(\"", false), ("one(\"", true)] {
                for rest in text.split(call).skip(1) {
                    let key = rest.split('"').next().unwrap();
                    let prefix = format!("{key}-");
                    let known = if family {
                        ENGLISH.iter().any(|(_, file)| file.lines().any(|line| line.starts_with(&prefix)))
                    } else {
                        knows(Language::English, key)
                    };
                    assert!(known, "{place}: {key} is not in the catalogue");
                    said += 1;
                }
            }
        }
        assert!(said > 20, "the walk found only {said} phrases");
    }

    #[test]
    fn counts_are_separated_and_agree() {
        let say = |language, count: i64| {
            let mut arguments = FluentArgs::new();
            arguments.set("count", count);
            phrase(language, "span-days", &arguments)
        };
        assert_eq!([say(Language::English, 1), say(Language::English, 12_500)], ["1 day", "12,500 days"]);
        assert_eq!([say(Language::German, 1), say(Language::German, 12_500)], ["1 Tag", "12.500 Tage"]);
    }
}
