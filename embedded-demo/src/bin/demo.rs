//! Which direction do sensors mostly move in? The demo of the eigen family: memory in statics, samples one at a time from
//! any iterator, an answer with a verdict whenever it is wanted.
//!
//! Nine accelerometer channels go into the exact summary: below some tens of channels nothing is smaller or better. 64
//! channels go into the random-order summary, here within 4 KiB.

#![no_std]
#![no_main]

use cortex_m_semihosting::hprintln;
use panic_semihosting as _;
use portable_atomic as _;
use sketchlet_core::Error;
use sketchlet_core::eigen::{
    ExactEigen, ExactEigenParams, RandomOrderEigen, RandomOrderEigenParams, TopEigen, TopEigenvector,
};
use sketchlet_core::stream::WarmUp;
use sketchlet_embedded_demo::board::{self, Stack};
use sketchlet_embedded_demo::data;
use static_cell::ConstStaticCell;

const FEW: ExactEigenParams = ExactEigenParams::new(9);
const MANY: RandomOrderEigenParams =
    RandomOrderEigenParams::new(64).width(2).heavy_capacity(4).warm_up(WarmUp::Running);

static FEW_STORAGE: ConstStaticCell<[f32; FEW.storage_len()]> = ConstStaticCell::new([0.0; FEW.storage_len()]);
static MANY_STORAGE: ConstStaticCell<[f32; MANY.storage_len()]> = ConstStaticCell::new([0.0; MANY.storage_len()]);

#[cortex_m_rt::entry]
fn main() -> ! {
    board::run(run)
}

fn run() -> Result<(), Error> {
    let few = ExactEigen::new_in(FEW, FEW_STORAGE.take())?;
    watch("accelerometers", few, data::accelerometers(), &mut [0.0; FEW.answer_len()])?;
    let many = RandomOrderEigen::new_in(MANY, MANY_STORAGE.take())?;
    // Five times over: of rows that are all about equally long, 4 a channel must come before the heavy ones stand out.
    watch("digits", many, (0..5).flat_map(|_| data::digits()), &mut [0.0; MANY.answer_len()])?;
    hprintln!("{}: stack {} of {} bytes", board::NAME, Stack::high_water(), Stack::capacity());
    Ok(())
}

/// Feeds a summary sample by sample and prints what it says on the way: an answer holds for all samples so far, and asking
/// changes nothing.
fn watch<const CHANNELS: usize>(
    name: &str,
    mut summary: impl TopEigen<Scalar = f32>,
    samples: impl IntoIterator<Item = [f32; CHANNELS]>,
    answer: &mut [f32],
) -> Result<(), Error> {
    for sample in samples {
        summary.update(&sample)?;
        let seen = summary.rows_seen();
        if seen == 20 || seen.is_multiple_of(200) {
            print(name, seen, &summary.estimate(answer)?);
        }
    }
    Ok(())
}

fn print(name: &str, seen: u64, top: &TopEigenvector<'_, f32>) {
    let (first, confidence) = (top.vector(0), &top.confidence);
    hprintln!("{} after {} samples: status {}", name, seen, confidence.status);
    hprintln!("  direction {:.4} {:.4} {:.4} ..., energy {:.0}", first[0], first[1], first[2], top.value(0).as_f64());
    if let Some(bound) = confidence.error_bound {
        hprintln!("  certified: sin^2 of the angle to the exact direction at most {:.1e}", bound);
    }
}
