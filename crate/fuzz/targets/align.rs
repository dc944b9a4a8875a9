//! RoIAlign of maps in `f32` and `f16`, and its gradient, are those of the reference; regions that name no item or are not finite are
//! refused.

#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use fuzz_cases::{Drawn, Numbers, arrangement, bits, bits_of, levels, map};
use half::f16;
use libfuzzer_sys::fuzz_target;
use pyramid_pool::{
    AlignPlan, Arrangement, FeatureMap, PoolError, Real, RoiAlign, align_regions, align_regions_backward, reference,
};

#[derive(Debug)]
struct Aligned {
    map: FeatureMap,
    levels: Vec<(usize, usize)>,
    rule: RoiAlign,
    arrangement: Arrangement,
    numbers: Numbers,
    /// Five numbers each.
    regions: Vec<f32>,
}

impl<'a> Arbitrary<'a> for Aligned {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let drawn = map(u)?;
        let map = FeatureMap { batch: drawn.batch.max(1), channels: drawn.channels.min(33), ..drawn };
        let rule = RoiAlign {
            spatial_scale: *u.choose(&[1.0, 0.0625, 0.37])?,
            sampling_ratio: u.int_in_range(0..=3)?,
            aligned: u.arbitrary()?,
        };
        let count = if u.ratio(1, 8)? { u.int_in_range(10..=30)? } else { u.int_in_range(0..=4)? };
        let mut regions = Vec::new();
        for _ in 0..count {
            let item = u.int_in_range(0..=map.batch - 1)? as f32;
            regions.push(if u.ratio(1, 200)? { u.arbitrary()? } else { item });
            for axis in 0..4 {
                let size = if axis % 2 == 0 { map.width } else { map.height } as f32 / rule.spatial_scale;
                let near = size * (u.arbitrary::<u16>()? as f32 / 40000.0 - 0.3);
                // Samples are as many as cells: a huge region would keep the reference busy for ever.
                let odd = *u.choose(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, f32::MIN_POSITIVE])?;
                regions.push(if u.ratio(1, 200)? { odd } else { near });
            }
        }
        Ok(Aligned { map, levels: levels(u, 7)?, rule, arrangement: arrangement(u)?, numbers: u.arbitrary()?, regions })
    }
}

fuzz_target!(|drawn: Aligned| {
    let Aligned { map, levels, rule, arrangement, numbers, regions } = &drawn;
    let is_right = |region: &[f32]| {
        let item = region[0];
        (0..map.batch).any(|number| number as f32 == item) && region[1..].iter().all(|corner| corner.is_finite())
    };
    let plan = AlignPlan::new((map.batch, map.height, map.width), levels, *rule, *arrangement, regions);
    let Ok(plan) = plan else {
        let position = regions.chunks(5).position(|region| !is_right(region));
        assert_eq!(plan.err(), position.map(|position| PoolError::InvalidRegion { position }));
        return;
    };
    assert!(regions.chunks(5).all(is_right));
    if numbers.seed % 2 == 0 { check::<f16>(&drawn, &plan) } else { check::<f32>(&drawn, &plan) }
});

fn check<T: Drawn + Real>(drawn: &Aligned, plan: &AlignPlan) {
    let Aligned { map, levels, rule, arrangement, numbers, regions } = drawn;
    let draw = |stream: u64, len: usize| -> (Vec<T>, Vec<f32>) {
        let elements: Vec<T> = numbers.fill(stream, len).into_iter().map(T::narrow).collect();
        let values = elements.iter().map(|element| element.value()).collect();
        (elements, values)
    };
    let rounded = |values: Vec<f32>| -> Vec<f32> { values.into_iter().map(|value| T::narrow(value).value()).collect() };

    let (input, values) = draw(0, map.len());
    let expected = rounded(reference::align_regions(map, levels, *rule, *arrangement, regions, &values));
    let mut output = vec![T::narrow(9.0); expected.len()];
    align_regions(plan, map, &input, &mut output).unwrap();
    assert_eq!(bits_of(&output), bits(&expected));

    let (gradient, values) = draw(1, expected.len());
    let by_level = reference::align_regions_backward(map, levels, *rule, *arrangement, regions, &values);
    let add = |sum: Vec<f32>, level: Vec<f32>| rounded(sum.iter().zip(level).map(|(sum, level)| sum + level).collect());
    let expected = by_level.into_iter().rev().map(rounded).reduce(add).unwrap();
    let mut found = vec![T::narrow(9.0); map.len()];
    align_regions_backward(plan, map, &gradient, &mut found).unwrap();
    assert_eq!(bits_of(&found), bits(&expected));
}
