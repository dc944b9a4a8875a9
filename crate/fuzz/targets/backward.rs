//! Gradients are those of the reference, whatever the indices; those outside a plane are refused, and nothing is written.

#![no_main]

use fuzz_cases::{Case, bits};
use libfuzzer_sys::fuzz_target;
use pyramid_pool::{PoolError, backward, reference};

fuzz_target!(|drawn: (Case, Option<u32>)| {
    let (case, bad) = drawn;
    let Case { map, levels, rule, arrangement, numbers } = &case;
    let plan = case.plan();
    let gradient = numbers.fill(1, plan.output_len(map.batch, map.channels));
    let cell = |bits: u32| (u64::from(bits) * map.cells() as u64 >> 32) as u32;
    let mut indices: Vec<u32> = numbers.fill(2, gradient.len()).iter().map(|value| cell(value.to_bits())).collect();
    let mut found = vec![9.0; map.len()];
    if let Some(index) = bad.filter(|&index| index as usize >= map.cells() && !indices.is_empty()) {
        let position = numbers.seed as usize % indices.len();
        indices[position] = index;
        let error = backward(&plan, map, &gradient, &indices, &mut found);
        assert_eq!(error, Err(PoolError::IndexOutOfRange { position, index, cells: map.cells() }));
        assert!(found.iter().all(|&value| value == 9.0));
        return;
    }
    backward(&plan, map, &gradient, &indices, &mut found).unwrap();
    let expected = reference::backward(map, levels, *rule, *arrangement, &gradient, &indices);
    assert_eq!(bits(&found), bits(&expected));
});
