//! Every kernel against the reference, bit for bit, on random shapes, pyramids and bit patterns.

mod common;

use common::{ARRANGEMENTS, KINDS, Kind, bits, values};
use proptest::prelude::*;
use pyramid_pool::bins::Rule;
use pyramid_pool::{
    Arrangement, FeatureMap, Layout, OutputOrder, PyramidPlan, average, average_backward, backward, forward,
    forward_with_indices, reference,
};

const ORDERS: [OutputOrder; 2] = [OutputOrder::Levels, OutputOrder::Channels];

#[derive(Clone, Debug)]
struct Case {
    map: FeatureMap,
    levels: Vec<(usize, usize)>,
    rule: Rule,
    arrangement: Arrangement,
    kind: Kind,
    seed: u64,
}

fn cases(
    batch: impl Strategy<Value = usize>,
    size: impl Strategy<Value = usize> + Clone,
    channels: impl Strategy<Value = usize>,
) -> impl Strategy<Value = Case> {
    let level = prop_oneof![(1..9usize).prop_map(|n| (n, n)), (1..9usize, 1..9usize), Just((1, 1)), Just((4, 4))];
    let levels = prop_oneof![
        3 => prop::collection::vec(level, 1..5),
        1 => Just(vec![(4, 4), (2, 2), (1, 1)]),
        1 => Just(vec![(6, 6), (3, 3), (2, 2), (1, 1)]),
        1 => Just(vec![(1, 1), (2, 2), (3, 3), (6, 6)]),
    ];
    let arrangement = prop::sample::select(&ARRANGEMENTS[..]);
    let map = (batch, channels, size.clone(), size);
    let rule = prop_oneof![Just(Rule::Adaptive), prop::sample::select(Rule::ALL)];
    (map, levels, rule, arrangement, prop::sample::select(&KINDS[..]), any::<u64>()).prop_map(
        |((batch, channels, height, width), mut levels, rule, arrangement, kind, seed)| {
            // Every rule allows one bin, for every size.
            levels.retain(|&(rows, columns)| rule.count(height, rows) == rows && rule.count(width, columns) == columns);
            levels.extend(levels.is_empty().then_some((1, 1)));
            Case { map: FeatureMap { batch, channels, height, width }, levels, rule, arrangement, kind, seed }
        },
    )
}

/// Maps that there are kernels for, under pyramids whose levels they make together, apart and more than once, before and after
/// others.
fn square_cases() -> impl Strategy<Value = Case> {
    let level = prop::sample::select(&[1, 2, 3, 4, 5, 7][..]).prop_map(|n| (n, n));
    let levels = prop::collection::vec(level, 0..5)
        .prop_map(|levels| [&levels[..], &[(4, 4)], &levels[..1.min(levels.len())]].concat());
    let side = prop::sample::select(&[7, 13, 14][..]);
    let order = prop::sample::select(&ORDERS[..]);
    (side, 1..40usize, levels, order, prop::sample::select(&KINDS[..]), any::<u64>()).prop_map(
        |(side, channels, levels, order, kind, seed)| {
            let map = FeatureMap { batch: 1, channels, height: side, width: side };
            Case {
                map,
                levels,
                rule: Rule::Adaptive,
                arrangement: Arrangement { layout: Layout::Nchw, order },
                kind,
                seed,
            }
        },
    )
}

/// Maps of few columns, or of few rows.
fn narrow_cases() -> impl Strategy<Value = Case> {
    let levels = prop::collection::vec((1..9usize, 1..4usize), 1..4);
    let map = (1..300usize, 1..6usize, 1..40usize);
    let order = prop::sample::select(&ORDERS[..]);
    (map, levels, any::<bool>(), order, prop::sample::select(&KINDS[..]), any::<u64>()).prop_map(
        |((long, short, channels), levels, flat, order, kind, seed)| {
            let turn = |(a, b)| if flat { (b, a) } else { (a, b) };
            let (height, width) = turn((long, short));
            let map = FeatureMap { batch: 1, channels, height, width };
            let levels = levels.into_iter().map(turn).collect();
            Case {
                map,
                levels,
                rule: Rule::Adaptive,
                arrangement: Arrangement { layout: Layout::Nchw, order },
                kind,
                seed,
            }
        },
    )
}

/// Levels of thousands of bins, and coarser ones that nest in them.
fn large_level_cases() -> impl Strategy<Value = Case> {
    let levels = (1..150usize, 1..150usize, prop::sample::subsequence(vec![1, 2, 4], 1..4));
    let map = (1..60usize, 1..60usize, 1..4usize);
    (map, levels, prop::sample::select(&ARRANGEMENTS[..]), prop::sample::select(&KINDS[..]), any::<u64>()).prop_map(
        |((height, width, channels), (rows, columns, parts), arrangement, kind, seed)| {
            let map = FeatureMap { batch: 1, channels, height, width };
            let levels = parts.into_iter().map(|n| (n * rows, n * columns)).chain([(1, 1)]).collect();
            Case { map, levels, rule: Rule::Adaptive, arrangement, kind, seed }
        },
    )
}

