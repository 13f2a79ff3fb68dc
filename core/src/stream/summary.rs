//! Macros for what all summaries have in common: constructors, and the encoding and decoding of the byte form.
//!
//! A summary is `struct Name<T, S> { params: NameParams, state: State<T>, storage: S }`, with parameters declared by `params!` that
//! have a `storage_len`, a `State` that implements `Default`, and a `RowSummary::clear` that sets what depends on the parameters. For the
//! byte form it also has `write(&self, &mut Writer)`, `read(bytes) -> Result<(params, state, reader of vectors), Error>` and
//! `load(&mut self, reader)`.

/// `new_in`, `new` with feature `alloc`, and `params`; for scalars that are `Real` unless a third word says `Lane`.
macro_rules! constructors {
    ($name:ident, $params:ident) => {
        $crate::stream::summary::constructors!($name, $params, Real);
    };
    ($name:ident, $params:ident, $bound:ident) => {
        #[cfg(feature = "alloc")]
        #[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
        impl<T: $crate::$bound> $name<T, alloc::vec::Vec<T>> {
            /// An empty summary in storage of its own.
            ///
            /// # Errors
            /// [`Error::Parameter`](crate::Error::Parameter) if a parameter is out of range.
            pub fn new(params: $params) -> Result<Self, $crate::Error> {
                $crate::base::params::Params::check(&params)?;
                Self::new_in(params, $crate::base::storage::allocate(params.storage_len())?)
            }
        }

        impl<T: $crate::$bound, S: $crate::Storage<T>> $name<T, S> {
            /// An empty summary in the storage given, whatever is in it.
            ///
            /// # Errors
            /// [`Error::Parameter`](crate::Error::Parameter) if a parameter is out of range,
            /// [`Error::Storage`](crate::Error::Storage) if the storage has not as many scalars as
            #[doc = concat!("[`storage_len`](", stringify!($params), "::storage_len) says.")]
            pub fn new_in(params: $params, storage: S) -> Result<Self, $crate::Error> {
                $crate::base::params::Params::check(&params)?;
                let (needed, got) = (params.storage_len(), storage.as_ref().len());
                if needed != got {
                    return Err($crate::Error::Storage { needed, got });
                }
                let mut summary = Self { params, state: State::default(), storage };
                $crate::RowSummary::clear(&mut summary);
                Ok(summary)
            }

            /// The parameters.
            pub const fn params(&self) -> &$params {
                &self.params
            }
        }
    };
}

/// The byte form, from the type's own `write`, `read` and `load`; with feature `serde` also for the formats that serde knows.
macro_rules! wire_form {
    ($name:ident) => {
        $crate::stream::summary::wire_form!($name, Real);
    };
    ($name:ident, $bound:ident) => {
        #[cfg(feature = "serde")]
        $crate::wire::serde::serde_form!($name, $bound);

        impl<T: $crate::$bound, S: $crate::Storage<T>> $crate::Wire for $name<T, S> {
            type Storage = S;

            fn encoded_len(&self) -> usize {
                $crate::wire::len(|w| self.write(w))
            }

            fn encode_into(&self, out: &mut [u8]) -> Result<usize, $crate::Error> {
                $crate::wire::encode::<T>($crate::Kind::$name, out, |w| self.write(w))
            }

            fn decode_in(bytes: &[u8], storage: S) -> Result<Self, $crate::Error> {
                let (params, state, mut vectors) = Self::read(bytes)?;
                let mut summary = Self::new_in(params, storage)?;
                summary.state = state;
                summary.load(&mut vectors);
                Ok(summary)
            }

            fn storage_needed(bytes: &[u8]) -> Result<usize, $crate::Error> {
                Ok(Self::read(bytes)?.0.storage_len())
            }

            // All checks once, the checksum among them.
            #[cfg(feature = "alloc")]
            fn decode_within(bytes: &[u8], limit: usize) -> Result<Self, $crate::Error>
            where
                S: $crate::base::storage::Allocated,
            {
                let (params, state, mut vectors) = Self::read(bytes)?;
                let mut summary = Self::new_in(params, $crate::wire::allocate(params.storage_len(), 0, limit)?)?;
                summary.state = state;
                summary.load(&mut vectors);
                Ok(summary)
            }
        }
    };
}

pub(crate) use {constructors, wire_form};
