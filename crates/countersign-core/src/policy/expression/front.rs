//! From text to a checked tree: the bounds that hold before the parser runs, the parser itself on a
//! stack of its own, and the check of what the whole comes to.

use super::check::Checker;
use super::tree::{Constant, Kind, Node, Type};
use super::{COST_MAX, ConditionFault, SOURCE_MAX, Scope, Wanted};
use cel::parser::ParseErrors;

/// Brackets nest this deep at most; checked before the parser, whose time grows steeply with them.
pub(super) const DEPTH_MAX: usize = 32;
/// The parser and the drop of its tree recurse; a thread's usual 2 MiB is not enough for both.
const STACK_BYTES: usize = 64 << 20;

/// A condition as it was checked.
pub(super) struct Compiled {
    pub(super) root: Node,
    /// The weight of its patterns.
    pub(super) patterns: usize,
    pub(super) warnings: Vec<ConditionFault>,
}

pub(super) fn compile(source: &str, scope: &Scope<'_>, wanted: Wanted) -> Result<Compiled, ConditionFault> {
    bounded(source)?;
    // The one thread of the core: the parser recurses once per link of a chain, and an overflow of the
    // caller's stack would abort the process. It ends before this function does and shares nothing.
    std::thread::scope(|threads| {
        let work = || on_this_stack(source, scope, wanted);
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(threads, work);
        let joined = thread.map_err(|error| error.to_string()).and_then(|thread| thread.join().map_err(|_| "the parser failed".to_owned()));
        joined.unwrap_or_else(|reason| Err(fault("condition_syntax", source, format!("the condition could not be parsed: {reason}"))))
    })
}

fn on_this_stack(source: &str, scope: &Scope<'_>, wanted: Wanted) -> Result<Compiled, ConditionFault> {
    // No macros are expanded: `has`, `all`, `exists` … arrive as the calls they were written as.
    let parser = cel::Env::default().with_optional_support(false).parser();
    let (tree, places) = parser.parse_with_source_info(source).map_err(|errors| syntax(source, &errors))?;
    let mut checker = Checker::new(source, scope, &places);
    let root = checker.check(&tree)?;
    outcome_fits(&root, source, wanted)?;
    if root.cost > COST_MAX {
        let message = format!("the condition may take {} steps, more than {COST_MAX}: lower `max` of the lists it visits", root.cost);
        return Err(fault("condition_cost", source, message));
    }
    Ok(Compiled { root, patterns: checker.patterns, warnings: checker.warnings() })
}

fn bounded(source: &str) -> Result<(), ConditionFault> {
    if source.len() > SOURCE_MAX {
        let message = format!("the condition is {} bytes long: at most {SOURCE_MAX} are taken", source.len());
        return Err(fault("condition_size", source, message));
    }
    let mut depth = 0_usize;
    for (at, byte) in source.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return Err(ConditionFault { span: at..at + 1, ..too_deep(source) });
        }
    }
    Ok(())
}

pub(super) fn too_deep(source: &str) -> ConditionFault {
    fault("condition_depth", source, format!("the condition nests deeper than {DEPTH_MAX}: split it over several rules"))
}

fn outcome_fits(root: &Node, source: &str, wanted: Wanted) -> Result<(), ConditionFault> {
    match wanted {
        Wanted::Bool if root.of == Type::Bool => Ok(()),
        Wanted::Bool => Err(fault("condition_type", source, format!("the condition comes to {}: expected true or false", root.of))),
        Wanted::Risk if names_a_risk(root) => Ok(()),
        Wanted::Risk => {
            Err(fault("condition_type", source, "expected `\"low\"`, `\"medium\"` or `\"high\"`, chosen by `condition ? a : b`".to_owned()))
        }
    }
}

fn names_a_risk(node: &Node) -> bool {
    match &node.kind {
        Kind::Literal(Constant::Text(text)) => matches!(text.as_str(), "low" | "medium" | "high"),
        Kind::If(_, yes, no) => names_a_risk(yes) && names_a_risk(no),
        _ => false,
    }
}

fn fault(code: &'static str, source: &str, message: String) -> ConditionFault {
    ConditionFault { code, message, span: 0..source.len(), suggestion: None }
}

fn syntax(source: &str, errors: &ParseErrors) -> ConditionFault {
    let first = errors.errors.first();
    let (line, column) = first.map_or((1, 1), |error| error.pos);
    let before: usize = source.split_inclusive('\n').take(usize::try_from(line - 1).unwrap_or(0)).map(str::len).sum();
    let at = (before + usize::try_from(column - 1).unwrap_or(0)).min(source.len());
    let reason = first.map_or("unreadable", |error| error.msg.as_str());
    // The parser goes on to list every token of the language.
    let reason = reason.split(" expecting ").next().unwrap_or_default().replace("'<EOF>'", "its end");
    let reason: String = reason.lines().next().unwrap_or_default().chars().take(120).collect();
    ConditionFault {
        code: "condition_syntax",
        message: format!("the condition is no CEL: {}", reason.to_lowercase()),
        span: at..(at + 1).min(source.len().max(at)),
        suggestion: Some("a condition looks like `amount <= money(\"1000 USD\") && has(receipt)`".to_owned()),
    }
}
