//! What holds for any people, any policy and any order of deeds.

use super::world::{World, policy, roster};
use countersign_core::canonical::Digest;
use countersign_core::command::{Command, ReportVerdict};
use countersign_core::event::{Actor, Cause, Decision, Event, StageResult};
use countersign_core::id::{GroupId, PersonId, Revision, StageId};
use countersign_core::people::Member;
use countersign_core::policy::select::Asking;
use countersign_core::policy::{OutcomeName, Policy, Selector, StageSpec};
use countersign_core::request::{Facts, Request};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const PEOPLE: [&str; 7] = ["p0", "p1", "p2", "p3", "p4", "p5", "p6"];
const GROUPS: [&str; 3] = ["g0", "g1", "g2"];
const SELECTORS: [&str; 6] = ["group:g0", "group:g1", "group:g2", "manager of requester", "managers of requester", "user:p3"];

#[derive(Clone, Debug)]
enum Deed {
    Decide(usize, Decision, bool),
    Wait(i64),
    Leave(usize),
    Return(usize),
    Join(usize, usize),
    LeaveGroup(usize, usize),
    Revise(usize),
    Withdraw(usize),
    Reassign(usize, usize),
    Start,
    Finish(bool),
}

fn deed() -> impl Strategy<Value = Deed> {
    let person = 0..PEOPLE.len();
    let decision = prop_oneof![6 => Just(Decision::Approve), 2 => Just(Decision::Reject), 1 => Just(Decision::RequestChanges)];
    prop_oneof![
        12 => (person.clone(), decision, prop::bool::weighted(0.9)).prop_map(|(person, decision, current)| Deed::Decide(person, decision, current)),
        4 => (1_i64..14).prop_map(Deed::Wait),
        1 => person.clone().prop_map(Deed::Leave),
        1 => person.clone().prop_map(Deed::Return),
        1 => (person.clone(), 0..GROUPS.len()).prop_map(|(person, group)| Deed::Join(person, group)),
        1 => (person.clone(), 0..GROUPS.len()).prop_map(|(person, group)| Deed::LeaveGroup(person, group)),
        1 => person.clone().prop_map(Deed::Revise),
        1 => prop::bool::weighted(0.1).prop_flat_map(move |_| (0..PEOPLE.len()).prop_map(Deed::Withdraw)),
        1 => (0..PEOPLE.len(), 0..PEOPLE.len()).prop_map(|(by, to)| Deed::Reassign(by, to)),
        1 => Just(Deed::Start),
        1 => any::<bool>().prop_map(Deed::Finish),
    ]
}

fn selectors() -> impl Strategy<Value = String> {
    prop::sample::subsequence(SELECTORS.to_vec(), 1..3)
        .prop_map(|chosen| format!("[{}]", chosen.iter().map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join(", ")))
}

fn stage() -> impl Strategy<Value = String> {
    let seats = prop::collection::vec((selectors(), 1..3_u16), 1..4).prop_map(|seats| {
        let seats: Vec<String> = seats.iter().map(|(from, count)| format!("{{ from = {from}, count = {count} }}")).collect();
        format!("seats = [{}]", seats.join(", "))
    });
    let quorum = (selectors(), 1..4_u16).prop_map(|(from, quorum)| format!("approvers = {from}\nquorum = {quorum}"));
    let level = (selectors(), prop::bool::ANY).prop_map(|(to, replace)| (to, if replace { "replace" } else { "add" }));
    let levels = prop::collection::vec(level, 0..3).prop_map(|levels| {
        let levels: Vec<String> = levels
            .iter()
            .enumerate()
            .map(|(index, (to, mode))| format!("{{ after = \"{}h\", to = {to}, mode = \"{mode}\" }}", 8 * (index + 1)))
            .collect();
        format!("escalate = [{}]", levels.join(", "))
    });
    let rest = (1..3_u16, prop::bool::ANY, prop::bool::ANY, prop::bool::ANY).prop_map(|(reject, repeat, remind, rejects)| {
        let repeat = if repeat { "repeat = \"allowed\"\n" } else { "" };
        let remind = if remind { "remind = { every = \"3h\" }\n" } else { "" };
        let expiry = if rejects { "on_expiry = \"reject\"\n" } else { "" };
        format!("reject_quorum = {reject}\nexpire = {{ after = \"60h\" }}\n{repeat}{remind}{expiry}")
    });
    (prop_oneof![seats, quorum], levels, rest).prop_map(|(asked, levels, rest)| format!("{asked}\n{levels}\n{rest}"))
}

fn any_policy() -> impl Strategy<Value = Policy> {
    (prop::collection::vec((stage(), prop::bool::ANY), 1..4)).prop_map(|stages| {
        let mut text = String::from("[[rule]]\nname = \"r\"\n");
        for (index, (stage, beside)) in stages.iter().enumerate() {
            let with = if *beside && index > 0 { format!("with = \"s{}\"\n", index - 1) } else { String::new() };
            text.push_str(&format!("[[rule.stage]]\nname = \"s{index}\"\n{with}{stage}"));
        }
        text.push_str("[[on.approved]]\nname = \"pay\"\nhttp = { url = \"https://erp.example/pay\" }\n");
        policy(&text)
    })
}

