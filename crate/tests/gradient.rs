//! The gradient against finite differences: what `backward` says a cell is worth is what moving it does.

mod common;

use common::ARRANGEMENTS;
use pyramid_pool::bins::Rule;
use pyramid_pool::{FeatureMap, PyramidPlan, backward, forward, forward_with_indices};

/// Distinct values far enough apart that a small step never changes which cell is greatest.
fn distinct(len: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 7919) % len) as f32 / 8.0).collect()
}

fn loss(output: &[f32], weights: &[f32]) -> f64 {
    output.iter().zip(weights).map(|(&y, &w)| f64::from(y) * f64::from(w)).sum()
}

#[test]
fn gradients_agree_with_finite_differences() {
    for arrangement in ARRANGEMENTS {
        for (height, width, levels) in
            [(5, 7, vec![(3, 3), (2, 2), (1, 1)]), (13, 9, vec![(4, 4), (2, 2), (1, 1)]), (2, 3, vec![(5, 4), (1, 2)])]
        {
            let map = FeatureMap { batch: 2, channels: 3, height, width };
            let plan = PyramidPlan::new(height, width, &levels, Rule::Adaptive, arrangement).unwrap();
            let mut input = distinct(map.len());
            let len = plan.output_len(map.batch, map.channels);
            let weights: Vec<f32> = (0..len).map(|i| (i % 11) as f32 - 5.0).collect();

            let (mut output, mut indices, mut gradient) = (vec![0.0; len], vec![0; len], vec![0.0; map.len()]);
            forward_with_indices(&plan, &map, &input, &mut output, &mut indices).unwrap();
            backward(&plan, &map, &weights, &indices, &mut gradient).unwrap();

            let step = 1.0 / 64.0;
            for cell in 0..map.len() {
                let mut at = |offset: f32| {
                    input[cell] += offset;
                    forward(&plan, &map, &input, &mut output).unwrap();
                    input[cell] -= offset;
                    loss(&output, &weights)
                };
                let difference = (at(step) - at(-step)) / f64::from(2.0 * step);
                assert_eq!(difference, f64::from(gradient[cell]), "cell {cell} of {map:?}, {arrangement:?}");
            }
        }
    }
}
