//! Averages and their gradients are near the true values, however many cells a bin has and however many bins a cell.

mod common;

use common::{ARRANGEMENTS, Kind, values};
use half::f16;
use pyramid_pool::bins::Rule;
use pyramid_pool::{Element, FeatureMap, PyramidPlan, Real, average, average_backward, reference};

fn averages<T: Real>(plan: &PyramidPlan, map: &FeatureMap, input: &[T]) -> Vec<T> {
    let mut output = vec![T::narrow(9.0); plan.output_len(map.batch, map.channels)];
    average(plan, map, input, &mut output).unwrap();
    output
}

fn gradients<T: Real>(plan: &PyramidPlan, map: &FeatureMap, gradient: &[T]) -> Vec<T> {
    let mut found = vec![T::narrow(9.0); map.len()];
    average_backward(plan, map, gradient, &mut found).unwrap();
    found
}

fn assert_near(found: &[f32], expected: &[f64], largest: f64, what: &str) {
    let far = found.iter().zip(expected).map(|(&a, b)| (f64::from(a) - b).abs()).fold(0.0, f64::max);
    assert!(far <= 1e-6 * largest, "{what}: off by {far}, the largest is {largest}");
}

fn check((channels, height, width): (usize, usize, usize), levels: &[(usize, usize)], rule: Rule) {
    let map = FeatureMap { batch: 1, channels, height, width };
    for arrangement in ARRANGEMENTS {
        let Ok(plan) = PyramidPlan::new(height, width, levels, rule, arrangement) else { return };
        let what = format!("{map:?} under {levels:?}, {rule:?}, {arrangement:?}");
        // Equal cells are rounded the same way at every addition.
        for (noise, offset) in [(1.0, 0.0), (1.0, 1.0), (0.0, 0.1)] {
            let noisy = |values: Vec<f32>| -> Vec<f32> { values.iter().map(|x| x * noise + offset).collect() };
            let input = noisy(values(Kind::Normal, width as u64, map.len()));
            let largest = input.iter().fold(0.0, |most, x| f64::max(most, f64::from(x.abs())));
            let expected = reference::average(&map, levels, rule, arrangement, &input);
            assert_near(&averages(&plan, &map, &input), &expected, largest, &what);

            let gradient = noisy(values(Kind::Normal, 5, expected.len()));
            let magnitudes: Vec<f32> = gradient.iter().map(|x| x.abs()).collect();
            let expected = reference::average_backward(&map, levels, rule, arrangement, &gradient);
            let sums = reference::average_backward(&map, levels, rule, arrangement, &magnitudes);
            let found = gradients(&plan, &map, &gradient);
            for ((&found, expected), sum) in found.iter().zip(&expected).zip(&sums) {
                assert!((f64::from(found) - expected).abs() <= 1e-6 * sum, "{what}: {found} for {expected}");
            }
        }
    }
}

#[test]
fn averages_are_near_the_true_ones_at_every_size() {
    for &rule in Rule::ALL {
        for size in [1, 2, 5, 7, 13, 14, 38, 56, 224, 300] {
            for levels in [vec![(1, 1)], vec![(4, 4), (2, 2), (1, 1)], vec![(6, 6), (3, 3), (2, 2), (1, 1)]] {
                check((3, size, size), &levels, rule);
            }
        }
        for length in [1000, 1023, 1024, 1025, 2049, 160_000] {
            check((2, 1, length), &[(1, 1)], rule);
            check((2, 1, length), &[(1, 4), (1, 7), (1, 1)], rule);
            check((2, length, 1), &[(3, 1), (1, 1)], rule);
        }
    }
    check((1, 2048, 2048), &[(2, 2), (1, 1)], Rule::Adaptive);
    check((5, 7, 7), &[(70, 50), (1, 1), (3, 20)], Rule::Adaptive);
    check((1, 1, 5000), &[(1, 3000), (1, 7)], Rule::Adaptive);
    // As many channels as registers take together, and around.
    for channels in 1..=20 {
        check((channels, 9, 8), &[(1, 1), (2, 3)], Rule::Adaptive);
        check((channels, 8, channels), &[(1, 1)], Rule::Adaptive);
    }
    for (height, width) in [(8, 8), (8, 9), (9, 8), (1, 64), (1, 65), (64, 1), (65, 1), (65, 65), (3, 70), (70, 3)] {
        check((5, height, width), &[(1, 1)], Rule::Adaptive);
    }
}

#[test]
fn averages_of_many_ones_are_one() {
    let map = FeatureMap { batch: 1, channels: 1, height: 1, width: 1 << 25 };
    let input = vec![1.0_f32; map.len()];
    for arrangement in ARRANGEMENTS {
        let plan = PyramidPlan::new(1, map.width, &[(1, 1)], Rule::Adaptive, arrangement).unwrap();
        assert_eq!(averages(&plan, &map, &input), [1.0]);
    }
}

#[test]
fn huge_cells_have_an_average_and_what_is_not_finite_stays() {
    let map = FeatureMap { batch: 1, channels: 1, height: 4, width: 5 };
    for arrangement in ARRANGEMENTS {
        let plan = PyramidPlan::new(4, 5, &[(1, 1), (2, 2)], Rule::Adaptive, arrangement).unwrap();
        assert_eq!(averages(&plan, &map, &[f32::MAX; 20]), [f32::MAX; 5]);
        assert_eq!(averages(&plan, &map, &[f32::MIN / 2.0; 20]), [f32::MIN / 2.0; 5]);
        let mut input = [f32::MAX; 20];
        input[0] = f32::NEG_INFINITY;
        assert_eq!(averages(&plan, &map, &input)[..2], [f32::NEG_INFINITY; 2]);
        assert_eq!(averages(&plan, &map, &input)[2..], [f32::MAX; 3]);
        input[19] = f32::INFINITY;
        assert!(averages(&plan, &map, &input)[0].is_nan());
        input[0] = f32::NAN;
        assert!(averages(&plan, &map, &input)[1].is_nan());
        assert_eq!(averages(&plan, &map, &input)[4], f32::INFINITY);
    }
}

#[test]
fn halves_are_rounded_once_both_ways() {
    let one = f16::from_f32(1.0);
    for arrangement in ARRANGEMENTS {
        // A cell of 4096 bins: a sum that is rounded at every addition stays at 2048.
        let map = FeatureMap { batch: 1, channels: 1, height: 1, width: 1 };
        let plan = PyramidPlan::new(1, 1, &[(64, 64)], Rule::Adaptive, arrangement).unwrap();
        assert_eq!(gradients(&plan, &map, &[one; 4096]), [f16::from_f32(4096.0)]);

        let map = FeatureMap { height: 300, width: 300, ..map };
        let plan = PyramidPlan::new(300, 300, &[(1, 1)], Rule::Adaptive, arrangement).unwrap();
        let input: Vec<f16> = values(Kind::Normal, 3, map.len()).into_iter().map(f16::from_f32).collect();
        let wide: Vec<f32> = input.iter().map(|value| value.widen()).collect();
        let mean = reference::average(&map, &[(1, 1)], Rule::Adaptive, arrangement, &wide)[0];
        assert!((averages(&plan, &map, &input)[0].to_f64() - mean).abs() <= mean.abs() / 2048.0 + 1e-6);
    }
}
