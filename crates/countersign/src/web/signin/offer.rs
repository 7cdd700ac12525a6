//! The page that says how to sign in: the providers, and what a sign-in link is.

use super::{next, stranger_frame};
use crate::api::ApiState;
use crate::web::frame::Frame;
use crate::web::page;
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    frame: Frame,
    providers: Vec<Offer>,
    /// Whether somebody wanted another page.
    stopped: bool,
}

/// One provider.
struct Offer {
    name: String,
    href: String,
}

/// Where to go afterwards.
#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct Wanted {
    pub(in crate::web) next: Option<String>,
}

impl Wanted {
    /// A path of ours.
    pub(in crate::web) fn path(&self) -> &str {
        self.next.as_deref().and_then(next::local).unwrap_or("/")
    }
}

/// Shows the ways to sign in.
pub(in crate::web) async fn show(State(state): State<ApiState>, wanted: Result<Query<Wanted>, QueryRejection>, headers: HeaderMap) -> Response {
    let Query(wanted) = wanted.unwrap_or_default();
    page::render(StatusCode::OK, &offer(&state, &headers, wanted.path(), false))
}

/// Shows them in place of a page that needs a sign-in; a page that was only to be looked at comes afterwards.
pub(in crate::web) fn to_stranger(parts: &Parts, state: &ApiState) -> Response {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let next = if parts.method.is_safe() { next::local(path).unwrap_or("/") } else { "/" };
    page::render(StatusCode::UNAUTHORIZED, &offer(state, &parts.headers, next, true))
}

fn offer(state: &ApiState, headers: &HeaderMap, next: &str, stopped: bool) -> LoginPage {
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    let providers = state.providers.iter().flat_map(|providers| providers.list());
    let offers = providers.map(|provider| Offer { name: provider.name.clone(), href: format!("/login/with/{}?{query}", provider.id) });
    LoginPage { frame: stranger_frame(state, headers), providers: offers.collect(), stopped }
}
