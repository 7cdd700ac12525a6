//! The frame around every page: who looks, in which words, where they are, and which doors are open to them.

use super::assets;
use super::visitor::Visitor;
use super::words::Words;
use countersign_core::people::Role;
use std::collections::BTreeSet;
use std::ops::Deref;

/// Who looks, for the head of a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Viewer {
    /// Their name.
    pub name: String,
    /// Guards the forms of this session.
    pub token: String,
    /// Which pages they may use.
    pub roles: BTreeSet<Role>,
}

/// A page in the list of pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// `/`
    Inbox,
    /// `/new`
    New,
    /// `/policies`
    Policies,
    /// `/operations`
    Operations,
    /// `/audit`
    Audit,
    /// `/me`
    Me,
    /// None of them.
    Elsewhere,
}

/// What a page of its own hears of while it is open: see `web::live`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Watch {
    /// Nothing.
    #[default]
    Nothing,
    /// What concerns the person who looks.
    Inbox,
    /// The request with this id.
    Request(String),
    /// Everything, for those who read everything.
    All,
}

/// Every page's template has one, named `frame`; its words are said through it.
#[derive(Clone, Debug)]
pub struct Frame {
    words: Words,
    viewer: Option<Viewer>,
    place: Place,
    watch: Watch,
}

impl Deref for Frame {
    type Target = Words;

    fn deref(&self) -> &Words {
        &self.words
    }
}

const PLACES: [(Place, &str, &str); 6] = [
    (Place::Inbox, "/", "inbox"),
    (Place::New, "/new", "new"),
    (Place::Policies, "/policies", "policies"),
    (Place::Operations, "/operations", "operations"),
    (Place::Audit, "/audit", "audit"),
    (Place::Me, "/me", "me"),
];

impl Frame {
    /// Around a page for somebody signed in.
    #[must_use]
    pub fn of(visitor: &Visitor, place: Place) -> Self {
        Self { words: visitor.words.clone(), viewer: Some(visitor.viewer.clone()), place, watch: Watch::Nothing }
    }

    /// Around a page for nobody in particular.
    #[must_use]
    pub fn stranger(words: Words) -> Self {
        Self { words, viewer: None, place: Place::Elsewhere, watch: Watch::Nothing }
    }

    /// The page is kept up to date by word of this.
    #[must_use]
    pub fn watching(mut self, watch: Watch) -> Self {
        self.watch = watch;
        self
    }

    /// Who looks.
    #[must_use]
    pub fn viewer(&self) -> Option<&Viewer> {
        self.viewer.as_ref()
    }

    /// Guards the forms of this session; empty for a stranger.
    #[must_use]
    pub fn token(&self) -> &str {
        self.viewer.as_ref().map_or("", |viewer| &viewer.token)
    }

    /// The pages that the person who looks may use: address, key of its name, whether it is this one.
    #[must_use]
    pub fn places(&self) -> Vec<(&'static str, &'static str, bool)> {
        let Some(viewer) = &self.viewer else { return Vec::new() };
        let has = |roles: &[Role]| roles.iter().any(|role| viewer.roles.contains(role));
        let open = |place: Place| match place {
            Place::Operations => has(&[Role::Operator, Role::Admin]),
            Place::Audit => has(&[Role::Auditor, Role::Operator, Role::Admin]),
            _ => true,
        };
        PLACES.into_iter().filter(|(place, ..)| open(*place)).map(|(place, address, key)| (address, key, place == self.place)).collect()
    }

    /// The address of a style sheet, script or picture of ours.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    /// The page's own address where it may have come as the answer to a form; else empty.
    #[must_use]
    pub fn live_page(&self) -> String {
        match &self.watch {
            Watch::Request(id) => format!("/requests/{id}"),
            _ => String::new(),
        }
    }

    /// Where the page hears of changes; empty where it does not.
    #[must_use]
    pub fn live_address(&self) -> String {
        match &self.watch {
            Watch::Nothing => String::new(),
            Watch::Inbox => "/live".into(),
            Watch::Request(id) => format!("/live?request={id}"),
            Watch::All => "/live?all=1".into(),
        }
    }
}
