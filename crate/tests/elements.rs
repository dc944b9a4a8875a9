//! Maps of halves and bytes against the reference, which is given their values.

mod common;

use common::{ARRANGEMENTS, Kind, bits, values};
use half::f16;
use proptest::prelude::*;
use pyramid_pool::bins::Rule;
use pyramid_pool::{
    Arrangement, Element, FeatureMap, Layout, NOWHERE, OutputOrder, PyramidPlan, RegionPlan, RegionRule, average,
    backward, forward, forward_regions, forward_regions_with_indices, forward_with_indices, reference,
};

fn widen<T: Element>(values: &[T]) -> Vec<f32> {
    values.iter().map(|value| value.widen()).collect()
}

fn check_forward<T: Element>(map: FeatureMap, levels: &[(usize, usize)], arrangement: Arrangement, input: &[T]) {
    let plan = PyramidPlan::new(map.height, map.width, levels, Rule::Adaptive, arrangement).unwrap();
    let (expected, cells) = reference::forward(&map, levels, Rule::Adaptive, arrangement, &widen(input));
    let mut output = vec![T::narrow(9.0); expected.len()];
    forward(&plan, &map, input, &mut output).unwrap();
    assert_eq!(bits(&widen(&output)), bits(&expected), "output");
    let (mut output, mut indices) = (vec![T::narrow(9.0); expected.len()], vec![9; expected.len()]);
    forward_with_indices(&plan, &map, input, &mut output, &mut indices).unwrap();
    assert_eq!(bits(&widen(&output)), bits(&expected), "output with indices");
    assert_eq!(indices, cells, "indices");
}

/// Many regions are looked up, few are scanned.
fn check_regions<T: Element>(
    map: FeatureMap,
    levels: &[(usize, usize)],
    arrangement: Arrangement,
    input: &[T],
    count: usize,
) {
    let corners = values(Kind::Normal, count as u64, 4 * count);
    let region = |c: &[f32]| [0.0, c[0] * 20.0 + 10.0, c[1] * 20.0 + 10.0, c[2] * 20.0 + 15.0, c[3] * 20.0 + 15.0];
    let regions: Vec<f32> = corners.chunks_exact(4).flat_map(region).collect();
    let rule = RegionRule::RoiPool { spatial_scale: 1.0 };
    let plan = RegionPlan::new((map.batch, map.height, map.width), levels, rule, arrangement, &regions).unwrap();
    let (expected, cells) = reference::forward_regions(&map, levels, rule, arrangement, &regions, &widen(input));
    let (mut output, mut indices) = (vec![T::narrow(9.0); expected.len()], vec![9; expected.len()]);
    forward_regions_with_indices(&plan, &map, input, &mut output, &mut indices).unwrap();
    assert_eq!(indices, cells, "indices of regions");
    // Where no cell is chosen, narrow types have another lowest value.
    let chosen = |values: Vec<f32>| {
        let values = values.into_iter().zip(&cells).map(|(value, &cell)| if cell == NOWHERE { 0.0 } else { value });
        bits(&values.collect::<Vec<_>>())
    };
    assert_eq!(chosen(widen(&output)), chosen(expected.clone()), "output of regions with indices");
    forward_regions(&plan, &map, input, &mut output).unwrap();
    assert_eq!(chosen(widen(&output)), chosen(expected), "output of regions");
}

