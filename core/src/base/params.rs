//! Parameters of summaries, declared in one form.

use super::error::{Error, Rule};

/// What [`params!`] makes of a declaration, beside the public methods.
pub(crate) trait Params: Copy {
    /// All zero or default: to be filled by [`visit`](Self::visit).
    fn blank() -> Self;

    /// Refuses values that break a rule of the declaration: those of single fields first, in their order.
    fn check(&self) -> Result<(), Error>;

    /// Shows every field, in the order of the declaration: the byte form is written and read so.
    fn visit(&mut self, visitor: &mut impl Visitor) -> Result<(), Error>;
}

/// What writes or reads the fields of parameters, one after the other.
pub(crate) trait Visitor {
    /// Takes the bytes, or gives others.
    fn bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error>;
}

/// The type of a parameter: it shows a [`Visitor`] its bytes, and becomes what the visitor makes of them.
pub(crate) trait Field {
    fn visit(&mut self, visitor: &mut impl Visitor) -> Result<(), Error>;
}

macro_rules! number {
    ($($t:ident),*) => {$(
        impl Field for $t {
            fn visit(&mut self, visitor: &mut impl Visitor) -> Result<(), Error> {
                let mut bytes = self.to_le_bytes();
                visitor.bytes(&mut bytes)?;
                *self = Self::from_le_bytes(bytes);
                Ok(())
            }
        }
    )*};
}

number!(u8, u32, u64);

/// Sizes travel as 64-bit numbers.
impl Field for usize {
    fn visit(&mut self, visitor: &mut impl Visitor) -> Result<(), Error> {
        let mut long = *self as u64;
        long.visit(visitor)?;
        *self = Self::try_from(long).map_err(|_| Error::Corrupt)?;
        Ok(())
    }
}

/// Finite: no parameter is anything else.
impl Field for f64 {
    fn visit(&mut self, visitor: &mut impl Visitor) -> Result<(), Error> {
        let mut bits = self.to_bits();
        bits.visit(visitor)?;
        *self = Self::from_bits(bits);
        if self.is_finite() { Ok(()) } else { Err(Error::Corrupt) }
    }
}

impl Field for bool {
    fn visit(&mut self, visitor: &mut impl Visitor) -> Result<(), Error> {
        let mut byte = u8::from(*self);
        byte.visit(visitor)?;
        *self = byte == 1;
        if byte <= 1 { Ok(()) } else { Err(Error::Corrupt) }
    }
}

/// Whether there is one, and zero in place of none.
impl<F: Field + Copy + Default> Field for Option<F> {
    fn visit(&mut self, visitor: &mut impl Visitor) -> Result<(), Error> {
        let (mut is_some, mut value) = (self.is_some(), self.unwrap_or_default());
        is_some.visit(visitor)?;
        value.visit(visitor)?;
        *self = is_some.then_some(value);
        Ok(())
    }
}

/// Rules that a single number can be held against.
pub(crate) fn positive<N: Copy + PartialOrd + From<u8>>(x: N) -> Result<(), Rule> {
    if x >= N::from(1) { Ok(()) } else { Err(Rule::POSITIVE) }
}

pub(crate) fn not_negative(x: f64) -> Result<(), Rule> {
    if x.is_finite() && x >= 0.0 { Ok(()) } else { Err(Rule::NOT_NEGATIVE) }
}

pub(crate) fn finite_positive(x: f64) -> Result<(), Rule> {
    if x.is_finite() && x > 0.0 { Ok(()) } else { Err(Rule::FINITE_POSITIVE) }
}

/// Strictly between 0 and 1.
pub(crate) fn fraction(x: f64) -> Result<(), Rule> {
    if x > 0.0 && x < 1.0 { Ok(()) } else { Err(Rule::FRACTION) }
}

/// Above 0, and at most 1.
pub(crate) fn fraction_or_one(x: f64) -> Result<(), Rule> {
    if x > 0.0 && x <= 1.0 { Ok(()) } else { Err(Rule::FRACTION) }
}