/// Who reports to whom, and who is in which group.
fn any_world() -> impl Strategy<Value = World> {
    let managers = prop::collection::vec(prop::option::of(0..PEOPLE.len()), PEOPLE.len());
    let members = prop::collection::vec(prop::collection::btree_set(0..PEOPLE.len(), 0..5), GROUPS.len());
    (any_policy(), managers, members).prop_map(|(policy, managers, members)| {
        let shown =
            |(name, manager): (&&str, &Option<usize>)| manager.map_or_else(|| (*name).to_owned(), |manager| format!("{name}:{}", PEOPLE[manager]));
        let people: Vec<String> = PEOPLE.iter().zip(&managers).map(shown).collect();
        let members: Vec<String> = members.iter().map(|group| group.iter().map(|person| PEOPLE[*person]).collect::<Vec<_>>().join(" ")).collect();
        let groups: Vec<(&str, &str)> = GROUPS.iter().copied().zip(members.iter().map(String::as_str)).collect();
        World::new(policy, roster(&format!("{} zoe", people.join(" ")), &groups))
    })
}

/// Does one deed as the engine would; a change of people is followed by a look at the request.
fn act(world: &mut World, deed: &Deed) -> Vec<Event> {
    let id = |person: &usize| PersonId::from(PEOPLE[*person]);
    let decided = match deed {
        Deed::Decide(person, decision, current) => {
            let revision = world.request().revision;
            world.decide_on(PEOPLE[*person], *decision, if *current { revision } else { Revision(revision.0 + 1) })
        }
        Deed::Wait(hours) => Ok(world.hours(*hours).wake()),
        Deed::Leave(person) | Deed::Return(person) => {
            world.roster.version += 1;
            world.roster.people.get_mut(&id(person)).unwrap().active = matches!(deed, Deed::Return(_));
            Ok(world.wake())
        }
        Deed::Join(person, group) | Deed::LeaveGroup(person, group) => {
            world.roster.version += 1;
            let members = world.roster.groups.get_mut(&GroupId::from(GROUPS[*group])).unwrap();
            if matches!(deed, Deed::Join(..)) {
                members.insert(Member::Person(id(person)))
            } else {
                members.remove(&Member::Person(id(person)))
            };
            Ok(world.wake())
        }
        Deed::Revise(person) => world.revise(PEOPLE[*person], "another thing"),
        Deed::Withdraw(person) => world.give(&Command::Withdraw { by: Actor::Person(id(person)) }),
        Deed::Reassign(by, to) => world.give(&Command::Reassign { by: countersign_core::event::Actor::Person(id(by)), to: vec![id(to)] }),
        Deed::Start if world.request().executions.is_empty() => return Vec::new(),
        Deed::Start => world.start("pay"),
        Deed::Finish(well) => {
            let token = world.request().executions.first().map_or(1, |execution| execution.attempts);
            world.finish("pay", token, if *well { ReportVerdict::Succeeded } else { ReportVerdict::GiveUp })
        }
    };
    decided.map(|decided| decided.events).unwrap_or_default()
}

/// Our own reckoning of who may fill which seats, written apart from the law's.
fn may_fill(request: &Request, spec: &StageSpec, stage: &countersign_core::stage::Stage, facts: &Facts<'_>, person: &PersonId) -> BTreeSet<usize> {
    let asking = Asking { requester: &request.requester, payload: facts.payload, roster: facts.roster, now: facts.now };
    let named = |selectors: &[Selector]| facts.policy.resolve(selectors, &asking).contains(person);
    if !facts.roster.is_active(person) || &request.requester == person {
        return BTreeSet::new();
    }
    let raised = stage.escalations.iter().any(|it| it.to.contains(person) && it.level.is_none_or(|level| named(&spec.escalate[level].to)));
    (0..spec.seats.len()).filter(|seat| raised || (stage.asked[*seat].contains(person) && named(&spec.seats[*seat].from))).collect()
}

/// Whether these people can sit on all places, by trying every arrangement.
fn can_sit(people: &[BTreeSet<usize>], open: &mut Vec<u16>) -> bool {
    if open.iter().all(|count| *count == 0) {
        return true;
    }
    let Some((first, rest)) = people.split_first() else { return false };
    for seat in first {
        if open[*seat] > 0 {
            open[*seat] -= 1;
            if can_sit(rest, open) {
                return true;
            }
            open[*seat] += 1;
        }
    }
    can_sit(rest, open)
}

