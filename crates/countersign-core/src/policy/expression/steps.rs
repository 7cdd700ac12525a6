//! What evaluating may take: steps, counted over all conditions that are asked together. They bound time and memory.

/// More steps than the conditions of any policy that loads can need on an accepted payload, but for long texts.
const STEPS_MAX: u64 = 200_000;
/// The conditions of a policy may take this many steps together, reckoned from the declared sizes of lists.
pub(in crate::policy) const COST_MAX: u64 = 100_000;
/// This many bytes of text that is read are one step.
const READ_STEP: usize = 64;
/// This many bytes of text that is made are one step: it is held as well.
const MADE_STEP: usize = 16;

/// The steps that are left.
#[derive(Clone, Debug)]
pub struct Steps(u64);

impl Default for Steps {
    fn default() -> Self {
        Self(STEPS_MAX)
    }
}

impl Steps {
    /// Takes so many of them.
    pub(super) fn take(&mut self, steps: u64) -> Result<(), String> {
        match self.0.checked_sub(steps) {
            Some(left) => {
                self.0 = left;
                Ok(())
            }
            None => {
                self.0 = 0;
                Err(format!("it takes more than {STEPS_MAX} steps"))
            }
        }
    }

    /// How many are left.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.0
    }

    /// Takes what reading this many bytes of text costs.
    pub(super) fn read(&mut self, bytes: usize) -> Result<(), String> {
        self.take(number(bytes / READ_STEP))
    }

    /// Takes what making a text of this many bytes costs.
    pub(super) fn made(&mut self, bytes: usize) -> Result<(), String> {
        self.take(number(bytes / MADE_STEP))
    }
}

pub(super) fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
