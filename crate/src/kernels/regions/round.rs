//! Many values rounded to halves.

use crate::memory::span::Span;
use crate::vector::{Vector, any_special, round_numbers, round_to_half_bits as round};

/// Rounds whole vectors of values to halves, whose bits take their places.
///
/// # Safety
/// The values must be this thread's.
#[inline(never)]
pub(super) unsafe fn round_to_half_bits<V: Vector>(values: Span<f32>) {
    let vectors = || (0..values.len()).step_by(V::LANES);
    // SAFETY: vectors of the values.
    unsafe {
        // Asked for all at first: engines do not keep constants in registers in a loop that may call a function.
        if any_special(vectors().map(|at| values.load::<V>(at, V::LANES))) {
            for at in vectors() {
                values.store(at, round([values.load::<V>(at, V::LANES)])[0], V::LANES);
            }
        } else {
            for at in vectors() {
                values.store(at, round_numbers(values.load::<V>(at, V::LANES)), V::LANES);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;
    use crate::element::Element;
    use crate::vector::Native;

    fn rounded(values: &[f32]) -> Vec<u32> {
        let mut words = values.to_vec();
        // SAFETY: whole vectors, which nobody else holds.
        unsafe { round_to_half_bits::<Native>(Span::new(&mut words)) };
        words.into_iter().map(f32::to_bits).collect()
    }

    #[test]
    fn values_become_the_bits_of_the_nearest_halves() {
        let numbers = [0.0, -0.0, 1.0, -1.0 / 3.0, 65519.9, -65520.0, 1e-7, -2f32.powi(-25)];
        let special = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 65536.0, -1e30, f32::MAX, 0.1, -0.0];
        for values in [numbers.to_vec(), special.to_vec(), [numbers, special].concat(), Vec::new()] {
            let expected: Vec<u32> =
                values.iter().map(|&value| u32::from(f16::narrow(value).to_bits()) << 16).collect();
            assert_eq!(rounded(&values), expected);
        }
    }
}
