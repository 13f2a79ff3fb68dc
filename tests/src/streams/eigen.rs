//! The noise-dominated inputs of the eigen family: `n = 10000`.

use super::{Rows, decay, digits, heavy_away, heavy_mix, heavy_tailed, imu, lag_windows, randhie, spiked};

/// `d = 64`, population ratio 2, sample gap 1.72.
pub fn sp64_r2() -> Rows {
    spiked(10_000, 64, 2.0, 11)
}

/// `d = 64`, population ratio 4.
pub fn sp64_r4() -> Rows {
    spiked(10_000, 64, 4.0, 2)
}

/// `d = 256`, population ratio 3, sample gap 2.26.
pub fn sp256_r3() -> Rows {
    spiked(10_000, 256, 3.0, 3)
}

/// `d = 64`, 12 heavy rows with half of the energy, gap about 6.7.
pub fn hm64() -> Rows {
    heavy_mix(10_000, 64, 2.0, 12, 0.5, 7)
}

/// `d = 64`, spectrum 3, 1, 1/2, 1/3, ...
pub fn sd64() -> Rows {
    decay(10_000, 64, 3.0, 1.0, 1.0, 5)
}

/// Inputs on which nothing was tuned, by name.
pub fn fresh() -> [(&'static str, Rows); 9] {
    [
        ("spiked, d = 96", spiked(10_000, 96, 3.0, 21)),
        ("spiked, d = 32", spiked(10_000, 32, 1.8, 22)),
        ("heavy mix, d = 48", heavy_mix(10_000, 48, 2.0, 10, 0.44, 23)),
        ("heavy away, d = 200", heavy_away(20_000, 200, 12, 24)),
        ("decay, d = 128", decay(10_000, 128, 3.1, 1.0, 0.5, 25)),
        ("t3, d = 40", heavy_tailed(10_000, 40, 4.5, 26)),
        ("lag windows of gait_imu", lag_windows(&imu(), 3, 32)),
        ("digits, centred", digits().centered()),
        ("randhie, centred", randhie().centered()),
    ]
}
