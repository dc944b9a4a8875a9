//! Halves as elements.

use half::f16;

use super::{Element, ElementType, Real, widen_vectors};
use crate::vector::{IN_REGISTERS, Native, Vector, round_to_half_bits, small_halves, widen_halves};

impl Element for f16 {
    const TYPE: ElementType = ElementType::F16;
    #[inline(always)]
    fn widen(self) -> f32 {
        first(widen_halves(word(self)))
    }
    #[inline(always)]
    fn narrow(value: f32) -> Self {
        f16::from_bits((round_to_half_bits([Native::splat(value)])[0].lanes()[0] >> 16) as u16)
    }
    #[inline(never)]
    fn widen_all(from: &[Self], to: &mut [f32]) {
        // SAFETY: as many elements as lanes.
        widen_vectors(from, to, |four| widen_halves(unsafe { Native::load_i16(four.as_ptr().cast()) }));
    }
    #[inline(never)]
    fn narrow_all(from: &[f32], to: &mut [Self]) {
        let whole = to.len() / Native::LANES * Native::LANES;
        let ((vectors, rest), (from, left)) = (to.split_at_mut(whole), from.split_at(whole));
        for (to, from) in vectors.chunks_exact_mut(Native::LANES).zip(from.chunks_exact(Native::LANES)) {
            // SAFETY: both have as many elements as lanes.
            unsafe { pack_halves([Native::load(from.as_ptr())])[0].store_u16(to.as_mut_ptr().cast()) };
        }
        rest.iter_mut().zip(left).for_each(|(to, &from)| *to = nearest_half(from));
    }
}

/// A half's bits as a signed integer, in every lane.
#[inline(always)]
fn word(half: f16) -> Native {
    Native::splat_index(i32::from(half.to_bits() as i16) as u32)
}

#[inline(always)]
fn first(vector: Native) -> f32 {
    f32::from_bits(vector.lanes()[0])
}

/// A finite half as [`small_halves`] gives it.
#[inline(always)]
pub(crate) fn small_half(half: f16) -> f32 {
    first(small_halves(word(half)))
}

/// As [`Element::narrow`], but not inlined: the conversion is long.
#[inline(never)]
pub(crate) fn nearest_half(value: f32) -> f16 {
    f16::narrow(value)
}

/// The bits of the nearest halves, as integers.
#[inline(always)]
pub(crate) fn pack_halves<V: Vector, const N: usize>(values: [V; N]) -> [V; N] {
    if IN_REGISTERS {
        return round_to_half_bits(values).map(V::shift_right::<16>);
    }
    let nearest = |value| u32::from(nearest_half(f32::from_bits(value)).to_bits());
    values.map(|values| V::indices(values.lanes().map(nearest)))
}

impl Real for f16 {
    const ZERO: Self = f16::ZERO;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // Most cells are zero before they are added to. What is added is no zero and no NaN then.
        let added = other.to_bits() & 0x7fff;
        if self.to_bits() == 0 && added.wrapping_sub(1) < 0x7c00 { other } else { sum_of_halves(self, other) }
    }
}

/// Not inlined: gradients add in many places.
#[inline(never)]
fn sum_of_halves(a: f16, b: f16) -> f16 {
    const INFINITY: u32 = 0x7c00 << 13;
    let [x, y] = [a, b].map(small_half);
    if (x.to_bits() & INFINITY == INFINITY) | (y.to_bits() & INFINITY == INFINITY) {
        return nearest_half(a.widen() + b.widen());
    }
    let bits = (x + y).to_bits();
    let magnitude = bits & 0x7fff_ffff;
    // To the nearest, and to the even one of two. Beyond the greatest half is infinity.
    let half = (magnitude + 0x0fff + (magnitude >> 13 & 1)) >> 13;
    f16::from_bits((half.min(0x7c00) | bits >> 16 & 0x8000) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_widens_to_its_value_and_comes_back() {
        for half in (0..=u16::MAX).map(f16::from_bits) {
            if half.is_nan() {
                assert!(half.widen().is_nan() && f16::narrow(half.widen()).is_nan());
            } else {
                assert_eq!(half.widen().to_bits(), half.to_f32().to_bits());
                assert_eq!(f16::narrow(half.widen()).to_bits(), half.to_bits());
            }
        }
    }

    #[test]
    fn numbers_are_rounded_to_the_nearest_half() {
        // Every half, and what lies around the middle between it and the next.
        let around = (0..=u16::MAX).flat_map(|half| {
            let value = f16::from_bits(half).to_f32().to_bits();
            [value, value + 0x0fff, value + 0x1000, value + 0x1001]
        });
        for bits in (0..=u32::MAX).step_by(997).chain(around) {
            let value = f32::from_bits(bits);
            assert_eq!(f16::narrow(value).to_bits(), f16::from_f32(value).to_bits(), "{value} {bits:x}");
        }
    }

    #[test]
    fn many_are_converted_as_one_is() {
        let halves: Vec<f16> = (0..=u16::MAX).step_by(7).map(f16::from_bits).collect();
        for len in [0, 1, 3, 4, 7, halves.len()] {
            let mut values = vec![0.0; len];
            f16::widen_all(&halves[..len], &mut values);
            let mut back = vec![f16::ONE; len];
            f16::narrow_all(&values, &mut back);
            for (i, half) in halves[..len].iter().enumerate() {
                assert_eq!(values[i].to_bits(), half.widen().to_bits());
                assert_eq!(back[i].to_bits(), f16::narrow(values[i]).to_bits());
            }
        }
    }

    #[test]
    fn sums_are_those_of_floats() {
        for other in (0..=u16::MAX).map(f16::from_bits) {
            for bits in
                (0..=u16::MAX).step_by(523).chain([0x8000, 0x0001, 0x83ff, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e01])
            {
                let half = f16::from_bits(bits);
                let (sum, expected) = (half.add(other), f16::narrow(half.widen() + other.widen()));
                // Which NaN a sum of two is, Rust leaves open.
                let alike = sum.to_bits() == expected.to_bits() || half.is_nan() && other.is_nan() && sum.is_nan();
                assert!(alike, "{half} + {other} = {sum}, not {expected}");
            }
        }
    }

    #[test]
    fn halves_round_every_sum() {
        let one = f16::from_f32(1.0);
        let sum = (0..3000).fold(f16::ZERO, |sum, _| sum.add(one));
        assert_eq!(sum.to_f32(), 2048.0);
    }
}
