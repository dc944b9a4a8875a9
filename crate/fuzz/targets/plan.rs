//! Bins are what the rules say, for every size; a plan is made exactly where all its levels have bins.

#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use fuzz_cases::{arrangement, levels, rule};
use libfuzzer_sys::fuzz_target;
use pyramid_pool::bins::Rule;
use pyramid_pool::{Arrangement, PoolError, PyramidPlan};

#[derive(Debug)]
struct Drawn {
    rule: Rule,
    arrangement: Arrangement,
    /// Any that can be counted.
    size: u32,
    n: u32,
    height: usize,
    width: usize,
    levels: Vec<(usize, usize)>,
}

impl<'a> Arbitrary<'a> for Drawn {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Drawn {
            rule: rule(u)?,
            arrangement: arrangement(u)?,
            size: u.int_in_range(1..=i32::MAX as u32)? >> u.int_in_range(0..=30)?,
            n: u.int_in_range(1..=5000)?,
            height: u.int_in_range(0..=400)?,
            width: u.int_in_range(0..=400)?,
            levels: levels(u, 60)?,
        })
    }
}

/// The bounds of a bin in numbers that cannot overflow.
fn bounds(rule: Rule, size: i128, n: i128, i: i128) -> (i128, i128) {
    let (quotient, window) = (size / n, (size + n - 1) / n);
    match rule {
        Rule::Adaptive => (i * size / n, ((i + 1) * size + n - 1) / n),
        Rule::Sliding => (i * quotient, i * quotient + window),
        Rule::Padded => {
            let start = i * window - (window * n - size + 1) / 2;
            (start.max(0), (start + window).min(size))
        }
    }
}

fn has_bins(rule: Rule, size: i128, n: i128) -> bool {
    let (quotient, window) = (size / n, (size + n - 1) / n);
    match rule {
        Rule::Adaptive => true,
        Rule::Sliding => quotient > 0 && (size - window) / quotient + 1 == n,
        Rule::Padded => (window * n - size + 1) / 2 < window,
    }
}

fuzz_target!(|drawn: Drawn| {
    let Drawn { rule, arrangement, size, n, height, width, levels } = drawn;
    let size = size.max(1);
    let (wide_size, wide_n) = (i128::from(size), i128::from(n));
    match rule.axis(size as usize, n as usize) {
        Ok(bins) => {
            assert!(has_bins(rule, wide_size, wide_n));
            for (i, bin) in bins.iter().enumerate() {
                let expected = bounds(rule, wide_size, wide_n, i as i128);
                assert_eq!((i128::from(bin.start), i128::from(bin.end)), expected);
            }
        }
        Err(error) => {
            assert!(!has_bins(rule, wide_size, wide_n), "{error}");
        }
    }

    let all = |&(rows, columns): &(usize, usize)| {
        has_bins(rule, height as i128, rows as i128) && has_bins(rule, width as i128, columns as i128)
    };
    match PyramidPlan::new(height, width, &levels, rule, arrangement) {
        Ok(plan) => {
            assert!(height > 0 && width > 0 && levels.iter().all(all));
            let bins: usize = levels.iter().map(|&(rows, columns)| rows * columns).sum();
            assert_eq!(plan.output_len(3, 5), 15 * bins);
        }
        Err(PoolError::EmptyMap { .. }) => assert!(height == 0 || width == 0),
        Err(PoolError::WrongCount { .. }) => assert!(!levels.iter().all(all)),
        Err(error) => panic!("{error}"),
    }
});
