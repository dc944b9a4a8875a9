//! Maps of halves and bytes against the reference, which is given their values.

mod common;

use common::{ARRANGEMENTS, KINDS, Kind, bits, values};
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

/// Numbers of a kind as halves, and as bytes of few values, so that many are equal.
fn narrowed(kind: Kind, seed: u64, len: usize) -> (Vec<f16>, Vec<i8>, Vec<u8>) {
    let values = values(kind, seed, len);
    // Bits of floats are those of halves too: subnormal, infinite and NaN more often than by rounding.
    let half = |value: &f32| match kind {
        Kind::Bits => f16::from_bits(value.to_bits() as u16),
        _ => f16::from_f32(*value),
    };
    let byte = |value: &f32| (value.to_bits() >> 16) as u8;
    (
        values.iter().map(half).collect(),
        values.iter().map(|value| byte(value) as i8).collect(),
        values.iter().map(byte).collect(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn many_channels_agree_with_the_reference(
        (batch, channels, height, width) in (1..3usize, 32..150usize, 1..24usize, 1..24usize),
        levels in prop::collection::vec((1..6usize, 1..6usize), 1..4),
        arrangement in prop::sample::select(&ARRANGEMENTS[..]),
        kind in prop::sample::select(&KINDS[..]),
        seed in any::<u64>(),
    ) {
        let map = FeatureMap { batch, channels, height, width };
        let (halves, signed, unsigned) = narrowed(kind, seed, map.len());
        check_forward(map, &levels, arrangement, &halves);
        check_forward(map, &levels, arrangement, &signed);
        check_forward(map, &levels, arrangement, &unsigned);
    }
}

#[test]
fn squares_agree_with_the_reference() {
    for side in [7, 13, 14] {
        let map = FeatureMap { batch: 2, channels: 5, height: side, width: side };
        let lists: [&[(usize, usize)]; 7] = [
            &[(4, 4), (2, 2), (1, 1)],
            &[(1, 1), (2, 2), (4, 4)],
            &[(4, 4)],
            &[(4, 4), (1, 1)],
            &[(2, 2), (4, 4)],
            &[(4, 4), (2, 2), (2, 2), (1, 1)],
            &[(4, 4), (3, 3), (1, 1)],
        ];
        for (i, levels) in lists.into_iter().enumerate() {
            for kind in KINDS {
                let (halves, signed, unsigned) = narrowed(kind, (side + i) as u64, map.len());
                for arrangement in ARRANGEMENTS {
                    check_forward(map, levels, arrangement, &halves);
                    check_forward(map, levels, arrangement, &signed);
                    check_forward(map, levels, arrangement, &unsigned);
                }
            }
        }
    }
}

/// Each cell in turn is the greatest of its bins alone, then equal to those of its row, its column and its plane behind it.
#[test]
fn each_cell_of_squares_is_found() {
    for side in [7, 13, 14] {
        let map = FeatureMap { batch: 1, channels: side * side, height: side, width: side };
        for mode in 0..4 {
            let greatest = |channel: usize, cell: usize| {
                let ((row, column), (y, x)) = ((channel / side, channel % side), (cell / side, cell % side));
                let equal = [false, y == row, x == column, true][mode];
                cell == channel || equal && cell > channel
            };
            let cells = (0..map.len()).map(|i| greatest(i / map.cells(), i % map.cells()));
            let (halves, signed, unsigned): (Vec<f16>, Vec<i8>, Vec<u8>) = (
                cells.clone().map(|most| f16::from_f32(if most { 3.0 } else { 0.5 })).collect(),
                cells.clone().map(|most| if most { -3 } else { -128 }).collect(),
                cells.map(|most| if most { 200 } else { 100 }).collect(),
            );
            for arrangement in ARRANGEMENTS {
                check_forward(map, &[(4, 4), (2, 2), (1, 1)], arrangement, &halves);
                check_forward(map, &[(4, 4), (2, 2), (1, 1)], arrangement, &signed);
                check_forward(map, &[(4, 4), (2, 2), (1, 1)], arrangement, &unsigned);
            }
        }
    }
}

/// Some planes of squares hold what is not found in the order of the others: bins of negative values, of NaN or of zeros.
#[test]
fn special_halves_in_few_planes_of_squares_agree_with_the_reference() {
    for side in [7, 13, 14] {
        let map = FeatureMap { batch: 1, channels: 140, height: side, width: side };
        let positive: Vec<f16> =
            values(Kind::Normal, side as u64, map.len()).iter().map(|value| f16::from_f32(value.abs())).collect();
        for special in [0xbc00, 0xfc00, 0x7c00, 0x8000, 0x0000, 0x7e01, 0xfe01] {
            for plane in [0, 33, 139] {
                let mut input = positive.clone();
                let cells = plane * map.cells()..(plane + 1) * map.cells();
                // The whole plane, its last cell alone, and every other cell.
                for step in [1, map.cells(), 2] {
                    input[cells.clone()]
                        .iter_mut()
                        .rev()
                        .step_by(step)
                        .for_each(|cell| *cell = f16::from_bits(special));
                    check_forward(map, &[(4, 4), (2, 2), (1, 1)], Layout::Nchw.into(), &input);
                    input[cells.clone()].copy_from_slice(&positive[cells.clone()]);
                }
            }
        }
    }
}

/// Places of bytes are counted in eight bits, and those of halves in fifteen.
#[test]
fn bins_of_more_cells_than_places_agree_with_the_reference() {
    for (height, width, levels) in [
        (40, 60, [(1, 1), (2, 2)]),
        (3, 600, [(1, 1), (2, 3)]),
        (300, 2, [(2, 1), (1, 2)]),
        (150, 260, [(1, 1), (3, 2)]),
    ] {
        let map = FeatureMap { batch: 1, channels: 64, height, width };
        for arrangement in ARRANGEMENTS {
            for kind in [Kind::Ties, Kind::NegativeInfinity] {
                let (halves, signed, unsigned) = narrowed(kind, 5, map.len());
                check_forward(map, &levels, arrangement, &halves);
                check_forward(map, &levels, arrangement, &signed);
                check_forward(map, &levels, arrangement, &unsigned);
            }
        }
    }
}

/// Large NHWC bins are pooled some rows at a time.
#[test]
fn large_bins_of_many_channels_agree_with_the_reference() {
    for (channels, kind) in [(64, Kind::Ties), (192, Kind::Normal), (320, Kind::NegativeInfinity), (160, Kind::Bits)] {
        let map = FeatureMap { batch: 1, channels, height: 29, width: 41 };
        let (mut halves, signed, unsigned) = narrowed(kind, channels as u64, map.len());
        for sign in [false, true] {
            check_forward(map, &[(2, 2), (1, 1)], Layout::Nhwc.into(), &halves);
            // Then negative values alone, but for a few in the last rows.
            halves.iter_mut().for_each(|half| *half = f16::from_bits(half.to_bits() | 0x8000));
            halves.iter_mut().rev().step_by(211).take(40).for_each(|half| *half = if sign { -*half } else { *half });
        }
        check_forward(map, &[(2, 2), (1, 1)], Layout::Nhwc.into(), &halves);
        check_forward(map, &[(2, 2), (1, 1)], Layout::Nhwc.into(), &signed);
        check_forward(map, &[(2, 2), (1, 1)], Layout::Nhwc.into(), &unsigned);
    }
}

/// Halves are first compared in an order that is right for values of 0 or more.
#[test]
fn negative_halves_agree_with_the_reference() {
    let maps =
        [(9, 11), (38, 50), (13, 13)].map(|(height, width)| FeatureMap { batch: 1, channels: 40, height, width });
    for (i, arrangement) in ARRANGEMENTS.into_iter().enumerate() {
        for map in maps {
            let negative: Vec<f16> =
                values(Kind::Normal, i as u64, map.len()).iter().map(|value| f16::from_f32(-value.abs())).collect();
            check_forward(map, &[(4, 4), (2, 2), (1, 1)], arrangement, &negative);
            check_forward(map, &[(3, 2), (1, 1)], arrangement, &negative);
            for special in [0x8000, 0xfc00, 0xfe01, 0x7e01, 0x0000] {
                let mut mixed = negative.clone();
                mixed.iter_mut().step_by(7).for_each(|cell| *cell = f16::from_bits(special));
                check_forward(map, &[(4, 4), (2, 2), (1, 1)], arrangement, &mixed);
            }
        }
    }
}

/// Rows of NCHW planes are reduced in vectors, of which the last overlaps the one before or is read beyond a narrow row.
#[test]
fn planes_of_every_width_agree_with_the_reference() {
    let levels: [&[(usize, usize)]; 3] =
        [&[(4, 4), (2, 2), (1, 1)], &[(6, 6), (3, 3), (2, 2), (1, 1)], &[(5, 2), (3, 4)]];
    for width in (1..=36).chain([48, 50, 56, 63, 64, 65, 97, 128, 131, 260]) {
        // Fewer than a vector, more than a block of halves, and more than one of bytes.
        let map = FeatureMap { batch: 2, channels: [5, 37, 67][width % 3], height: 3 + width % 11, width };
        let kind = KINDS[width % KINDS.len()];
        let (halves, signed, unsigned) = narrowed(kind, width as u64, map.len());
        for arrangement in ARRANGEMENTS {
            check_forward(map, levels[width / 3 % 3], arrangement, &halves);
            check_forward(map, levels[width / 3 % 3], arrangement, &signed);
            check_forward(map, levels[width / 3 % 3], arrangement, &unsigned);
        }
    }
}

/// The numbers of a bin's rows are counted in eight bits for bytes, and in fifteen for halves.
#[test]
fn bins_of_many_rows_agree_with_the_reference() {
    for (height, width) in [(255, 9), (256, 9), (700, 3), (33_000, 1)] {
        let map = FeatureMap { batch: 1, channels: 17, height, width };
        for kind in [Kind::Ties, Kind::NegativeInfinity] {
            let (halves, signed, unsigned) = narrowed(kind, height as u64, map.len());
            // The first of equal cells counts, and the last row holds the only maximum of a plane.
            let at = map.cells() - 1;
            for arrangement in ARRANGEMENTS {
                let (mut halves, mut unsigned) = (halves.clone(), unsigned.clone());
                let last = if arrangement.layout == Layout::Nchw { at } else { at * map.channels };
                (halves[last], unsigned[last]) = (f16::from_f32(9.0), 255);
                check_forward(map, &[(1, 1)], arrangement, &halves);
                check_forward(map, &[(1, 1)], arrangement, &signed);
                check_forward(map, &[(1, 1)], arrangement, &unsigned);
            }
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
