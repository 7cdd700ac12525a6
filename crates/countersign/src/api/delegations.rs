//! Delegations: described, not built yet. The routes say so rather than be missing.

use super::permit::Permit;
use super::problem::{Problem, ProblemBody};

fn not_yet() -> Problem {
    Problem::new("not_yet", "delegations are not there yet; an operator may reassign a request meanwhile")
}

/// Who decides in whose seat, and until when.
#[utoipa::path(get, path = "/v1/delegations", tag = "directory", responses((status = 501, body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn show(_: Permit) -> Problem {
    not_yet()
}

/// Lets somebody decide in the caller's seat.
#[utoipa::path(put, path = "/v1/delegations", tag = "directory", responses((status = 501, body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn put(_: Permit) -> Problem {
    not_yet()
}

/// Ends it.
#[utoipa::path(delete, path = "/v1/delegations", tag = "directory", responses((status = 501, body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn delete(_: Permit) -> Problem {
    not_yet()
}
