//! Reads `visible_to`: who sees a field besides those in the request. An unknown word does not load: a mark that
//! meant nobody by mistake would hide too much, one that was skipped too little.

use super::reader::{Item, Place, Reader};
use super::selector::{is_id, one_or_more};
use crate::id::{GroupId, PersonId};
use crate::policy::diagnostic::did_you_mean;
use crate::policy::sight::{ROLES, Sight};

const FORMS: [&str; 9] = ["approvers", "requester", "owner", "readers", "role:auditor", "role:operator", "role:admin", "group:finance", "user:ana"];

/// The words of one mark.
pub(super) fn sights(reader: &mut Reader<'_>, item: &Item<'_>) -> Vec<Sight> {
    let texts = one_or_more(reader, item);
    if texts.is_empty() && item.get_ref().is_array() {
        let message = "`visible_to` names nobody: those in the request see the field anyway";
        reader.error(&Place::of(item), "empty_list", message, Some("visible_to = [\"approvers\"]".to_owned()));
    }
    texts.into_iter().filter_map(|(text, place)| sight(reader, &text, &place)).collect()
}

fn sight(reader: &mut Reader<'_>, text: &str, place: &Place) -> Option<Sight> {
    if let Some((_, role)) = ROLES.iter().find(|(word, _)| *word == text) {
        return Some(Sight::Role(*role));
    }
    match (text, text.split_once(':')) {
        ("owner", _) => Some(Sight::Owner),
        ("readers", _) => Some(Sight::Readers),
        ("approvers", _) => Some(Sight::Approvers),
        ("requester", _) => Some(Sight::Requester),
        (_, Some(("user", id))) if is_id(id) => Some(Sight::Person(PersonId::new(id))),
        (_, Some(("group", id))) if is_id(id) => Some(Sight::Group(GroupId::new(id))),
        _ => {
            reader.error(place, "unknown_sight", format!("`{text}` says of nobody that they see the field"), did_you_mean(text, FORMS));
            None
        }
    }
}
