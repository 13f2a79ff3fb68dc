//! What pivots promise on average: uniform among the candidates of their level. Seeds are fixed; false alarms below 1e-6.

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use sketchlet_core::submodular::*;

/// Ten elements with an exemplar each: a sum.
fn sum_of_ten() -> Vec<f64> {
    (0..100).map(|i| f64::from(u8::from(i % 11 == 0))).collect()
}

/// Chi-square of counts that should be equal.
fn chi_square(counts: impl Iterator<Item = u32> + Clone) -> f64 {
    let (cells, total) = (counts.clone().count() as f64, counts.clone().sum::<u32>());
    let expected = f64::from(total) / cells;
    counts.map(|count| (f64::from(count) - expected).powi(2) / expected).sum()
}

/// Pivots of the first two levels, over many seeds: ten elements come and some go, with an answer after each step.
macro_rules! count_pivots {
    ($new:expr, $guess:expr) => {{
        let table = sum_of_ten();
        let oracle = FacilityLocation::new(&table, 10).unwrap();
        let mut pairs = [[0u32; 10]; 10];
        for seed in 0..SEEDS {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed.into());
            let mut best = $new(oracle.prefix_len(4)).unwrap();
            for step in ["+0", "+1", "+2", "+3", "+4", "-1", "-3", "+5", "+6", "+7", "-0", "+8", "+9"] {
                let id = u32::from(step.as_bytes()[1] - b'0');
                if step.starts_with('+') {
                    best.insert(&oracle, id, &mut rng).unwrap();
                } else {
                    best.delete(&oracle, id, &mut rng).unwrap();
                }
                best.query(&oracle, &mut rng).unwrap();
            }
            let guess = best.guess($guess).unwrap();
            assert_eq!((guess.pivots.len(), guess.members.len()), (4, 7));
            pairs[usize::from(guess.pivots[0])][usize::from(guess.pivots[1])] += 1;
        }
        pairs
    }};
}

const SEEDS: u32 = 30_000;

fn check_uniform(pairs: [[u32; 10]; 10]) {
    let alive = [2, 4, 5, 6, 7, 8, 9];
    let firsts = alive.map(|first| pairs[first].iter().sum::<u32>());
    assert_eq!(firsts.iter().sum::<u32>(), SEEDS);
    // 6 and 41 degrees of freedom.
    let first = chi_square(firsts.into_iter());
    assert!(first < 38.3, "{first}");
    let ordered = alive.iter().flat_map(|&i| alive.iter().map(move |&j| (i, j))).filter(|(i, j)| i != j);
    let both = chi_square(ordered.map(|(i, j)| pairs[i][j]));
    assert!(both < 99.2, "{both}");
}

#[test]
fn pivots_are_uniform_in_their_level() {
    // Lazily, the guess at the crossing, kept since there were four elements; eagerly one that all elements belong to.
    let lazy = |prefix| LazyDynamic::<f64, u8, _, _>::new(LazyDynamicParams::new(10, 4).prefix(prefix));
    check_uniform(count_pivots!(lazy, 8));
    let eager = |prefix| Dynamic::<f64, u8, _, _>::new(DynamicParams::new(10, 4).prefix(prefix));
    check_uniform(count_pivots!(eager, 3));
}