fn check(case: &Case) -> Result<(), TestCaseError> {
    let Case { map, levels, rule, arrangement, kind, seed } = case;
    let plan = PyramidPlan::new(map.height, map.width, levels, *rule, *arrangement).unwrap();
    let input = values(*kind, *seed, map.len());
    let (expected, cells) = reference::forward(map, levels, *rule, *arrangement, &input);

    let mut output = vec![9.0; expected.len()];
    forward(&plan, map, &input, &mut output).unwrap();
    prop_assert_eq!(bits(&output), bits(&expected), "output");

    let mut output = vec![9.0; expected.len()];
    let mut indices = vec![9; expected.len()];
    forward_with_indices(&plan, map, &input, &mut output, &mut indices).unwrap();
    prop_assert_eq!(bits(&output), bits(&expected), "output with indices");
    prop_assert_eq!(&indices, &cells, "indices");

    let gradient = values(*kind, !seed, expected.len());
    // Indices of a forward pass, and indices that a caller made: any cell, as often as you like.
    let made = values(Kind::Bits, seed ^ 7, expected.len()).iter().map(|v| v.to_bits() % map.cells() as u32).collect();
    for indices in [cells, made] {
        let mut grad_input = vec![9.0; map.len()];
        backward(&plan, map, &gradient, &indices, &mut grad_input).unwrap();
        let expected = reference::backward(map, levels, *rule, *arrangement, &gradient, &indices);
        prop_assert_eq!(bits(&grad_input), bits(&expected), "gradient");
    }
    Ok(())
}

/// Averages agree with sums in double precision up to rounding.
fn check_average(case: &Case) -> Result<(), TestCaseError> {
    let Case { map, levels, rule, arrangement, seed, .. } = case;
    let plan = PyramidPlan::new(map.height, map.width, levels, *rule, *arrangement).unwrap();
    let close = |actual: &[f32], expected: &[f64]| {
        let most = expected.iter().fold(1.0_f64, |most, value| most.max(value.abs()));
        actual.iter().zip(expected).all(|(&a, &b)| (f64::from(a) - b).abs() <= 4e-6 * most)
    };
    let input = values(Kind::Normal, *seed, map.len());
    let expected = reference::average(map, levels, *rule, *arrangement, &input);
    let mut output = vec![9.0; expected.len()];
    average(&plan, map, &input, &mut output).unwrap();
    prop_assert!(close(&output, &expected), "average");

    let gradient = values(Kind::Normal, !seed, expected.len());
    let expected = reference::average_backward(map, levels, *rule, *arrangement, &gradient);
    let mut grad_input = vec![9.0; map.len()];
    average_backward(&plan, map, &gradient, &mut grad_input).unwrap();
    prop_assert!(close(&grad_input, &expected), "gradient of the average");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn small_maps_agree_with_the_reference(case in cases(0..3usize, 1..16usize, 1..6usize)) {
        check(&case)?;
        check_average(&case)?;
    }

    #[test]
    fn channel_blocks_and_their_tails_agree_with_the_reference(case in cases(0..3usize, 1..6usize, 1..40usize)) {
        check(&case)?;
        check_average(&case)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn wide_maps_agree_with_the_reference(case in cases(0..3usize, 1..70usize, 1..3usize)) {
        check(&case)?;
        check_average(&case)?;
    }

    #[test]
    fn small_maps_of_many_channels_agree_with_the_reference(case in cases(0..3usize, 1..20usize, 1..80usize)) {
        check(&case)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn small_squares_agree_with_the_reference(case in square_cases()) {
        check(&case)?;
    }

    #[test]
    fn narrow_maps_agree_with_the_reference(case in narrow_cases()) {
        check(&case)?;
    }

    #[test]
    fn large_maps_agree_with_the_reference(case in cases(0..3usize, 100..300usize, Just(1))) {
        check(&case)?;
        check_average(&case)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn batches_beyond_the_cache_agree_with_the_reference(case in cases(50..60usize, 9..16usize, Just(128))) {
        check(&case)?;
    }

    #[test]
    fn large_levels_agree_with_the_reference(case in large_level_cases()) {
        check(&case)?;
    }

    #[test]
    fn maps_beyond_the_cache_agree_with_the_reference(case in cases(0..3usize, 75..90usize, Just(48))) {
        check(&case)?;
    }
}
