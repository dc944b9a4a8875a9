//! Halves to `f32` and back, and their sums.

use super::{Packed, Vector};

/// The exponent of infinity and NaN where a half's bits stand [`SHIFT`] places higher: as its digits do in an `f32`.
const SPECIAL: u32 = 0x7c00 << SHIFT;
const SHIFT: u32 = 13;
/// What a number with the half's bias of the exponent is multiplied by to have that of an `f32`.
pub(crate) const UNIT: f32 = f32::from_bits((127 + 112) << 23);

/// Halves, whose bits are given as signed integers, as numbers that keep the half's bias of the exponent, and so cost little to make: each
/// finite one stands for its value over [`UNIT`]. Sums of them are rounded as sums of the values are.
#[inline(always)]
pub(crate) fn small_halves<V: Vector>(words: V) -> V {
    words.shift_left::<SHIFT>().and(V::splat_index(0x8fff_e000))
}

/// Eight halves likewise: those at even places, and those at odd ones.
#[inline(always)]
pub(crate) fn eight_small_halves<V: Packed>(eight: V) -> [V; 2] {
    // Each product is a half in its place of an `f32`, beside a zero.
    let places = [1 << SHIFT, 1 << (16 + SHIFT)].map(V::splat_index);
    places.map(|place| eight.dot_i16(place).and(V::splat_index(0x8fff_e000)))
}

/// The values of halves whose bits are given as signed integers.
#[inline(always)]
pub(crate) fn widen_halves<V: Vector>(words: V) -> V {
    let small = small_halves(words);
    let special = small.and(V::splat_index(SPECIAL)).eq_index(V::splat_index(SPECIAL));
    small.mul(V::splat(UNIT)).or(special.and(V::splat(f32::INFINITY)))
}

/// The bits of the nearest halves, the even one of two, in the upper halves of their lanes. Whether some are beyond the greatest half, or
/// NaN, is asked once for all.
#[inline(always)]
pub(crate) fn round_to_half_bits<V: Vector, const N: usize>(values: [V; N]) -> [V; N] {
    let mut halves = values.map(round_numbers);
    if any_special(values.into_iter()) {
        for (half, value) in halves.iter_mut().zip(values) {
            *half = with_specials(value, *half);
        }
    }
    halves
}

/// The greatest magnitude below 2^16. All from there on is infinity as a half, and the bits of NaN are above it as well.
const BELOW_INFINITY: u32 = ((127 + 16) << 23) - 1;

#[inline(always)]
fn magnitude<V: Vector>(values: V) -> V {
    values.and(V::splat_index(0x7fff_ffff))
}

/// Whether [`round_numbers`] is not enough for some values.
#[inline(always)]
pub(crate) fn any_special<V: Vector>(values: impl Iterator<Item = V>) -> bool {
    let finite = V::splat_index(BELOW_INFINITY);
    values.fold(finite, |greatest, values| greatest.max_index(magnitude(values))).ne_index(finite).any()
}

/// [`round_to_half_bits`] for numbers whose magnitude is below 2^16.
#[inline(always)]
pub(crate) fn round_numbers<V: Vector>(values: V) -> V {
    // To round, the number is added to one whose last digit is the half's: the sum ends in the half's digits, the first included. What
    // turns the exponent of an `f32` into that of a half stands there already.
    let magnitude = magnitude(values);
    let exponent = magnitude.and(V::splat(f32::INFINITY)).max_index(V::splat_index(113 << 23));
    let digits = magnitude.add(exponent.add_index(V::splat_index((13 << 23) + (15 << 10))));
    digits.shift_left::<16>().add_index(exponent.shift_left::<3>()).or(values.and(V::splat(-0.0)))
}

/// Mends what [`round_numbers`] made of other values: infinity from 2^16 on, and NaN, which keeps its upper digits and is made quiet.
#[cold]
#[inline(never)]
fn with_specials<V: Vector>(values: V, halves: V) -> V {
    let finite = V::splat_index(BELOW_INFINITY);
    let special = magnitude(values).max_index(finite).ne_index(finite);
    let digits = values.shift_left::<3>().and(V::splat_index(0x03ff_0000)).or(V::splat_index(0x0200_0000));
    let infinity = values.and(V::splat(-0.0)).or(V::splat_index(0x7c00_0000));
    halves.and(special.not()).or(special.and(infinity.or(values.ne(values).and(digits))))
}

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
    use crate::vector::Native;

    fn floats(vector: Native) -> [f32; 4] {
        vector.lanes().map(f32::from_bits)
    }

    #[test]
    fn small_halves_stand_for_the_values() {
        for word in (0..=u16::MAX).filter(|word| word & 0x7c00 != 0x7c00) {
            let value = f16::from_bits(word).to_f32();
            let small = floats(small_halves(Native::splat_index(i32::from(word as i16) as u32)));
            assert_eq!(small.map(|small| (small * UNIT).to_bits()), [value.to_bits(); 4]);
            let one = 1.0 / UNIT;
            for (other, sign) in [(0x3c00, one), (0xbc00, -one)] {
                let eight = |low: u16, high: u16| {
                    eight_small_halves(Native::splat_index(u32::from(high) << 16 | u32::from(low))).map(floats)
                };
                assert_eq!(eight(word, other), [small, [sign; 4]]);
                assert_eq!(eight(other, word), [[sign; 4], small]);
            }
        }
    }

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
