//! The pages that are open now, and what each wants to hear of. One commit tells those concerned directly: no page
//! asks the store by itself, and a page that nobody told sleeps.

use countersign_core::id::{PersonId, RequestId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// A page that was told of more requests than this at once is told to look at everything.
const NAMED_MAX: usize = 32;

/// What a page wants to hear of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Interest {
    /// Whatever concerns this person: an inbox.
    Person(PersonId),
    /// One request.
    Request(RequestId),
    /// Everything.
    All,
}

/// What changed since a page last heard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum News {
    /// These requests.
    Requests(BTreeSet<RequestId>),
    /// Too many to name.
    Much,
}

/// All open pages of this node.
#[derive(Debug, Default)]
pub struct OpenPages {
    ears: Mutex<BTreeMap<Interest, Vec<Arc<Ear>>>>,
}

#[derive(Debug, Default)]
struct Ear {
    heard: Mutex<BTreeSet<RequestId>>,
    bell: Notify,
}

/// One open page; forgotten when dropped.
#[derive(Debug)]
pub struct OpenPage {
    pages: Arc<OpenPages>,
    interest: Interest,
    ear: Arc<Ear>,
}

impl OpenPages {
    /// Registers a page.
    #[must_use]
    pub fn open(self: &Arc<Self>, interest: Interest) -> OpenPage {
        let ear = Arc::new(Ear::default());
        locked(&self.ears).entry(interest.clone()).or_default().push(ear.clone());
        OpenPage { pages: self.clone(), interest, ear }
    }

    /// Whether no page is open: then nobody need be found out whom a change concerns.
    pub(super) fn none(&self) -> bool {
        locked(&self.ears).is_empty()
    }

    /// How many are open.
    #[must_use]
    pub fn count(&self) -> usize {
        locked(&self.ears).values().map(Vec::len).sum()
    }

    /// Tells every page that this concerns.
    pub(super) fn tell(&self, id: RequestId, people: impl IntoIterator<Item = PersonId>) {
        let ears = locked(&self.ears);
        if ears.is_empty() {
            return;
        }
        let concerned = people.into_iter().map(Interest::Person).chain([Interest::Request(id), Interest::All]);
        for ear in concerned.filter_map(|interest| ears.get(&interest)).flatten() {
            let mut heard = locked(&ear.heard);
            if heard.len() <= NAMED_MAX {
                heard.insert(id);
            }
            ear.bell.notify_one();
        }
    }
}

impl OpenPage {
    /// Waits for what changed since the last time.
    pub async fn news(&self) -> News {
        loop {
            let heard = std::mem::take(&mut *locked(&self.ear.heard));
            if heard.len() > NAMED_MAX {
                return News::Much;
            }
            if !heard.is_empty() {
                return News::Requests(heard);
            }
            self.ear.bell.notified().await;
        }
    }
}

impl Drop for OpenPage {
    fn drop(&mut self) {
        let mut ears = locked(&self.pages.ears);
        if let Some(list) = ears.get_mut(&self.interest) {
            list.retain(|ear| !Arc::ptr_eq(ear, &self.ear));
            if list.is_empty() {
                ears.remove(&self.interest);
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> RequestId {
        RequestId::from_bytes([number; 16])
    }

    #[tokio::test]
    async fn only_those_concerned_hear_and_what_came_meanwhile_is_told_at_once() {
        let pages = Arc::new(OpenPages::default());
        let mia = pages.open(Interest::Person("mia".into()));
        let ana = pages.open(Interest::Person("ana".into()));
        let request = pages.open(Interest::Request(id(2)));
        let all = pages.open(Interest::All);
        pages.tell(id(1), ["mia".into()]);
        pages.tell(id(2), ["mia".into(), "leo".into()]);
        let both = News::Requests([id(1), id(2)].into());
        assert_eq!((mia.news().await, all.news().await), (both.clone(), both));
        assert_eq!(request.news().await, News::Requests([id(2)].into()));
        assert!(futures_util::FutureExt::now_or_never(ana.news()).is_none(), "nothing concerned her");
        drop((mia, ana, request, all));
        assert_eq!(pages.count(), 0);
    }

    #[tokio::test]
    async fn a_flood_is_one_piece_of_news_of_bounded_size() {
        let pages = Arc::new(OpenPages::default());
        let mia = pages.open(Interest::Person("mia".into()));
        for number in 0..=255 {
            pages.tell(id(number), ["mia".into()]);
        }
        assert_eq!(mia.news().await, News::Much);
        assert!(futures_util::FutureExt::now_or_never(mia.news()).is_none());
    }
}
