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
