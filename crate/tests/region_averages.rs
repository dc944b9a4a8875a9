//! Averages over the bins of regions are near the true ones, and so are their gradients.

mod common;

use common::{ARRANGEMENTS, Kind, values};
use half::f16;
use pyramid_pool::{
    Arrangement, FeatureMap, Real, RegionPlan, RegionRule, average_regions, average_regions_backward, reference,
};

const RULES: [RegionRule; 2] =
    [RegionRule::RoiPool { spatial_scale: 0.25 }, RegionRule::SppNet { offset0: 21.0, offset: 6.5, step: 16.0 }];

fn plan(
    map: &FeatureMap,
    levels: &[(usize, usize)],
    rule: RegionRule,
    arrangement: Arrangement,
    regions: &[f32],
) -> RegionPlan {
    RegionPlan::new((map.batch, map.height, map.width), levels, rule, arrangement, regions).unwrap()
}

fn averages<T: Real>(plan: &RegionPlan, map: &FeatureMap, input: &[T]) -> Vec<T> {
    let mut output = vec![T::narrow(9.0); plan.output_len(map.channels)];
    average_regions(plan, map, input, &mut output).unwrap();
    output
}

fn gradients<T: Real>(plan: &RegionPlan, map: &FeatureMap, gradient: &[T]) -> Vec<T> {
    let mut found = vec![T::narrow(9.0); map.len()];
    average_regions_backward(plan, map, gradient, &mut found).unwrap();
    found
}

/// Regions anywhere in the image and beyond.
fn regions(map: &FeatureMap, count: usize, seed: u64) -> Vec<f32> {
    let numbers = values(Kind::Normal, seed, count * 4);
    let size = [map.width as f32 * 8.0, map.height as f32 * 8.0];
    let region = |(i, corners): (usize, &[f32])| {
        let [a, b, c, d] = core::array::from_fn(|axis| (corners[axis] + 0.9) * size[axis % 2]);
        [(i % map.batch) as f32, a, b, c, d]
    };
    numbers.chunks(4).enumerate().flat_map(region).collect()
}

fn largest(values: &[f32]) -> f64 {
    values.iter().fold(0.0, |most, x| f64::max(most, f64::from(x.abs())))
}

fn check(map: FeatureMap, levels: &[(usize, usize)], count: usize) {
    for (rule, arrangement) in RULES.into_iter().flat_map(|rule| ARRANGEMENTS.map(|arrangement| (rule, arrangement))) {
        let regions = regions(&map, count, map.width as u64);
        let plan = plan(&map, levels, rule, arrangement, &regions);
        let what = format!("{map:?} under {levels:?}, {rule:?}, {arrangement:?}");

        let input: Vec<f32> = values(Kind::Normal, 3, map.len()).iter().map(|x| x + 1.0).collect();
        let expected = reference::average_regions(&map, levels, rule, arrangement, &regions, &input);
        for (found, expected) in averages(&plan, &map, &input).iter().zip(&expected) {
            assert!((f64::from(*found) - expected).abs() <= 1e-6 * largest(&input), "{what}: {found} for {expected}");
        }
        let halves: Vec<f16> = input.iter().map(|&x| f16::from_f32(x)).collect();
        let widened: Vec<f32> = halves.iter().map(|x| x.to_f32()).collect();
        let expected = reference::average_regions(&map, levels, rule, arrangement, &regions, &widened);
        for (found, expected) in averages(&plan, &map, &halves).iter().zip(&expected) {
            assert!((found.to_f64() - expected).abs() <= 1e-3 * largest(&widened), "{what}: {found} for {expected}");
        }

        let gradient = values(Kind::Normal, 5, expected.len());
        let magnitudes: Vec<f32> = gradient.iter().map(|x| x.abs()).collect();
        let backward =
            |gradient: &[f32]| reference::average_regions_backward(&map, levels, rule, arrangement, &regions, gradient);
        let (expected, sums) = (backward(&gradient), backward(&magnitudes));
        for ((found, expected), sum) in gradients(&plan, &map, &gradient).iter().zip(&expected).zip(&sums) {
            assert!((f64::from(*found) - expected).abs() <= 1e-6 * sum, "{what}: {found} for {expected}");
        }
    }
}

#[test]
fn averages_of_regions_and_their_gradients_are_near_the_true_ones() {
    for channels in [1, 3, 21] {
        for size in [(1, 1), (5, 9), (14, 13)] {
            let map = FeatureMap { batch: 2, channels, height: size.0, width: size.1 };
            check(map, &[(6, 6), (3, 3), (2, 2), (1, 1)], 12);
            check(map, &[(2, 5)], 3);
            check(map, &[(1, 1)], 0);
        }
    }
    // So large that a block has fewer channels.
    check(FeatureMap { batch: 1, channels: 5, height: 520, width: 1030 }, &[(2, 2), (1, 1)], 3);
}

#[test]
fn many_regions_that_share_a_cell_are_summed_without_loss() {
    let map = FeatureMap { batch: 1, channels: 1, height: 1, width: 1 };
    for (rule, arrangement) in RULES.into_iter().flat_map(|rule| ARRANGEMENTS.map(|arrangement| (rule, arrangement))) {
        let plan = plan(&map, &[(1, 1)], rule, arrangement, &[0.0; 5 * 4096]);
        assert_eq!(gradients(&plan, &map, &vec![f16::ONE; 4096]), [f16::from_f32(4096.0)]);
    }
}

#[test]
fn bins_without_cells_are_zero_and_huge_cells_have_an_average() {
    let map = FeatureMap { batch: 1, channels: 2, height: 4, width: 5 };
    let inside = [0.0, 0.0, 0.0, 16.0, 12.0];
    let outside = [0.0, 400.0, 400.0, 500.0, 500.0];
    for arrangement in ARRANGEMENTS {
        let plan = |region: &[f32]| plan(&map, &[(1, 1)], RULES[0], arrangement, region);
        assert_eq!(averages(&plan(&outside), &map, &[f32::NAN; 40]), [0.0; 2]);
        assert_eq!(gradients(&plan(&outside), &map, &[1.0_f32; 2]), [0.0; 40]);
        assert_eq!(averages(&plan(&inside), &map, &[f32::MAX; 40]), [f32::MAX; 2]);
        assert!(averages(&plan(&inside), &map, &[f32::NAN; 40]).iter().all(|average| average.is_nan()));
        assert_eq!(averages(&plan(&inside), &map, &[f32::INFINITY; 40]), [f32::INFINITY; 2]);
    }
}