/// Sums of halves, rounded at every step, levels from the last to the first.
fn check_backward(map: FeatureMap, levels: &[(usize, usize)], arrangement: Arrangement, seed: u64) {
    let plan = PyramidPlan::new(map.height, map.width, levels, Rule::Adaptive, arrangement).unwrap();
    let len = plan.output_len(map.batch, map.channels);
    let gradient: Vec<f16> = values(Kind::Normal, seed, len).into_iter().map(f16::from_f32).collect();
    let indices: Vec<u32> = values(Kind::Bits, !seed, len).iter().map(|v| v.to_bits() % map.cells() as u32).collect();
    let mut found = vec![f16::from_f32(9.0); map.len()];
    backward(&plan, &map, &gradient, &indices, &mut found).unwrap();

    let mut sum: Option<Vec<f16>> = None;
    for level in (0..levels.len()).rev() {
        let mut plane = vec![f16::ZERO; map.len()];
        let (rows, columns) = levels[level];
        let (bins, all) = (rows * columns, len / (map.batch * map.channels));
        let before: usize = levels[..level].iter().map(|&(rows, columns)| rows * columns).sum();
        for item in 0..map.batch {
            for channel in 0..map.channels {
                for bin in 0..bins {
                    let first = (item * all + before) * map.channels;
                    let nchw = arrangement.layout == Layout::Nchw;
                    let at = match arrangement.order {
                        OutputOrder::Channels => (item * map.channels + channel) * all + before + bin,
                        OutputOrder::Levels if nchw => first + channel * bins + bin,
                        OutputOrder::Levels => first + bin * map.channels + channel,
                    };
                    let cell = indices[at] as usize;
                    let cell = item * map.channels * map.cells()
                        + if nchw { channel * map.cells() + cell } else { cell * map.channels + channel };
                    plane[cell] = f16::from_f32(plane[cell].to_f32() + gradient[at].to_f32());
                }
            }
        }
        sum = Some(match sum {
            None => plane,
            Some(sum) => sum.iter().zip(&plane).map(|(a, b)| f16::from_f32(a.to_f32() + b.to_f32())).collect(),
        });
    }
    let (found, expected): (Vec<u16>, Vec<u16>) =
        found.iter().zip(&sum.unwrap()).map(|(a, b)| (a.to_bits(), b.to_bits())).unzip();
    assert_eq!(found, expected, "gradient");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn every_type_agrees_with_the_reference(
        (batch, channels, height, width) in (1..3usize, 1..20usize, 1..30usize, 1..30usize),
        levels in prop::collection::vec((1..6usize, 1..6usize), 1..4),
        arrangement in prop::sample::select(&ARRANGEMENTS[..]),
        seed in any::<u64>(),
    ) {
        let map = FeatureMap { batch, channels, height, width };
        let words: Vec<u32> = values(Kind::Bits, seed, map.len()).into_iter().map(f32::to_bits).collect();
        check_forward(map, &levels, arrangement, &words.iter().map(|&w| f16::from_bits(w as u16)).collect::<Vec<_>>());
        check_forward(map, &levels, arrangement, &words.iter().map(|&w| w as i8).collect::<Vec<_>>());
        check_forward(map, &levels, arrangement, &words.iter().map(|&w| w as u8).collect::<Vec<_>>());
        check_backward(map, &levels, arrangement, seed);
        for count in [1, 50] {
            check_regions(map, &levels, arrangement, &words.iter().map(|&w| f16::from_bits(w as u16)).collect::<Vec<_>>(), count);
            check_regions(map, &levels, arrangement, &words.iter().map(|&w| w as i8).collect::<Vec<_>>(), count);
        }
    }
}

#[test]
fn averages_of_halves_are_rounded_once() {
    let map = FeatureMap { batch: 2, channels: 19, height: 11, width: 7 };
    for arrangement in ARRANGEMENTS {
        let plan = PyramidPlan::new(map.height, map.width, &[(3, 3), (1, 1)], Rule::Adaptive, arrangement).unwrap();
        let input: Vec<f16> = values(Kind::Normal, 7, map.len()).into_iter().map(f16::from_f32).collect();
        let mut wide = vec![0.0; plan.output_len(map.batch, map.channels)];
        average(&plan, &map, &widen(&input), &mut wide).unwrap();
        let mut output = vec![f16::ZERO; wide.len()];
        average(&plan, &map, &input, &mut output).unwrap();
        assert!(output.iter().zip(&wide).all(|(a, &b)| *a == f16::from_f32(b)));
    }
}
