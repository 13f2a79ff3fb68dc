//! What the parameters of every eigen type have in common.

/// [`params!`](crate::base::params::params), with the number of columns, the number of vectors wanted, and the length of an answer
/// added to what the type declares: they stand before its own fields and rules, and behind its own formulas.
macro_rules! eigen_params {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $($fields:tt)* }
        refuse($refused:ident) { $($rules:tt)* }
        formulas($params:ident) { $($formulas:tt)* }
        $($alike:tt)*
    ) => {
        $crate::base::params::params! {
            $(#[$meta])*
            pub struct $name {
                /// One vector for rows of `dim` entries.
                new {
                    /// Number of entries of a row.
                    dim: usize => $crate::base::params::positive,
                }
                /// Number of vectors wanted (default 1).
                rank: usize = 1,
                $($fields)*
            }
            refuse($refused) {
                $refused.rank == 0 || $refused.rank > $refused.dim => rank: $crate::Rule::WITHIN_DIM,
                $($rules)*
            }
            formulas($params) {
                $($formulas)*
                /// Scalars of the buffer for [`estimate`](crate::eigen::TopEigen::estimate).
                pub answer_len: usize = $crate::eigen::answer::answer_len($params.dim, $params.rank),
            }
            $($alike)*
        }
    };
}

pub(crate) use eigen_params;
