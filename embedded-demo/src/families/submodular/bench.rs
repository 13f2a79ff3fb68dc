//! Instructions of the submodular family: a window over the accelerometer samples, with an answer after every slide, at once and
//! in slices.

#![allow(clippy::cast_possible_truncation, reason = "few frames")]

use super::cases;
use crate::board::{Counter, Milli, Stack};
use crate::data;
use core::hint::black_box;
use cortex_m_semihosting::hprintln;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use sketchlet_core::Error;
use sketchlet_core::stream::Progress;
use sketchlet_core::submodular::{FacilityLocation, LazyDynamic, LazyDynamicParams};
use static_cell::ConstStaticCell;

/// Frames, chosen ones, exemplars: as many as leave room on the board.
const SHAPE: (usize, usize, usize) = if cfg!(target_abi = "eabihf") { cases::LARGE } else { cases::SMALL };
const PARAMS: LazyDynamicParams = cases::params(SHAPE);
/// Slides that are timed.
const SLIDES: usize = 200;
/// Gains of a slice.
const BUDGET: u64 = 16;

static TABLE: ConstStaticCell<[u8; SHAPE.0 * SHAPE.2]> = ConstStaticCell::new([0; SHAPE.0 * SHAPE.2]);
static SCALARS: ConstStaticCell<[f32; PARAMS.storage_len()]> = ConstStaticCell::new([0.0; PARAMS.storage_len()]);
static IDS: ConstStaticCell<[u8; PARAMS.index_len::<u8>()]> = ConstStaticCell::new([0; PARAMS.index_len::<u8>()]);

/// Counts those of the window.
pub(super) fn all(counter: &mut Counter) -> Result<(), Error> {
    slide(TABLE.take(), SCALARS.take(), IDS.take(), counter)
}

/// What calls have taken.
struct Cost {
    sum: u64,
    longest: Milli,
}

impl Cost {
    const NONE: Self = Self { sum: 0, longest: Milli(0) };

    fn add(&mut self, once: Milli) {
        self.sum += once.0;
        self.longest = self.longest.max(once);
    }
}

fn slide(
    table: &mut [u8; SHAPE.0 * SHAPE.2],
    scalars: &mut [f32; PARAMS.storage_len()],
    ids: &mut [u8; PARAMS.index_len::<u8>()],
    counter: &mut Counter,
) -> Result<(), Error> {
    let (frames, _, exemplars) = SHAPE;
    let bytes = size_of_val(table) + size_of_val(scalars) + size_of_val(ids);
    let mut best = LazyDynamic::new_in(PARAMS, scalars, ids)?;
    let bytes = bytes + size_of_val(&best);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let [mut insert, mut delete, mut query, mut polish, mut slice] = [const { Cost::NONE }; 5];
    Stack::repaint();
    let floor = Stack::in_use();
    for (tick, sample) in data::samples().take(frames + SLIDES).enumerate() {
        let slot = tick % frames;
        let is_timed = tick >= frames;
        if is_timed {
            let oracle = FacilityLocation::new(&*table, exemplars)?;
            let mut outcome = Ok(());
            delete.add(counter.count(|| outcome = black_box(&mut best).delete(&oracle, slot as u32, &mut rng)));
            outcome?;
        }
        cases::fill_row(&mut table[slot * exemplars..][..exemplars], sample);
        let oracle = FacilityLocation::new(&*table, exemplars)?;
        let mut outcome = Ok(());
        let once = counter.count(|| outcome = black_box(&mut best).insert(&oracle, slot as u32, &mut rng));
        outcome?;
        if !is_timed {
            continue;
        }
        insert.add(once);
        if tick % 2 == 0 {
            let mut outcome = Ok(());
            query.add(counter.count(|| outcome = black_box(&mut best).query(&oracle, &mut rng).map(|_| ())));
            outcome?;
            polish.add(counter.count(|| outcome = black_box(&mut best).polish(&oracle).map(|_| ())));
            outcome?;
        } else {
            best.query_deferred(&oracle, &mut rng)?;
            let mut progress = Ok(Progress::Pending);
            while progress? == Progress::Pending {
                slice.add(counter.count(|| progress = black_box(&mut best).poll(&oracle, BUDGET)));
            }
        }
    }
    hprintln!(
        "bench submodular/lazy-dynamic/{} insert {} delete {} query {} longest {} polish {} slice {} bytes {} stack {}",
        frames,
        insert.sum / 1000 / SLIDES as u64,
        delete.sum / 1000 / SLIDES as u64,
        query.sum / 500 / SLIDES as u64,
        query.longest.0 / 1000,
        polish.sum / 500 / SLIDES as u64,
        slice.longest.0 / 1000,
        bytes,
        Stack::high_water().saturating_sub(floor)
    );
    Ok(())
}
