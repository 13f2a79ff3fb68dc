//! Small dense kernels: no allocation, no recursion, no large arrays on the stack, the same bits everywhere.
//!
//! | job | take | cost |
//! |---|---|---|
//! | sums, dot products, projections of a row | [`vector`] | one pass |
//! | Gram matrix of a stream of rows, upper triangle packed | [`packed`] | `d^2` flops a row |
//! | least squares, orthonormal columns, rank; a triangle over blocks of rows | [`qr`] (Householder) | `2 n d^2` |
//! | updates and downdates of a triangle by single rows and columns | [`givens`] | `3 d^2` a row |
//! | solves with a triangle, its condition | [`triangular`] | `d^2`, `32 d^2` |
//! | solutions of least norm when columns depend on each other | [`complete`] | `2 rank^2 (d - rank)` |
//! | factor of a Gram matrix | [`cholesky`] | `d^3 / 3` |
//! | Walsh-Hadamard transform: mixes all rows by additions only | [`hadamard`] | `n log2 n` a column |
//! | eigenvectors of a small symmetric matrix, small values exact too | [`symmetric`] (Jacobi) | about `20 m^3` |
//! | the same in a fraction of the time, small values to `eps` of the largest | [`tridiagonal`] (QL) | about `9 m^3` |
//! | singular vectors of a few long rows | [`one_sided`] (Jacobi) | about `40 m^2 d` |
//!
//! Matrices are row-major, as everywhere in the library. These kernels are for the sizes that fit in a small memory; big
//! matrices belong to the paths of the `sketchlet` crate that say so.

pub mod cholesky;
pub mod complete;
pub mod givens;
pub mod hadamard;
pub mod one_sided;
pub mod packed;
pub(crate) mod panel;
pub mod qr;
pub mod symmetric;
pub mod triangular;
pub mod tridiagonal;
pub mod vector;
