//! Regions of maps of every element type, their indices and their gradients are those of the reference; regions that name no
//! item or are not finite are refused.

#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use fuzz_cases::{Drawn, Numbers, arrangement, bits, bits_of, levels, map};
use half::f16;
use libfuzzer_sys::fuzz_target;
use pyramid_pool::{
    Arrangement, FeatureMap, PoolError, RegionPlan, RegionRule, average_regions, average_regions_backward,
    backward_regions, forward_regions, forward_regions_with_indices, reference,
};

#[derive(Debug)]
struct Regions {
    map: FeatureMap,
    levels: Vec<(usize, usize)>,
    rule: RegionRule,
    arrangement: Arrangement,
    numbers: Numbers,
    /// Five numbers each.
    regions: Vec<f32>,
}

impl<'a> Arbitrary<'a> for Regions {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let drawn = map(u)?;
        let map = FeatureMap { batch: drawn.batch.max(1), channels: drawn.channels.min(33), ..drawn };
        let rule = if u.arbitrary()? {
            RegionRule::RoiPool { spatial_scale: *u.choose(&[1.0, 0.0625, 0.37, 1e30, 1e-30])? }
        } else {
            RegionRule::SppNet { offset0: 21.0, offset: 6.5, step: *u.choose(&[12.0, 16.0, 1e-9])? }
        };
        let pixels = match rule {
            RegionRule::RoiPool { spatial_scale } => 1.0 / spatial_scale,
            RegionRule::SppNet { step, .. } => step as f32,
        };
        let count = if u.ratio(1, 4)? { u.int_in_range(20..=80)? } else { u.int_in_range(0..=4)? };
        let mut regions = Vec::new();
        for _ in 0..count {
            regions.push(if u.ratio(1, 400)? { u.arbitrary()? } else { u.int_in_range(0..=map.batch - 1)? as f32 });
            for axis in 0..4 {
                let size = if axis % 2 == 0 { map.width } else { map.height } as f32;
                let near = size * pixels * (u.arbitrary::<u16>()? as f32 / 40000.0 - 0.3);
                regions.push(if u.ratio(1, 400)? { u.arbitrary()? } else { near });
            }
        }
        Ok(Regions { map, levels: levels(u, 7)?, rule, arrangement: arrangement(u)?, numbers: u.arbitrary()?, regions })
    }
}

fuzz_target!(|drawn: Regions| {
    let Regions { map, levels, rule, arrangement, numbers, regions } = &drawn;
    let is_right = |region: &[f32]| {
        let item = region[0];
        (0..map.batch).any(|number| number as f32 == item) && region[1..].iter().all(|corner| corner.is_finite())
    };
    let plan = RegionPlan::new((map.batch, map.height, map.width), levels, *rule, *arrangement, regions);
    let Ok(plan) = plan else {
        let position = regions.chunks(5).position(|region| !is_right(region));
        assert_eq!(plan.err(), position.map(|position| PoolError::InvalidRegion { position }));
        return;
    };
    assert!(regions.chunks(5).all(is_right));

    match numbers.seed % 5 {
        4 => check_averages(&drawn, &plan),
        0 => drop(check_forward::<f16>(&drawn, &plan)),
        1 => drop(check_forward::<i8>(&drawn, &plan)),
        2 => drop(check_forward::<u8>(&drawn, &plan)),
        _ => check_backward(&drawn, &plan, &check_forward::<f32>(&drawn, &plan)),
    }
});

/// Gives the indices.
fn check_forward<T: Drawn>(drawn: &Regions, plan: &RegionPlan) -> Vec<u32> {
    let Regions { map, levels, rule, arrangement, numbers, regions } = drawn;
    let input: Vec<T> = numbers.fill(0, map.len()).iter().map(|value| T::of(value.to_bits())).collect();
    let values: Vec<f32> = input.iter().map(|element| element.value()).collect();
    let (expected, cells) = reference::forward_regions(map, levels, *rule, *arrangement, regions, &values);
    let expected: Vec<f32> = expected.into_iter().map(T::nearest).collect();
    let mut output = vec![T::of(9); expected.len()];
    forward_regions(plan, map, &input, &mut output).unwrap();
    assert_eq!(bits_of(&output), bits(&expected));

    let (mut output, mut indices) = (vec![T::of(9); expected.len()], vec![9; expected.len()]);
    forward_regions_with_indices(plan, map, &input, &mut output, &mut indices).unwrap();
    assert_eq!(bits_of(&output), bits(&expected));
    assert_eq!(indices, cells);
    indices
}

fn check_backward(drawn: &Regions, plan: &RegionPlan, indices: &[u32]) {
    let Regions { map, levels, rule, arrangement, numbers, regions } = drawn;
    let gradient = numbers.fill(1, indices.len());
    let mut found = vec![9.0; map.len()];
    backward_regions(plan, map, &gradient, indices, &mut found).unwrap();
    let expected = reference::backward_regions(map, levels, *rule, *arrangement, regions, (&gradient, indices));
    assert_eq!(bits(&found), bits(&expected));
}

/// Averages and their gradients are near those of the reference, which sums in `f64`.
fn check_averages(drawn: &Regions, plan: &RegionPlan) {
    let Regions { map, levels, rule, arrangement, numbers, regions } = drawn;
    // Not of every kind: what is not finite has no error to speak of.
    let fill = |stream: u64, len: usize| -> Vec<f32> {
        numbers.fill(stream, len).iter().map(|value| (value.to_bits() >> 8) as f32 / (1 << 24) as f32 - 0.5).collect()
    };
    let input = fill(0, map.len());
    let expected = reference::average_regions(map, levels, *rule, *arrangement, regions, &input);
    let mut output = vec![9.0; expected.len()];
    average_regions(plan, map, &input, &mut output).unwrap();
    let is_near = |found: f32, expected: f64, scale: f64| (f64::from(found) - expected).abs() <= 1e-6 * scale;
    assert!(output.iter().zip(&expected).all(|(&found, &expected)| is_near(found, expected, 0.5)));

    let gradient = fill(1, expected.len());
    let backward =
        |gradient: &[f32]| reference::average_regions_backward(map, levels, *rule, *arrangement, regions, gradient);
    let magnitudes: Vec<f32> = gradient.iter().map(|value| value.abs()).collect();
    let (expected, sums) = (backward(&gradient), backward(&magnitudes));
    let mut found = vec![9.0; map.len()];
    average_regions_backward(plan, map, &gradient, &mut found).unwrap();
    let all = found.iter().zip(expected.iter().zip(&sums));
    assert!(all.into_iter().all(|(&found, (&expected, &sum))| is_near(found, expected, sum)));
}
