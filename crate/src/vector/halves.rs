//! Sums of halves.

use super::Packed;

/// Adds the first four of eight halves to the last four, and rounds each sum to the nearest half: its bits are in the lower half of its
/// lane.
#[inline(always)]
pub(crate) fn add_halves<V: Packed>(eight: V) -> V {
    // Exponent and mantissa move to their places in an `f32`, and the exponent keeps the half's bias. So the number is 2^-112 of the value,
    // and is rounded and ends where the half does. Infinity and NaN get the highest exponent.
    let special = eight.and(V::splat_u16(0x7c00)).eq_u16(V::splat_u16(0x7c00));
    let high = eight.shift_right_i16::<3>().and(V::splat_u16(0x8fff)).or(special.and(V::splat_u16(0x7000)));
    let low = eight.shift_left_u16::<13>();
    let sum = low.zip_low_u16(high).add(low.zip_high_u16(high));
    // To the nearest, and to the even one of two.
    let magnitude = sum.and(V::splat_index(0x7fff_ffff));
    let even = magnitude.shift_right::<13>().and(V::splat_index(1));
    let rounded = magnitude.add_index(V::splat_index(0x0fff)).add_index(even).shift_right::<13>();
    // Beyond the greatest half is infinity. A NaN keeps its digits.
    let nan = sum.ne(sum).shift_right::<17>().and(rounded);
    let sign = sum.shift_right::<16>().and(V::splat_index(0x8000));
    rounded.min_index(V::splat_index(0x7c00)).or(nan).or(sign)
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;
    use crate::vector::{Native, Vector};

    #[test]
    fn sums_of_halves_are_those_of_floats_rounded() {
        for other in 0..=u16::MAX {
            for four in
                [[0, 0x8000, 0x0001, 0x83ff], [0x7bff, 0xfbff, 0x7c00, 0xfc00], [0x3c01, 0x4eef, 0x8401, 0x7e01]]
            {
                let all: [u16; 8] = core::array::from_fn(|i| if i < 4 { four[i] } else { other });
                // SAFETY: eight words.
                let sums =
                    add_halves(unsafe { Native::gather_u16(all.each_ref().map(|word| &raw const *word)) }).lanes();
                for (sum, one) in sums.map(|sum| f16::from_bits(sum as u16)).into_iter().zip(four.map(f16::from_bits)) {
                    let other = f16::from_bits(other);
                    let expected = f16::from_f32(one.to_f32() + other.to_f32());
                    // Which NaN a sum of two is, Rust leaves open.
                    let alike = sum.to_bits() == expected.to_bits() || one.is_nan() && other.is_nan() && sum.is_nan();
                    assert!(alike, "{one} + {other} = {sum}, not {expected}");
                }
            }
        }
    }
}
