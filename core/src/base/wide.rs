//! Run-time choice of the vector width.

/// Runs a kernel with the widest vector instructions of this machine.
///
/// The kernel must be `#[inline(always)]` all the way down, so that it is compiled once for each width. Wider units run
/// the same lanes in the same order and never fuse a product with a sum, so the answer keeps its bits. Without feature
/// `std` there is nothing to ask and the kernel is simply called.
///
/// Always inlined: a call of its own would pass the kernel's captures through memory, 13 ns a call (measured).
#[cfg(feature = "std")]
#[inline(always)]
pub(crate) fn run<R>(kernel: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(kernel)
}

/// Runs a kernel in a function of its own: inlined into its caller, the lanes would be re-packed and lose half of their
/// speed (measured).
#[cfg(not(feature = "std"))]
#[inline(never)]
pub(crate) fn run<R>(kernel: impl FnOnce() -> R) -> R {
    kernel()
}

/// Ends a lane loop: what follows must not reach back into it. The lanes are a copy made for the purpose.
///
/// If the optimiser sees the reduction tree behind the loop, it re-packs the lanes to suit the tree and the loop loses half
/// of its speed (measured). Through memory the lanes keep their order. Without feature `std` there are no vector units worth
/// the detour.
#[inline(always)]
pub(crate) fn settle<T>(lanes: &mut T) {
    #[cfg(feature = "std")]
    core::hint::black_box(lanes);
    #[cfg(not(feature = "std"))]
    let _ = lanes;
}

/// Whether the accumulators of two sums over all lanes fit in the registers. The 32 single registers of a Cortex-M4F are too
/// few: kernels then sum one half of the lanes after the other.
pub(crate) const HOLDS_TWO_SUMS: bool = cfg!(target_pointer_width = "64");
