//! Maxima and their places are those of the reference.

#![no_main]

use fuzz_cases::{Case, Drawn, bits, bits_of};
use half::f16;
use libfuzzer_sys::fuzz_target;
use pyramid_pool::{forward_with_indices, reference};

fn check<T: Drawn>(case: &Case) {
    let Case { map, levels, rule, arrangement, numbers } = case;
    let input: Vec<T> = numbers.fill(0, map.len()).iter().map(|value| T::of(value.to_bits())).collect();
    let values: Vec<f32> = input.iter().map(|element| element.value()).collect();
    let (expected, cells) = reference::forward(map, levels, *rule, *arrangement, &values);
    let (mut output, mut indices) = (vec![T::of(9); expected.len()], vec![9; expected.len()]);
    forward_with_indices(&case.plan(), map, &input, &mut output, &mut indices).unwrap();
    assert_eq!(bits_of(&output), bits(&expected));
    assert_eq!(indices, cells);
}

fuzz_target!(|drawn: (u8, Case)| {
    let (kind, case) = drawn;
    match kind % 4 {
        0 => check::<f32>(&case),
        1 => check::<f16>(&case),
        2 => check::<i8>(&case),
        _ => check::<u8>(&case),
    }
});
