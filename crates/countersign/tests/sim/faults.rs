//! The fault menu: which faults a seed has, how often each strikes, and how often each did.

use crate::dice::Dice;
use crate::executor::Loop;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What can go wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    CrashBeforeCommit,
    CrashAfterCommit,
    CommitInDoubt,
    StoreFails,
    PutInDoubt,
    Stall,
    SlowStore,
    Restart,
    ReceiverTimeout,
    ReceiverAnswerLost,
    ReceiverLate,
    ReceiverTwice,
    ReceiverRefuses,
    ReceiverGone,
    ReceiverBusy,
    SummaryAbsent,
    SummarySlow,
    SummaryLies,
    ClockForward,
    ClockBack,
    NodeClockWrong,
    DirectoryChange,
    PolicyEdit,
    ClientRepeats,
    DecisionTwice,
    StaleRevision,
    Stranger,
}

pub(crate) const KINDS: [Kind; 27] = [
    Kind::CrashBeforeCommit,
    Kind::CrashAfterCommit,
    Kind::CommitInDoubt,
    Kind::StoreFails,
    Kind::PutInDoubt,
    Kind::Stall,
    Kind::SlowStore,
    Kind::Restart,
    Kind::ReceiverTimeout,
    Kind::ReceiverAnswerLost,
    Kind::ReceiverLate,
    Kind::ReceiverTwice,
    Kind::ReceiverRefuses,
    Kind::ReceiverGone,
    Kind::ReceiverBusy,
    Kind::SummaryAbsent,
    Kind::SummarySlow,
    Kind::SummaryLies,
    Kind::ClockForward,
    Kind::ClockBack,
    Kind::NodeClockWrong,
    Kind::DirectoryChange,
    Kind::PolicyEdit,
    Kind::ClientRepeats,
    Kind::DecisionTwice,
    Kind::StaleRevision,
    Kind::Stranger,
];

impl Kind {
    /// How often it strikes at most, in a thousand of its occasions.
    fn most(self) -> u64 {
        match self {
            Self::CrashBeforeCommit | Self::CrashAfterCommit => 25,
            Self::CommitInDoubt | Self::StoreFails => 60,
            Self::Stall => 12,
            Self::ReceiverGone | Self::Restart => 60,
            _ => 300,
        }
    }
}

/// The faults of one seed.
pub(crate) struct Weather {
    rates: BTreeMap<Kind, u32>,
    dice: Dice,
    /// True once the run is left alone to come to rest.
    pub(crate) calm: bool,
    pub(crate) struck: BTreeMap<Kind, u64>,
    /// What struck when, by true time: for those who judge how late something was.
    pub(crate) log: Vec<(i64, Kind)>,
    time: Option<Arc<Loop>>,
}

impl Weather {
    /// Each seed has about half of the faults, each at a rate of its own.
    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 3);
        let mut rates = BTreeMap::new();
        for kind in KINDS {
            if dice.permille(500) {
                rates.insert(kind, 1 + u32::try_from(dice.next() % kind.most()).unwrap());
            }
        }
        Self { rates, dice, calm: false, struck: BTreeMap::new(), log: Vec::new(), time: None }
    }

    /// From now on what strikes is logged with its time.
    pub(crate) fn logged(mut self, time: Arc<Loop>) -> Self {
        self.time = Some(time);
        self
    }

    /// Whether this fault strikes now; counted if so.
    pub(crate) fn strikes(&mut self, kind: Kind) -> bool {
        let rate = self.rates.get(&kind).copied().unwrap_or(0);
        let strikes = !self.calm && rate > 0 && self.dice.permille(rate);
        if strikes {
            *self.struck.entry(kind).or_default() += 1;
            self.log.extend(self.time.iter().map(|time| (time.now(), kind)));
        }
        strikes
    }

    /// Between these, in milliseconds.
    pub(crate) fn between(&mut self, start: i64, end: i64) -> i64 {
        self.dice.between(start, end)
    }
}
