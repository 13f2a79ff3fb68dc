//! A catalogue of products changes; after every change three of them are chosen that represent all, with a bound on how well.
//!
//! `cargo run --example submodular_catalogue`

#![allow(clippy::print_stdout, reason = "an example talks")]

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use sketchlet::CoreError;
use sketchlet::submodular::{
    FacilityLocation, GreedyParams, GroundSet, LazyDynamic, LazyDynamicParams, LazyGreedy, Selection,
};

/// Products, customers, and what each customer makes of each product: from 0 up.
const PRODUCTS: u32 = 200;
const CUSTOMERS: u32 = 40;

fn likes(product: u32, customer: u32) -> f64 {
    // Six kinds of customers; a product is made for one of them, more or less well.
    let quality = f64::from(product * 37 % 100) / 100.0;
    if product % 6 == customer % 6 { 0.5 + quality / 2.0 } else { 0.1 * quality }
}

fn main() -> Result<(), CoreError> {
    let table: Vec<f64> = (0..PRODUCTS).flat_map(|p| (0..CUSTOMERS).map(move |c| likes(p, c))).collect();
    let oracle = FacilityLocation::new(&table, CUSTOMERS as usize)?;
    let prefix = oracle.prefix_len(3);
    let mut best = LazyDynamic::<f64, u16, _, _>::new(LazyDynamicParams::new(PRODUCTS as usize, 3).prefix(prefix))?;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(42);
    for product in 0..150 {
        best.insert(&oracle, product, &mut rng)?;
    }
    let mut worst = f64::INFINITY;
    for day in 0..50 {
        // One product leaves, the best one that was shown; another comes.
        best.query(&oracle, &mut rng)?;
        let gone = best.selected().first().copied().unwrap_or_default();
        best.delete(&oracle, gone.into(), &mut rng)?;
        best.insert(&oracle, 150 + day, &mut rng)?;
        best.query(&oracle, &mut rng)?;
        let Selection { value, upper_bound, .. } = best.polish(&oracle)?;
        worst = worst.min(value / upper_bound.unwrap_or(f64::INFINITY));
        // What looking at everything again would have found.
        let alive: Vec<u32> = (0..PRODUCTS).filter(|&product| best.is_alive(product)).collect();
        let mut greedy = LazyGreedy::<f64, u16, _, _>::new(GreedyParams::new(PRODUCTS as usize, 3).prefix(prefix))?;
        let whole = greedy.select(&oracle, &alive)?;
        assert!(value >= 0.8 * whole.value, "day {day}");
        if day % 10 == 0 {
            println!("day {day}: {:?} of {} worth {value:.2}, greedy {:.2}", best.selected(), best.live(), whole.value);
        }
    }
    println!("at every change at least {:.0} % of the best was proven", 100.0 * worst);
    Ok(())
}
