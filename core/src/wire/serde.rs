//! Summaries in the formats that serde knows: their byte form, carried as bytes.
//!
//! The bytes are those of [`Wire::encode`], with all their checks; serde adds nothing and takes nothing away. Formats
//! without bytes (JSON) carry a list of numbers.

use crate::{Error, Wire};
use alloc::vec::Vec;
use core::fmt;
use serde_core::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde_core::ser::Serializer;

pub(crate) fn serialize<Z: Serializer>(summary: &impl Wire, serializer: Z) -> Result<Z::Ok, Z::Error> {
    serializer.serialize_bytes(&summary.encode())
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>, M>(
    deserializer: D,
    decode: fn(&[u8]) -> Result<M, Error>,
) -> Result<M, D::Error> {
    deserializer.deserialize_byte_buf(Bytes { decode })
}

struct Bytes<M> {
    decode: fn(&[u8]) -> Result<M, Error>,
}

impl<'de, M> Visitor<'de> for Bytes<M> {
    type Value = M;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes of a summary")
    }

    fn visit_bytes<E: serde_core::de::Error>(self, bytes: &[u8]) -> Result<M, E> {
        (self.decode)(bytes).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<M, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = list.next_element::<u8>()? {
            bytes.push(byte);
        }
        (self.decode)(&bytes).map_err(A::Error::custom)
    }
}

/// Both traits for a summary, by its byte form: generics and type in any storage, and in storage of its own.
macro_rules! serde_form {
    ($name:ident, $bound:ident) => {
        $crate::wire::serde::serde_form!(
            [T: $crate::$bound, S: $crate::Storage<T>] $name<T, S>,
            [T: $crate::$bound] $name<T, alloc::vec::Vec<T>>
        );
    };
    ([$($generics:tt)*] $summary:ty, [$($of_own:tt)*] $own:ty) => {
        #[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
        impl<$($generics)*> serde_core::Serialize for $summary {
            fn serialize<Z: serde_core::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
                $crate::wire::serde::serialize(self, serializer)
            }
        }

        #[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
        impl<'de, $($of_own)*> serde_core::Deserialize<'de> for $own {
            fn deserialize<Z: serde_core::Deserializer<'de>>(deserializer: Z) -> Result<Self, Z::Error> {
                $crate::wire::serde::deserialize(deserializer, <Self as $crate::Wire>::decode)
            }
        }
    };
}
pub(crate) use serde_form;
