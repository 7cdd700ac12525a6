//! The versions of a policy as the records keep them, and what its checker says of the one in force.

use super::shelf::PolicySources;
use super::{Engine, EngineError};
use countersign_core::canonical::Digest;
use countersign_core::id::PolicyName;
use countersign_core::policy::Policy;
use countersign_core::policy::diagnostic::Diagnostic;
use countersign_store::{Fault, Kind};
use jiff::Timestamp;

/// A version as it came into force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyVersion {
    /// What requests are pinned to.
    pub version: Digest,
    /// From when it was in force.
    pub since: Timestamp,
    /// Whether it is in force now.
    pub in_force: bool,
}

impl Engine {
    /// Every version that was in force, the newest first. One that came back stands there again.
    ///
    /// # Errors
    /// When no policy of this name is in force, or the store fails.
    pub async fn policy_versions(&self, name: &PolicyName) -> Result<Vec<PolicyVersion>, EngineError> {
        let current = self.shelf().policy(name).ok_or_else(|| EngineError::UnknownPolicy(name.to_string()))?.version;
        let kept = self.records().history(Kind::Policy, name.as_str()).await?;
        let read = |record: countersign_store::Record| {
            let version = Digest::parse(&String::from_utf8_lossy(&record.bytes))?;
            Some(PolicyVersion { version, since: record.at, in_force: false })
        };
        let mut versions: Vec<PolicyVersion> = kept.into_iter().rev().filter_map(read).collect();
        if let Some(newest) = versions.first_mut() {
            newest.in_force = newest.version == current;
        }
        Ok(versions)
    }

    /// The texts of one version of this policy; `None` where it never was one.
    ///
    /// # Errors
    /// As [`Engine::policy_versions`]; also when the kept texts are damaged.
    pub async fn policy_sources(&self, name: &PolicyName, version: &Digest) -> Result<Option<PolicySources>, EngineError> {
        if !self.policy_versions(name).await?.iter().any(|known| known.version == *version) {
            return Ok(None);
        }
        let key = version.to_string();
        let Some(record) = self.records().get(Kind::PolicyVersion, &key).await? else { return Ok(None) };
        let damaged = |error: serde_json::Error| Fault::Damaged { place: format!("policy version {key}"), what: error.to_string() };
        Ok(Some(serde_json::from_slice(&record.bytes).map_err(damaged)?))
    }

    /// What somebody should look at in the version in force: the checker's warnings, and what today's directory adds.
    ///
    /// # Errors
    /// As [`Engine::policy_sources`].
    pub async fn policy_findings(&self, policy: &Policy) -> Result<Vec<Diagnostic>, EngineError> {
        let mut found = policy.check_against(&self.shelf().people().roster);
        if let Some(sources) = self.policy_sources(&policy.name, &policy.version).await? {
            let rates = |_: &str| sources.rates.clone().ok_or_else(|| "no rate table was kept".to_owned());
            if let Ok(loaded) = Policy::load(&sources.file, &sources.source, &rates) {
                found.extend(loaded.warnings);
            }
        }
        Ok(found)
    }
}
