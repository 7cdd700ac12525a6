//! Policies as the oracle knows them: its own words, from which the files that the engine reads are written.
//! Nothing here asks the engine's parser what a policy means.

use std::fmt::Write as _;

pub(crate) const HOUR: i64 = 3_600_000;

/// Whom a list names.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Sel {
    User(&'static str),
    Group(&'static str),
    Manager,
    Field(&'static str),
}

#[derive(Clone, Debug)]
pub(crate) struct SeatLaw {
    pub(crate) from: Vec<Sel>,
    pub(crate) count: usize,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Silence {
    Expires,
    Rejects,
    Approves,
}

#[derive(Clone, Debug)]
pub(crate) struct LevelLaw {
    pub(crate) after: i64,
    pub(crate) to: Vec<Sel>,
    pub(crate) replace: bool,
    pub(crate) expire: Option<i64>,
}

#[derive(Clone, Debug)]
pub(crate) struct StageLaw {
    pub(crate) name: &'static str,
    pub(crate) seats: Vec<SeatLaw>,
    pub(crate) with: Option<usize>,
    pub(crate) reject_quorum: usize,
    pub(crate) repeat: bool,
    pub(crate) remind: Option<i64>,
    pub(crate) escalate: Vec<LevelLaw>,
    pub(crate) expire: i64,
    pub(crate) silence: Silence,
    /// Whether a yes must be signed with a passkey.
    pub(crate) passkey: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Says {
    Allow,
    Deny,
    Ask(Vec<StageLaw>),
}

/// When a rule holds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum When {
    Always,
    AmountIs(i64),
    /// `amount == n && note == "go"`: where the amount fits and no note came, it cannot be evaluated.
    AmountIsAndNoteIsGo(i64),
}

#[derive(Clone, Debug)]
pub(crate) struct RuleLaw {
    pub(crate) name: &'static str,
    pub(crate) when: When,
    pub(crate) says: Says,
}

/// One edition of one policy.
#[derive(Clone, Debug)]
pub(crate) struct Law {
    pub(crate) policy: &'static str,
    pub(crate) edition: u32,
    pub(crate) owner: Vec<Sel>,
    pub(crate) rules: Vec<RuleLaw>,
    pub(crate) on_approved: Vec<(&'static str, String)>,
    pub(crate) on_rejected: Vec<(&'static str, String)>,
}

impl StageLaw {
    pub(crate) fn counts(&self) -> Vec<usize> {
        self.seats.iter().map(|seat| seat.count).collect()
    }
}

impl Law {
    /// The stages of a rule; for `None`, the owner's, with the largest quorum of the file.
    pub(crate) fn stages(&self, rule: Option<usize>) -> Vec<StageLaw> {
        match rule {
            Some(index) => match self.rules.get(index).map(|rule| &rule.says) {
                Some(Says::Ask(stages)) => stages.clone(),
                _ => Vec::new(),
            },
            None => vec![self.owner_stage()],
        }
    }

    fn owner_stage(&self) -> StageLaw {
        let asks = || self.rules.iter().filter_map(|rule| if let Says::Ask(stages) = &rule.says { Some(stages) } else { None });
        let voices = asks().map(|stages| stages.iter().flat_map(StageLaw::counts).sum()).max().unwrap_or(1);
        let expire = asks().flatten().map(|stage| stage.expire).max().unwrap_or(72 * HOUR);
        StageLaw {
            name: "owner review",
            seats: vec![SeatLaw { from: self.owner.clone(), count: voices }],
            with: None,
            reject_quorum: 1,
            repeat: false,
            remind: None,
            escalate: Vec::new(),
            expire,
            silence: Silence::Expires,
            passkey: asks().flatten().any(|stage| stage.passkey),
        }
    }

    /// As the engine reads it.
    pub(crate) fn toml(&self) -> String {
        let mut text = format!("policy = \"{}\"\ntitle = \"{} {{{{ amount }}}}\"\nowner = {}\n", self.policy, self.policy, list(&self.owner));
        text.push_str("\n[payload]\namount = { type = \"integer\", min = 0, max = 1000 }\n");
        text.push_str("note = { type = \"text\", optional = true }\nlead = { type = \"person\", optional = true }\n");
        text.push_str("nonce = { type = \"integer\", min = 0, max = 1000000 }\n");
        for rule in &self.rules {
            write_rule(&mut text, rule);
        }
        for (outcome, actions) in [("approved", &self.on_approved), ("rejected", &self.on_rejected)] {
            for (name, url) in actions {
                let _ = writeln!(text, "\n[[on.{outcome}]]\nname = \"{name}\"\nhttp = {{ url = \"{url}\" }}");
            }
        }
        let _ = writeln!(text, "# edition {}", self.edition);
        text
    }
}

fn write_rule(text: &mut String, rule: &RuleLaw) {
    let _ = writeln!(text, "\n[[rule]]\nname = \"{}\"", rule.name);
    match rule.when {
        When::Always => {}
        When::AmountIs(amount) => text.push_str(&format!("when = 'amount == {amount}'\n")),
        When::AmountIsAndNoteIsGo(amount) => text.push_str(&format!("when = 'amount == {amount} && note == \"go\"'\n")),
    }
    match &rule.says {
        Says::Allow => text.push_str("verdict = \"allow\"\n"),
        Says::Deny => text.push_str("verdict = \"deny\"\n"),
        Says::Ask(stages) => stages.iter().for_each(|stage| write_stage(text, stage, stages)),
    }
}

fn write_stage(text: &mut String, stage: &StageLaw, all: &[StageLaw]) {
    let _ = writeln!(text, "  [[rule.stage]]\n  name = \"{}\"\n  expire = {{ after = \"{}\" }}", stage.name, span(stage.expire));
    match stage.seats.as_slice() {
        [seat] => {
            let _ = writeln!(text, "  approvers = {}\n  quorum = {}", list(&seat.from), seat.count);
        }
        seats => {
            let seats: Vec<String> = seats.iter().map(|seat| format!("{{ from = {}, count = {} }}", list(&seat.from), seat.count)).collect();
            let _ = writeln!(text, "  seats = [{}]", seats.join(", "));
        }
    }
    if let Some(beside) = stage.with.and_then(|index| all.get(index)) {
        let _ = writeln!(text, "  with = \"{}\"", beside.name);
    }
    if stage.reject_quorum > 1 {
        let _ = writeln!(text, "  reject_quorum = {}", stage.reject_quorum);
    }
    if stage.repeat {
        text.push_str("  repeat = \"allowed\"\n");
    }
    if let Some(every) = stage.remind {
        let _ = writeln!(text, "  remind = {{ every = \"{}\" }}", span(every));
    }
    if !stage.escalate.is_empty() {
        let levels: Vec<String> = stage.escalate.iter().map(level).collect();
        let _ = writeln!(text, "  escalate = [{}]", levels.join(", "));
    }
    if stage.passkey {
        text.push_str("  require = \"passkey\"\n");
    }
    match stage.silence {
        Silence::Expires => {}
        Silence::Rejects => text.push_str("  on_expiry = \"reject\"\n"),
        Silence::Approves => text.push_str("  on_expiry = \"approve\"\n"),
    }
}

fn level(level: &LevelLaw) -> String {
    let mode = if level.replace { ", mode = \"replace\"" } else { "" };
    let expire = level.expire.map_or_else(String::new, |expire| format!(", expire = \"{}\"", span(expire)));
    format!("{{ after = \"{}\", to = {}{mode}{expire} }}", span(level.after), list(&level.to))
}

fn span(ms: i64) -> String {
    format!("{}m", ms / 60_000)
}

fn list(selectors: &[Sel]) -> String {
    let words: Vec<String> = selectors
        .iter()
        .map(|selector| match selector {
            Sel::User(id) => format!("\"user:{id}\""),
            Sel::Group(id) => format!("\"group:{id}\""),
            Sel::Manager => "\"manager of requester\"".to_owned(),
            Sel::Field(name) => format!("\"field:{name}\""),
        })
        .collect();
    format!("[{}]", words.join(", "))
}
