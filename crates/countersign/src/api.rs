//! The HTTP door: requests, decisions, events, policies, people, keys. It turns bytes into the engine's words
//! and the engine's answers into bytes; it decides nothing and never sees the store.

use crate::engine::Engine;
use crate::openid::Providers;
use axum::Router;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) mod arrival;
pub mod attachments;
pub(crate) mod attempts;
pub mod body;
pub mod codes;
pub mod dead_letters;
pub mod decisions;
pub mod delegations;
pub mod events;
pub mod executions;
pub mod gate;
pub mod health;
pub mod keys;
pub mod layers;
pub mod lists;
pub mod metrics;
pub mod notices;
pub mod origin;
pub mod parameters;
pub mod passkeys;
pub mod people;
pub mod permit;
pub mod policies;
pub mod problem;
pub mod record;
pub mod requests;
pub mod runs;
pub mod session;
pub mod strict;

/// The bounds of the door. The defaults are generous: they are there against accidents and floods.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// The largest body, in bytes.
    pub body_bytes_max: usize,
    /// A request is answered within this time, or told that it was not.
    pub timeout: Duration,
    /// Requests a second per key or person; ten seconds' worth may come at once.
    pub rate_per_caller: u32,
    /// Requests a second per address that does not prove who it is; ten seconds' worth may come at once.
    pub rate_per_address: u32,
    /// Event streams and long polls open at once.
    pub streams_max: usize,
    /// Pages open at once that hear of changes; each holds a connection and little else.
    pub open_pages_max: usize,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            body_bytes_max: 256 * 1024,
            timeout: Duration::from_secs(30),
            rate_per_caller: 10_000,
            rate_per_address: 20,
            streams_max: 1_024,
            open_pages_max: 10_000,
        }
    }
}

/// What every route gets to see.
#[derive(Clone)]
pub struct ApiState {
    /// The one door to every request.
    pub engine: Arc<Engine>,
    /// The bounds.
    pub settings: Arc<ApiSettings>,
    /// Streams and long polls end when this is cancelled.
    pub stop: CancellationToken,
    /// Who was recognised lately, and who asks too often.
    pub(crate) gate: Arc<gate::Gate>,
    /// Who fails to sign in too often.
    pub(crate) attempts: Arc<attempts::Attempts>,
    /// What is counted.
    pub(crate) metrics: Arc<metrics::Metrics>,
    /// Where people sign in, if there is anywhere.
    pub(crate) providers: Option<Arc<Providers>>,
    /// Room for streams and long polls.
    pub(crate) streams: Arc<Semaphore>,
    /// Room for open pages.
    pub(crate) open_pages: Arc<Semaphore>,
}

impl ApiState {
    /// A door to this engine.
    #[must_use]
    pub fn new(engine: Arc<Engine>, settings: ApiSettings, stop: CancellationToken) -> Self {
        let gate = Arc::new(gate::Gate::new(&settings));
        let streams = Arc::new(Semaphore::new(settings.streams_max));
        let metrics = Arc::new(metrics::Metrics::new(&engine));
        let open_pages = Arc::new(Semaphore::new(settings.open_pages_max));
        Self { engine, settings: Arc::new(settings), stop, gate, attempts: Arc::default(), metrics, providers: None, streams, open_pages }
    }

    /// The same, where people sign in at these providers.
    #[must_use]
    pub fn signing_in_at(self, providers: Arc<Providers>) -> Self {
        Self { providers: Some(providers), ..self }
    }

    /// The base of every link.
    pub(crate) fn public_url(&self) -> &str {
        &self.engine.settings().public_url
    }

    /// Whether people reach it encrypted: then cookies travel no other way.
    pub(crate) fn is_https(&self) -> bool {
        self.public_url().starts_with("https://")
    }
}

/// The whole door: API, pages, documentation, and what else stands beside them, inside the same layers. Serve it with
/// connect info, so that limits know addresses.
pub fn router(state: ApiState, beside: Router) -> Router {
    let (api, openapi) = documented().split_for_parts();
    let docs = utoipa_swagger_ui::SwaggerUi::new("/docs").url("/openapi.json", openapi);
    let whole = api.merge(health::routes()).merge(codes::routes()).merge(crate::web::routes()).with_state(state.clone()).merge(docs).merge(beside);
    layers::around(whole, state)
}

/// What the API answers, as OpenAPI.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented().into_openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Countersign",
        description = "A human decision between what a machine proposes and what it does. Errors are RFC 9457 problems with a stable `code`; each has a page under `/errors/`."
    ),
    modifiers(&Security)
)]
struct Documented;

/// Keys and sessions, both as bearer tokens; people's browsers use a cookie.
struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        openapi.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
    }
}

fn documented() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(Documented::openapi())
        .routes(routes!(requests::submit, lists::list))
        .routes(routes!(requests::show))
        .routes(routes!(requests::why))
        .routes(routes!(requests::revise))
        .routes(routes!(requests::withdraw))
        .routes(routes!(requests::comment, attachments::thread))
        .routes(routes!(attachments::attach))
        .routes(routes!(attachments::download))
        .routes(routes!(requests::reassign))
        .routes(routes!(decisions::decide))
        .routes(routes!(runs::claim))
        .routes(routes!(executions::retry))
        .routes(routes!(executions::abandon))
        .routes(routes!(notices::retry))
        .routes(routes!(notices::abandon))
        .routes(routes!(dead_letters::list))
        .routes(routes!(events::of_request))
        .routes(routes!(events::of_all))
        .routes(routes!(lists::inbox))
        .routes(routes!(policies::list))
        .routes(routes!(policies::show))
        .routes(routes!(policies::explain))
        .routes(routes!(delegations::show, delegations::put, delegations::delete))
        .routes(routes!(people::people))
        .routes(routes!(people::groups))
        .routes(routes!(people::me))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::revoke))
        .routes(routes!(passkeys::list, passkeys::enrol))
        .routes(routes!(passkeys::start_enrolment))
        .routes(routes!(passkeys::rename, passkeys::remove))
        .routes(routes!(passkeys::challenge))
        .routes(routes!(passkeys::sign_in))
        .routes(routes!(passkeys::step_up))
        .routes(routes!(passkeys::of_request))
        .routes(routes!(record::heads))
        .routes(routes!(record::refused))
        .routes(routes!(record::interventions))
        .routes(routes!(session::login))
        .routes(routes!(session::logout))
        .routes(routes!(session::list, session::end_all))
        .routes(routes!(session::end))
}
