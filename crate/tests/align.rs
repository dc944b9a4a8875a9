//! RoIAlign against the reference, bit for bit.

mod common;

use common::{ARRANGEMENTS, KINDS, Kind, bits, values};
use half::f16;
use proptest::prelude::*;
use pyramid_pool::{
    AlignPlan, Arrangement, FeatureMap, Layout, PoolError, RoiAlign, align_regions, align_regions_backward, reference,
};

#[derive(Clone, Debug)]
struct Case {
    map: FeatureMap,
    levels: Vec<(usize, usize)>,
    rule: RoiAlign,
    arrangement: Arrangement,
    kind: Kind,
    seed: u64,
    /// Item and corners, as fractions of the image and a bit beyond.
    regions: Vec<(usize, [f32; 4])>,
}

impl Case {
    fn regions(&self) -> Vec<f32> {
        let pixels = 1.0 / self.rule.spatial_scale;
        let size = [self.map.width as f32 * pixels, self.map.height as f32 * pixels];
        let corners = |&(item, corners): &(usize, [f32; 4])| {
            let [left, top, right, bottom] = core::array::from_fn(|i| corners[i] * size[i % 2]);
            [(item % self.map.batch) as f32, left, top, right, bottom]
        };
        self.regions.iter().flat_map(corners).collect()
    }

    fn plan(&self) -> AlignPlan {
        let FeatureMap { batch, height, width, .. } = self.map;
        AlignPlan::new((batch, height, width), &self.levels, self.rule, self.arrangement, &self.regions()).unwrap()
    }
}

fn cases(count: impl Strategy<Value = usize>) -> impl Strategy<Value = Case> {
    let level = prop_oneof![(1..8usize).prop_map(|n| (n, n)), (1..6usize, 1..6usize)];
    let levels = prop_oneof![prop::collection::vec(level, 1..4), Just(vec![(4, 4), (2, 2), (1, 1)])];
    let rule = (prop::sample::select(&[1.0_f32, 0.0625, 0.25, 0.37][..]), 0..5u32, any::<bool>())
        .prop_map(|(spatial_scale, sampling_ratio, aligned)| RoiAlign { spatial_scale, sampling_ratio, aligned });
    let size = 1..20usize;
    let map = (1..3usize, 1..36usize, size.clone(), size).prop_map(|(batch, channels, height, width)| FeatureMap {
        batch,
        channels,
        height,
        width,
    });
    // Anywhere in the image and beyond, either way round.
    let regions =
        count.prop_flat_map(|count| prop::collection::vec((0..2usize, prop::array::uniform4(-0.4..1.4_f32)), count));
    let arrangement = prop::sample::select(&ARRANGEMENTS[..]);
    (map, levels, rule, arrangement, prop::sample::select(&KINDS[..]), any::<u64>(), regions).prop_map(
        |(map, levels, rule, arrangement, kind, seed, regions)| Case {
            map,
            levels,
            rule,
            arrangement,
            kind,
            seed,
            regions,
        },
    )
}

fn halves(values: &[f32]) -> Vec<f16> {
    values.iter().map(|&value| f16::from_f32(value)).collect()
}

fn widen(values: &[f16]) -> Vec<f32> {
    values.iter().map(|value| value.to_f32()).collect()
}

fn add(mut sum: Vec<f32>, level: Vec<f32>) -> Vec<f32> {
    sum.iter_mut().zip(level).for_each(|(sum, grad)| *sum += grad);
    sum
}

fn check(case: &Case) -> Result<(), TestCaseError> {
    let Case { map, levels, rule, arrangement, kind, seed, .. } = case;
    let (plan, regions) = (case.plan(), case.regions());
    let input = values(*kind, *seed, map.len());
    let expected = reference::align_regions(map, levels, *rule, *arrangement, &regions, &input);
    let mut output = vec![9.0; expected.len()];
    align_regions(&plan, map, &input, &mut output).unwrap();
    prop_assert_eq!(bits(&output), bits(&expected), "output");

    let gradient = values(*kind, !seed, expected.len());
    let by_level = reference::align_regions_backward(map, levels, *rule, *arrangement, &regions, &gradient);
    let expected = by_level.into_iter().rev().reduce(add).unwrap();
    let mut grad_input = vec![9.0; map.len()];
    align_regions_backward(&plan, map, &gradient, &mut grad_input).unwrap();
    prop_assert_eq!(bits(&grad_input), bits(&expected), "gradient");

    // Halves are computed in `f32` and rounded for each level, and so is their sum.
    let input = halves(&input);
    let expected = reference::align_regions(map, levels, *rule, *arrangement, &regions, &widen(&input));
    let mut output = vec![f16::ONE; expected.len()];
    align_regions(&plan, map, &input, &mut output).unwrap();
    prop_assert_eq!(bits(&widen(&output)), bits(&widen(&halves(&expected))), "output in halves");

    let gradient = halves(&gradient);
    let by_level = reference::align_regions_backward(map, levels, *rule, *arrangement, &regions, &widen(&gradient));
    let round = |values: Vec<f32>| widen(&halves(&values));
    let expected = by_level.into_iter().rev().map(round).reduce(|sum, level| round(add(sum, level))).unwrap();
    let mut grad_input = vec![f16::ONE; map.len()];
    align_regions_backward(&plan, map, &gradient, &mut grad_input).unwrap();
    prop_assert_eq!(bits(&widen(&grad_input)), bits(&expected), "gradient in halves");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn regions_agree_with_the_reference(case in cases(0..6usize)) {
        check(&case)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, ..ProptestConfig::default() })]

    #[test]
    fn many_regions_agree_with_the_reference(case in cases(30..60usize)) {
        check(&case)?;
    }
}

