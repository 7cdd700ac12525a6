//! How single values are written: ids as text, bytes as base64, whole milliseconds as a number.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::canonical::Digest;
use countersign_core::id::{ActionName, EffectId, KeyId, PersonId, PolicyName, Revision, StageId};
use jiff::Timestamp;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value of the core with its form in the record.
pub(super) trait Stored: Sized {
    /// What JSON holds.
    type Form: Serialize + DeserializeOwned;
    /// Writes.
    fn form(&self) -> Self::Form;
    /// Reads back.
    fn read(form: Self::Form) -> Result<Self, String>;
}

pub(super) fn serialize<T: Stored, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.form().serialize(serializer)
}

pub(super) fn deserialize<'de, T: Stored, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(T::Form::deserialize(deserializer)?).map_err(D::Error::custom)
}

impl<T: Stored> Stored for Option<T> {
    type Form = Option<T::Form>;
    fn form(&self) -> Self::Form {
        self.as_ref().map(T::form)
    }
    fn read(form: Self::Form) -> Result<Self, String> {
        form.map(T::read).transpose()
    }
}

impl<T: Stored> Stored for Vec<T> {
    type Form = Vec<T::Form>;
    fn form(&self) -> Self::Form {
        self.iter().map(T::form).collect()
    }
    fn read(form: Self::Form) -> Result<Self, String> {
        form.into_iter().map(T::read).collect()
    }
}

macro_rules! stored_name {
    ($($name:ident),*) => {$(
        impl Stored for $name {
            type Form = String;
            fn form(&self) -> String {
                self.as_str().to_owned()
            }
            fn read(form: String) -> Result<Self, String> {
                Ok(Self::new(form))
            }
        }
    )*};
}
stored_name!(PersonId, PolicyName, ActionName);

macro_rules! stored_number {
    ($($name:ident),*) => {$(
        impl Stored for $name {
            type Form = u32;
            fn form(&self) -> u32 {
                self.0
            }
            fn read(form: u32) -> Result<Self, String> {
                Ok(Self(form))
            }
        }
    )*};
}
stored_number!(StageId, Revision);

macro_rules! stored_id {
    ($($name:ident),*) => {$(
        impl Stored for $name {
            type Form = String;
            fn form(&self) -> String {
                URL_SAFE_NO_PAD.encode(self.bytes())
            }
            fn read(form: String) -> Result<Self, String> {
                Ok(Self::from_bytes(exactly(&form)?))
            }
        }
    )*};
}
stored_id!(KeyId, EffectId);

impl Stored for Digest {
    type Form = String;
    fn form(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
    fn read(form: String) -> Result<Self, String> {
        Ok(Self(exactly(&form)?))
    }
}

fn exactly<const N: usize>(text: &str) -> Result<[u8; N], String> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|error| format!("`{text}` is not base64: {error}"))?;
    bytes.try_into().map_err(|_| format!("`{text}` is not {N} bytes long"))
}

/// A moment: whole milliseconds, as the store's clock has them; anything finer as text, so that nothing is lost.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Moment {
    Millis(i64),
    Exact(Timestamp),
}

impl Stored for Timestamp {
    type Form = Moment;
    fn form(&self) -> Moment {
        let millis = self.as_millisecond();
        if Self::from_millisecond(millis).is_ok_and(|whole| whole == *self) { Moment::Millis(millis) } else { Moment::Exact(*self) }
    }
    fn read(form: Moment) -> Result<Self, String> {
        match form {
            Moment::Millis(millis) => Self::from_millisecond(millis).map_err(|error| error.to_string()),
            Moment::Exact(exact) => Ok(exact),
        }
    }
}
