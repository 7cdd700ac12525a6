//! Regular expressions of policies: bounded when they are compiled, and weighed, so that what a search takes is
//! known before it begins.

use regex::bytes::RegexBuilder as Bytes;
use regex::{Regex, RegexBuilder};

/// The patterns of a policy weigh this much together at most, in bytes of compiled program.
pub const PATTERNS_MAX: usize = 256 << 10;
/// Longer patterns are refused.
const SOURCE_MAX: usize = 1_000;
/// What a search may keep of its past to be quick.
const CACHE_MAX: usize = 256 << 10;
/// The least weight that is told apart.
const WEIGHT_MIN: usize = 512;
/// A search takes a step for this much of text times weight: where a pattern keeps all of its program alive, each
/// byte of text walks through it.
const WALKED_STEP: u64 = 256;

/// A regular expression. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    regex: Regex,
    weight: usize,
    walked: u64,
}

/// Why a pattern is not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PatternFault {
    /// It is no regular expression.
    #[error("{0}")]
    Malformed(String),
    /// It takes more than is left: so will those after it.
    #[error("{0}")]
    TooLarge(String),
}

impl Pattern {
    /// Compiles a pattern that whole texts must match, within this weight.
    ///
    /// # Errors
    /// When it is no regular expression or too heavy a one.
    pub fn whole(source: &str, most: usize) -> Result<Self, PatternFault> {
        // It must be well formed by itself, or `)(` would escape what it is wrapped in.
        regex_syntax(source)?;
        Self::compiled(&format!("^(?:{source})$"), source, most)
    }

    /// Compiles a pattern that may match anywhere in a text, within this weight.
    ///
    /// # Errors
    /// When it is no regular expression or too heavy a one.
    pub fn anywhere(source: &str, most: usize) -> Result<Self, PatternFault> {
        Self::compiled(source, source, most)
    }

    fn compiled(whole: &str, source: &str, most: usize) -> Result<Self, PatternFault> {
        if source.len() > SOURCE_MAX {
            return Err(PatternFault::Malformed(format!("the pattern is longer than {SOURCE_MAX} bytes")));
        }
        let build = |limit: usize| RegexBuilder::new(whole).size_limit(limit).dfa_size_limit(CACHE_MAX).build();
        let (weight, regex) = lightest(most, build).map_err(|error| refused(source, most, &error))?;
        // How much is alive at once: a class of Unicode is many states, of which a text is in one.
        let bytes = narrowed(whole);
        let narrow = |limit: usize| Bytes::new(&bytes).unicode(false).size_limit(limit).build();
        let walked = lightest(weight, narrow).map_or(weight, |(weight, _)| weight);
        Ok(Self { source: source.to_owned(), regex, weight, walked: u64::try_from(walked).unwrap_or(u64::MAX) })
    }

    /// As written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What it takes of [`PATTERNS_MAX`].
    #[must_use]
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// The steps that a search in this text takes at most.
    #[must_use]
    pub fn steps(&self, text: &str) -> u64 {
        u64::try_from(text.len()).unwrap_or(u64::MAX).saturating_mul(self.walked) / WALKED_STEP
    }

    /// Whether it matches: the whole text, or a part of it, as it was compiled.
    #[must_use]
    pub fn found_in(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// The pattern with every class of Unicode as one of the classes of bytes.
fn narrowed(pattern: &str) -> String {
    let (mut narrow, mut rest) = (String::new(), pattern);
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        let length = match escape.as_bytes().get(1..3) {
            Some([b'p' | b'P', b'{']) => escape.find('}').map_or(escape.len(), |end| end + 1),
            Some([b'p' | b'P', _]) => 3,
            _ => 0,
        };
        narrow.push_str(before);
        // Any other escape is taken as it is, with the character it escapes.
        let taken = if length > 0 { length } else { escape.char_indices().nth(2).map_or(escape.len(), |(end, _)| end) };
        let (kept, after) = escape.split_at_checked(taken).unwrap_or((escape, ""));
        narrow.push_str(if length > 0 { "\\w" } else { kept });
        rest = after;
    }
    narrow + rest
}

/// Builds with the least limit that is enough, so that what is too heavy costs little to refuse.
fn lightest<T>(most: usize, build: impl Fn(usize) -> Result<T, regex::Error>) -> Result<(usize, T), regex::Error> {
    let mut limit = WEIGHT_MIN.min(most);
    loop {
        match build(limit) {
            Err(regex::Error::CompiledTooBig(_)) if limit < most => limit = limit.saturating_mul(2).min(most),
            built => return built.map(|built| (limit, built)),
        }
    }
}

fn refused(source: &str, most: usize, error: &regex::Error) -> PatternFault {
    if matches!(error, regex::Error::CompiledTooBig(_)) {
        let rest = if most < PATTERNS_MAX { format!(", of which {most} are left") } else { String::new() };
        let message = format!("`{source}` is too large a pattern: those of a policy may take {PATTERNS_MAX} bytes together{rest}");
        return PatternFault::TooLarge(message);
    }
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
    PatternFault::Malformed(format!("`{source}` is no pattern: {last}"))
}

fn regex_syntax(source: &str) -> Result<(), PatternFault> {
    match RegexBuilder::new(source).size_limit(0).build() {
        Err(error @ regex::Error::Syntax(_)) => Err(refused(source, PATTERNS_MAX, &error)),
        _ => Ok(()),
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(source: &str) -> Result<Pattern, PatternFault> {
        Pattern::whole(source, PATTERNS_MAX)
    }

    #[test]
    fn a_pattern_matches_whole_texts() {
        let pattern = whole("[A-Z]{2}|x").unwrap();
        assert!(pattern.found_in("AB") && pattern.found_in("x"));
        assert!(!pattern.found_in("ABC") && !pattern.found_in("ax"));
    }

    #[test]
    fn a_pattern_that_is_none_is_refused() {
        for source in ["(", ")(", "a{1000}{1000}{1000}", "(?<", "\\pL{100}"] {
            assert!(whole(source).is_err(), "{source}");
        }
    }

    #[test]
    fn what_a_search_takes_grows_with_the_pattern_and_not_with_its_alphabet() {
        let long = "x".repeat(10_000);
        let steps = |source: &str| whole(source).unwrap().steps(&long);
        for (source, most) in [("[a-z0-9_.-]+", 30_000), ("\\w+@\\w+", 60_000), ("(\\pL+\\s)*x", 60_000), ("(?i)gift|cash|casino", 100_000)] {
            assert!(steps(source) < most, "{source}: {}", steps(source));
        }
        assert!(steps("[01]*1[01]{900}x") > 100_000, "{}", steps("[01]*1[01]{900}x"));
    }

    #[test]
    fn classes_of_unicode_are_weighed_as_classes_of_bytes() {
        for (pattern, narrow) in
            [("a\\pLb\\p{Greek}+", "a\\wb\\w+"), ("\\\\pL", "\\\\pL"), ("[\\PN\\d]\\.é", "[\\w\\d]\\.é"), ("\\", "\\"), ("\\p", "\\p")]
        {
            assert_eq!(narrowed(pattern), narrow);
        }
    }

    #[test]
    fn patterns_share_what_is_left() {
        assert!(Pattern::anywhere("\\pL{3}", PATTERNS_MAX).is_ok());
        let refused = Pattern::anywhere("\\pL{3}", 1_000).unwrap_err();
        assert!(matches!(&refused, PatternFault::TooLarge(message) if message.contains("1000 are left")), "{refused}");
    }
}