/// The parameters of a summary: a struct, `new`, a getter for what `new` takes, a builder for everything else, and [`Params`].
///
/// ```text
/// params! {
///     /// Parameters of a [`Spectrum`].                         the doc page of the struct
///     #[derive(PartialEq)]                                      Clone, Copy and Debug are there
///     pub struct SpectrumParams {
///         /// One vector for rows of `dim` entries.             the doc of new(dim)
///         new {
///             /// Number of entries of a row.                   the doc of dim()
///             dim: usize => positive,
///         }
///         /// Number of vectors wanted (default 1).             the doc of rank(self, rank)
///         rank: usize = 1 => positive,
///         /// Sums blocks of rows first.                        of two_level(self), which sets it
///         two_level: bool = false,
///         /// Slots (default: as many as needed).               of slots(self, slots: usize)
///         slots: Option<usize> = None,
///     }
///     refuse(params) {
///         params.rank > params.dim => rank: Rule::WITHIN_DIM,   rules that look at more than one field
///     }
///     formulas(params) {
///         /// Scalars of storage: `rank dim`. Saturates.        the doc of storage_len(&self), a const fn
///         pub storage_len: usize = product([params.rank, params.dim]),
///     }
///     alike(params) {
///         Dim: params.dim,                                      check_alike(&self, other): the first `Difference`
///     }
/// }
/// ```
///
/// A rule behind `=>` is a function from the value to `Result<(), Rule>`. The order of the fields is that of the byte form.
/// `refuse`, `formulas` and `alike` may be left out. Anything else, as what is generic or can fail, is ordinary code beside the
/// declaration.
macro_rules! params {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $(#[$new_doc:meta])*
            new {
                $($(#[$required_doc:meta])* $required:ident: $required_type:ident $(=> $required_rule:expr)?),+ $(,)?
            }
            $($(#[$doc:meta])* $field:ident: $type:ident $(<$of:ident>)? = $default:expr $(=> $rule:expr)?),* $(,)?
        }
        $(refuse($this:ident) { $($refused:expr => $named:ident: $because:expr),+ $(,)? })?
        $(formulas($of_these:ident) {
            $($(#[$formula_doc:meta])* $seen:vis $formula:ident: $formula_type:ty = $formula_value:expr),+ $(,)?
        })?
        $(alike($side:ident) { $($what:ident: $of_side:expr),+ $(,)? })?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name {
            $(pub(super) $required: $required_type,)+
            $(pub(super) $field: $type $(<$of>)?,)*
        }

        impl $name {
            $(#[$new_doc])*
            pub const fn new($($required: $required_type),+) -> Self {
                Self { $($field: $default,)* $($required),+ }
            }

            $($crate::base::params::params!(@builder [$(#[$doc])*] $field $type $(<$of>)?);)*

            $($(#[$required_doc])*
            pub const fn $required(&self) -> $required_type {
                self.$required
            })+

            $($($(#[$formula_doc])*
            $seen const fn $formula(&self) -> $formula_type {
                let $of_these = self;
                $formula_value
            })+)?

            $(/// Fails with the first value that two summaries must have in common and don't, defaults spelt out.
            pub(crate) fn check_alike(&self, other: &Self) -> Result<(), $crate::Error> {
                $(let value = |$side: &Self| $of_side;
                $crate::Difference::$what.check(value(self), value(other))?;)+
                Ok(())
            })?
        }

        impl $crate::base::params::Params for $name {
            fn blank() -> Self {
                Self::new($(<$required_type>::default()),+)
            }

            fn check(&self) -> Result<(), $crate::Error> {
                $($($required_rule(self.$required)
                    .map_err(|rule| $crate::Error::Parameter { name: &stringify!($required), rule })?;)?)+
                $($($rule(self.$field)
                    .map_err(|rule| $crate::Error::Parameter { name: &stringify!($field), rule })?;)?)*
                $(let $this = self;
                $(if $refused {
                    let _ = &self.$named;
                    return Err($crate::Error::Parameter { name: &stringify!($named), rule: $because });
                })+)?
                Ok(())
            }

            fn visit(&mut self, visitor: &mut impl $crate::base::params::Visitor) -> Result<(), $crate::Error> {
                $($crate::base::params::Field::visit(&mut self.$required, visitor)?;)+
                $($crate::base::params::Field::visit(&mut self.$field, visitor)?;)*
                Ok(())
            }
        }
    };
    (@builder [$($doc:tt)*] $field:ident bool) => {
        $($doc)*
        #[must_use]
        pub const fn $field(mut self) -> Self {
            self.$field = true;
            self
        }
    };
    (@builder [$($doc:tt)*] $field:ident Option<$of:ident>) => {
        $($doc)*
        #[must_use]
        pub const fn $field(mut self, $field: $of) -> Self {
            self.$field = Some($field);
            self
        }
    };
    (@builder [$($doc:tt)*] $field:ident $type:ident) => {
        $($doc)*
        #[must_use]
        pub const fn $field(mut self, $field: $type) -> Self {
            self.$field = $field;
            self
        }
    };
}

pub(crate) use params;
