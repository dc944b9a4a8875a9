//! Regions of a map against the reference, bit for bit, in every way they are pooled.

mod common;

use core::ops::Range;

use common::{ARRANGEMENTS, KINDS, Kind, bits, values};
use proptest::prelude::*;
use pyramid_pool::{
    Arrangement, FeatureMap, RegionPlan, RegionRule, backward_regions, forward_regions, forward_regions_with_indices,
    reference,
};

#[derive(Clone, Debug)]
struct Case {
    map: FeatureMap,
    levels: Vec<(usize, usize)>,
    rule: RegionRule,
    arrangement: Arrangement,
    kind: Kind,
    seed: u64,
    /// Item and corners, as fractions of the image and a bit beyond.
    regions: Vec<(usize, [f32; 4])>,
}

impl Case {
    fn regions(&self) -> Vec<f32> {
        let pixels = match self.rule {
            RegionRule::RoiPool { spatial_scale } => 1.0 / spatial_scale,
            RegionRule::SppNet { step, .. } => step as f32,
        };
        let size = [self.map.width as f32 * pixels, self.map.height as f32 * pixels];
        let corners = |&(item, corners): &(usize, [f32; 4])| {
            let [left, top, right, bottom] = core::array::from_fn(|i| (corners[i] * size[i % 2] * 4.0).round() / 4.0);
            [(item % self.map.batch) as f32, left, top, right, bottom]
        };
        self.regions.iter().flat_map(corners).collect()
    }
}

fn cases(
    size: impl Strategy<Value = usize> + Clone,
    count: impl Strategy<Value = usize>,
    corners: Range<f32>,
) -> impl Strategy<Value = Case> {
    let level = prop_oneof![(1..8usize).prop_map(|n| (n, n)), (1..6usize, 1..6usize)];
    let levels = prop_oneof![
        prop::collection::vec(level, 1..4),
        Just(vec![(6, 6), (3, 3), (2, 2), (1, 1)]),
        Just(vec![(1, 1), (2, 2), (4, 4)]),
    ];
    let rule = prop_oneof![
        prop::sample::select(&[1.0_f32, 0.0625, 0.25, 0.37][..])
            .prop_map(|spatial_scale| RegionRule::RoiPool { spatial_scale }),
        prop::sample::select(&[12.0, 16.0][..]).prop_map(|step| RegionRule::SppNet {
            offset0: 21.0,
            offset: 6.5,
            step
        }),
    ];
    let map = (1..3usize, 1..20usize, size.clone(), size).prop_map(|(batch, channels, height, width)| FeatureMap {
        batch,
        channels,
        height,
        width,
    });
    let corners = prop::array::uniform4(corners);
    let regions = count.prop_flat_map(move |count| prop::collection::vec((0..2usize, corners.clone()), count));
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

fn check(case: &Case) -> Result<(), TestCaseError> {
    let Case { map, levels, rule, arrangement, kind, seed, .. } = case;
    let regions = case.regions();
    let plan = RegionPlan::new((map.batch, map.height, map.width), levels, *rule, *arrangement, &regions).unwrap();
    let input = values(*kind, *seed, map.len());
    let (expected, cells) = reference::forward_regions(map, levels, *rule, *arrangement, &regions, &input);

    let mut output = vec![9.0; expected.len()];
    forward_regions(&plan, map, &input, &mut output).unwrap();
    prop_assert_eq!(bits(&output), bits(&expected), "output");

    let (mut output, mut indices) = (vec![9.0; expected.len()], vec![9; expected.len()]);
    forward_regions_with_indices(&plan, map, &input, &mut output, &mut indices).unwrap();
    prop_assert_eq!(bits(&output), bits(&expected), "output with indices");
    prop_assert_eq!(&indices, &cells, "indices");

    let gradient = values(*kind, !seed, expected.len());
    let mut grad_input = vec![9.0; map.len()];
    backward_regions(&plan, map, &gradient, &indices, &mut grad_input).unwrap();
    let expected = reference::backward_regions(map, levels, *rule, *arrangement, &regions, (&gradient, &indices));
    prop_assert_eq!(bits(&grad_input), bits(&expected), "gradient");
    Ok(())
}

/// Corners anywhere in the image, and a bit beyond.
const ANYWHERE: Range<f32> = -0.2..1.2;

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn few_regions_agree_with_the_reference(case in cases(1..20usize, 0..4usize, ANYWHERE)) {
        check(&case)?;
    }

    #[test]
    fn many_regions_agree_with_the_reference(case in cases(1..20usize, 30..60usize, ANYWHERE)) {
        check(&case)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn groups_of_regions_agree_with_the_reference(case in cases(1..9usize, 513..530usize, ANYWHERE)) {
        check(&case)?;
    }

    /// So little that no table is made.
    #[test]
    fn glimpses_of_a_large_map_agree_with_the_reference(case in cases(60..90usize, 1..3usize, 0.4..0.45)) {
        check(&case)?;
    }
}

/// Maps for which only the table of single cells is small enough, or not even that.
#[test]
fn maps_too_large_for_tables_agree_with_the_reference() {
    for (size, kinds) in [((230, 1100), &KINDS[..]), ((520, 1030), &KINDS[..2])] {
        for (&kind, arrangement) in kinds.iter().zip(ARRANGEMENTS.into_iter().cycle()) {
            for rule in [
                RegionRule::RoiPool { spatial_scale: 0.5 },
                RegionRule::SppNet { offset0: 21.0, offset: 6.5, step: 16.0 },
            ] {
                let map = FeatureMap { batch: 1, channels: 2, height: size.0, width: size.1 };
                let regions = vec![(0, [-0.1, 0.0, 0.9, 1.0]), (0, [0.3, 0.2, 0.35, 0.7])];
                let case = Case { map, levels: vec![(2, 2), (1, 1)], rule, arrangement, kind, seed: 7, regions };
                check(&case).unwrap();
            }
        }
    }
}