/// Blocks of four channels, where a whole block's cells would take too much memory.
#[test]
fn large_maps_and_levels_agree_with_the_reference() {
    for (size, levels) in [((520, 1030), vec![(2, 2), (1, 1)]), ((3, 4), vec![(750, 700), (1, 1)])] {
        for (arrangement, aligned) in ARRANGEMENTS.into_iter().zip([false, true].into_iter().cycle()) {
            let map = FeatureMap { batch: 1, channels: 6, height: size.0, width: size.1 };
            let regions = vec![(0, [-0.1, 0.0, 0.9, 1.0]), (0, [0.3, 0.2, 0.35, 0.7])];
            let rule = RoiAlign { spatial_scale: 0.5, sampling_ratio: 2, aligned };
            check(&Case { map, levels: levels.clone(), rule, arrangement, kind: Kind::Normal, seed: 7, regions })
                .unwrap();
        }
    }
}

/// An image with one region, on a map of 3 x 4 cells that are all 1.
fn pooled(rule: RoiAlign, region: [f32; 4], levels: &[(usize, usize)]) -> Vec<f32> {
    let map = FeatureMap { batch: 1, channels: 1, height: 3, width: 4 };
    let region = [0.0, region[0], region[1], region[2], region[3]];
    let plan = AlignPlan::new((1, 3, 4), levels, rule, Layout::Nchw, &region).unwrap();
    let mut output = vec![9.0; plan.output_len(1)];
    align_regions(&plan, &map, &[1.0; 12], &mut output).unwrap();
    let mut gradient = vec![9.0; 12];
    align_regions_backward(&plan, &map, &output, &mut gradient).unwrap();
    assert!(gradient.iter().all(|gradient| gradient.is_finite()));
    output
}

#[test]
fn giant_regions_take_little_time_and_memory() {
    for (aligned, sampling_ratio) in [(false, 0), (true, 0), (false, 3), (true, 3), (true, 40_000)] {
        for spatial_scale in [1.0, 1e30] {
            let rule = RoiAlign { spatial_scale, sampling_ratio, aligned };
            for region in [
                [0.0, 0.0, 1e9, 1e9],
                [-1e20, -1e20, 1e20, 1e20],
                [f32::MIN, 0.0, f32::MAX, 1.0],
                [1e30, 1e30, -1e30, 1e30],
                [0.0, 0.0, f32::MAX, f32::MAX],
            ] {
                for value in pooled(rule, region, &[(2, 2), (1, 1)]) {
                    assert!((0.0..=1.001).contains(&value), "{rule:?} {region:?}: {value}");
                }
            }
        }
    }
}

#[test]
fn what_torchvision_refuses_is_an_error() {
    let rule = RoiAlign { spatial_scale: 1.0, sampling_ratio: 0, aligned: false };
    let plan = |size, levels: &[(usize, usize)], regions: &[f32]| {
        AlignPlan::new(size, levels, rule, Layout::Nchw, regions).err()
    };
    let region = [0.0, 0.0, 0.0, 1.0, 1.0];
    assert_eq!(plan((1, 0, 3), &[(1, 1)], &region), Some(PoolError::EmptyMap { height: 0, width: 3 }));
    assert_eq!(plan((1, 3, 3), &[], &region), Some(PoolError::NoLevels));
    assert_eq!(plan((0, 3, 3), &[(1, 1)], &region), Some(PoolError::InvalidRegion { position: 0 }));
    assert_eq!(
        plan((1, 3, 3), &[(1, 1)], &[0.0, f32::NAN, 0.0, 1.0, 1.0]),
        Some(PoolError::InvalidRegion { position: 0 })
    );
    assert!(matches!(plan((1, 3, 3), &[(1, 1)], &region[..4]), Some(PoolError::WrongLength { .. })));
    assert_eq!(plan((0, 3, 3), &[(1, 1)], &[]), None);
}