/// Every stage that this command approved was full of distinct people who may, on the revision that stands.
fn full_where_approved(world: &World, events: &[Event]) {
    let (request, facts) = (world.request(), world.facts());
    let specs = world.policy.stages(&request.rule).into_owned();
    let approved: Vec<StageId> = events
        .iter()
        .filter_map(|it| if let Event::StageClosed { stage, result: StageResult::Approved } = it { Some(*stage) } else { None })
        .collect();
    for stage in approved.iter().filter_map(|id| request.stage(*id)) {
        let spec = &specs[stage.spec];
        let people: Vec<BTreeSet<usize>> = stage.said(Decision::Approve).map(|person| may_fill(request, spec, stage, &facts, person)).collect();
        let mut open: Vec<u16> = spec.seats.iter().map(|seat| seat.count).collect();
        assert!(can_sit(&people, &mut open), "the stage {} is approved and not full: {stage:#?}", spec.name);
    }
}

fn one_voice_each(world: &World) {
    let request = world.request();
    let specs = world.policy.stages(&request.rule).into_owned();
    let mut first: BTreeMap<&PersonId, StageId> = BTreeMap::new();
    for stage in &request.stages {
        let mut heard = BTreeSet::new();
        for voice in &stage.voices {
            assert!(heard.insert(&voice.person), "{} speaks twice in one stage", voice.person);
            assert_ne!(voice.person, request.requester, "the requester never fills a seat");
        }
        for person in stage.said(Decision::Approve) {
            let before = first.insert(person, stage.id);
            let beside = specs.iter().any(|spec| spec.repeat_allowed);
            assert!(before.is_none() || beside, "{person} fills two places");
        }
        assert!(!stage.everybody_asked().contains(&request.requester), "the requester is asked");
    }
}

fn levels_once(world: &World) {
    let mut fired = BTreeSet::new();
    for (_, event) in &world.record {
        if let Event::Escalated(escalated) = event
            && let Some(level) = escalated.level
        {
            assert!(fired.insert((escalated.stage, level)), "level {level} fired twice in {}", escalated.stage);
        }
    }
}

fn quiet_after_the_end(world: &World) {
    let settled = world.record.iter().position(|(_, event)| matches!(event, Event::Settled { .. }));
    for (_, event) in world.record.iter().skip(settled.map_or(usize::MAX, |at| at + 1)) {
        let name = event.name();
        let allowed = name.starts_with("execution_") || name.starts_with("notice_") || name.starts_with("summar") || name == "commented";
        assert!(allowed, "`{name}` after the outcome");
    }
}

fn no_silence_approves(world: &World) {
    if let Some(end) = world.request().settled.as_ref().filter(|end| end.outcome == OutcomeName::Approved) {
        assert_eq!(end.cause, Cause::Decisions);
        assert!(world.request().stages.iter().all(|stage| matches!(stage.closed, Some((StageResult::Approved, _)))));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_law_holds_whatever_people_do(world in any_world(), requester in 0..PEOPLE.len(), deeds in prop::collection::vec(deed(), 0..40)) {
        let mut world = world;
        world.submit(PEOPLE[requester]).unwrap();
        for deed in &deeds {
            let before = world.clone();
            let events = act(&mut world, deed);
            full_where_approved(&world, &events);
            one_voice_each(&world);
            if events.is_empty() {
                prop_assert_eq!(&before.request, &world.request, "a refused command changes nothing");
            }
        }
        levels_once(&world);
        quiet_after_the_end(&world);
        no_silence_approves(&world);
    }

    #[test]
    fn a_second_look_at_the_same_moment_finds_nothing_more_to_do(world in any_world(), deeds in prop::collection::vec(deed(), 0..25)) {
        let mut world = world;
        world.submit(PEOPLE[0]).unwrap();
        for deed in &deeds {
            act(&mut world, deed);
            world.wake();
            prop_assert_eq!(world.wake().events, Vec::new());
            if let Some(next) = world.request().next_wakeup(&world.facts()) {
                prop_assert!(next > world.now, "a wake-up in the past would spin");
            }
        }
    }

    #[test]
    fn nobody_waits_for_ever(world in any_world(), deeds in prop::collection::vec(deed(), 0..25)) {
        let mut world = world;
        world.submit(PEOPLE[0]).unwrap();
        for deed in &deeds {
            act(&mut world, deed);
        }
        for _ in 0..4 {
            world.hours(200).wake();
        }
        prop_assert!(world.request().settled.is_some(), "{:#?}", world.request());
    }

    #[test]
    fn nothing_but_salts_depends_on_the_seed(world in any_world(), seed in any::<[u8; 32]>(), deeds in prop::collection::vec(deed(), 0..25)) {
        let mut one = world;
        let mut other = one.clone();
        other.seed = seed;
        one.submit(PEOPLE[0]).unwrap();
        other.submit(PEOPLE[0]).unwrap();
        for deed in &deeds {
            act(&mut one, deed);
            act(&mut other, deed);
        }
        prop_assert_eq!(&one.request().stages, &other.request().stages);
        prop_assert_eq!(one.request().status(), other.request().status());
        prop_assert_ne!(Digest::of(&seed), Digest::of(&one.seed));
    }
}
