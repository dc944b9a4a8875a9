//! How elements of each type are carried in lanes of `f32`, and brought back. Kernels that load and store by these traits know no more of
//! the type.

use half::f16;

use crate::element::{Element, nearest_half, pack_halves};
use crate::vector::{Vector, widen_halves};

/// A way of carrying the elements of a type.
pub(crate) trait Carrier {
    /// The type in memory.
    type Element: Element;
    /// An element as it is carried.
    #[inline(always)]
    fn get(element: Self::Element) -> f32 {
        element.widen()
    }
    /// Loads four elements.
    ///
    /// # Safety
    /// `from` must be readable for them.
    unsafe fn load<V: Vector>(from: *const Self::Element) -> V;
}

/// A way of carrying elements that are stored again.
pub(crate) trait Stored: Carrier {
    /// Whether eight elements are stored in less time than twice four.
    const PAIRED: bool = false;
    #[inline(always)]
    fn put(value: f32) -> Self::Element {
        Self::Element::narrow(value)
    }
    /// Elements as integers, four in a vector, to be stored.
    fn pack<V: Vector, const N: usize>(vectors: [V; N]) -> [V; N];
    /// Stores four elements that were packed.
    ///
    /// # Safety
    /// `to` must be writable for them.
    unsafe fn store<V: Vector>(packed: V, to: *mut Self::Element);
    /// Stores eight.
    ///
    /// # Safety
    /// `to` must be writable for them.
    #[inline(always)]
    unsafe fn store_pair<V: Vector>((low, high): (V, V), to: *mut Self::Element) {
        // SAFETY: the caller's promise.
        unsafe {
            Self::store(low, to);
            Self::store(high, to.add(V::LANES));
        }
    }
}

impl Carrier for f32 {
    type Element = f32;
    #[inline(always)]
    unsafe fn load<V: Vector>(from: *const f32) -> V {
        // SAFETY: the caller's promise.
        unsafe { V::load(from) }
    }
}

impl Stored for f32 {
    #[inline(always)]
    fn pack<V: Vector, const N: usize>(vectors: [V; N]) -> [V; N] {
        vectors
    }
    #[inline(always)]
    unsafe fn store<V: Vector>(packed: V, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { packed.store(to) }
    }
}

impl Carrier for i8 {
    type Element = i8;
    #[inline(always)]
    unsafe fn load<V: Vector>(from: *const i8) -> V {
        // SAFETY: the caller's promise.
        unsafe { V::load_i8(from) }
    }
}

impl Carrier for u8 {
    type Element = u8;
    #[inline(always)]
    unsafe fn load<V: Vector>(from: *const u8) -> V {
        // SAFETY: the caller's promise.
        unsafe { V::load_u8(from) }
    }
}

/// Negative numbers as well, by their two's complements.
impl Stored for u8 {
    #[inline(always)]
    fn put(value: f32) -> u8 {
        value as i32 as u8
    }
    #[inline(always)]
    fn pack<V: Vector, const N: usize>(vectors: [V; N]) -> [V; N] {
        // The last digit of such a sum is one, so that the integer stands at its end.
        vectors.map(|vector| vector.add(V::splat(12_582_912.0)).and(V::splat_index(0xff)))
    }
    #[inline(always)]
    unsafe fn store<V: Vector>(packed: V, to: *mut u8) {
        // SAFETY: the caller's promise.
        unsafe { packed.store_u8(to) }
    }
}

/// By their values, and rounded to the nearest half.
impl Carrier for f16 {
    type Element = f16;
    #[inline(always)]
    unsafe fn load<V: Vector>(from: *const f16) -> V {
        // SAFETY: the caller's promise.
        widen_halves(unsafe { V::load_i16(from.cast()) })
    }
}

impl Stored for f16 {
    #[inline(always)]
    fn put(value: f32) -> f16 {
        nearest_half(value)
    }
    #[inline(always)]
    fn pack<V: Vector, const N: usize>(vectors: [V; N]) -> [V; N] {
        pack_halves(vectors)
    }
    #[inline(always)]
    unsafe fn store<V: Vector>(packed: V, to: *mut f16) {
        // SAFETY: the caller's promise.
        unsafe { packed.store_u16(to.cast()) }
    }
    #[inline(always)]
    unsafe fn store_pair<V: Vector>((low, high): (V, V), to: *mut f16) {
        // SAFETY: the caller's promise.
        unsafe { low.store_u16_pair(high, to.cast()) }
    }
}

/// Halves by their bits in the upper half of a word: a number that compares as the half does, unless it is NaN.
pub(crate) enum HalfBits {}

impl HalfBits {
    /// Negative infinity.
    pub const LEAST: f32 = f32::from_bits(0xfc00_0000);
    /// The bits of infinity. The magnitude of a NaN is greater.
    pub const INFINITY: u32 = 0x7c00_0000;
}

impl Carrier for HalfBits {
    type Element = f16;
    #[inline(always)]
    fn get(element: f16) -> f32 {
        f32::from_bits(u32::from(element.to_bits()) << 16)
    }
    #[inline(always)]
    unsafe fn load<V: Vector>(from: *const f16) -> V {
        // SAFETY: the caller's promise.
        unsafe { V::load_i16(from.cast()) }.shift_left::<16>()
    }
}

impl Stored for HalfBits {
    const PAIRED: bool = true;
    #[inline(always)]
    fn put(value: f32) -> f16 {
        f16::from_bits((value.to_bits() >> 16) as u16)
    }
    #[inline(always)]
    fn pack<V: Vector, const N: usize>(vectors: [V; N]) -> [V; N] {
        vectors.map(V::shift_right::<16>)
    }
    #[inline(always)]
    unsafe fn store<V: Vector>(packed: V, to: *mut f16) {
        // SAFETY: the caller's promise.
        unsafe { f16::store(packed, to) }
    }
    #[inline(always)]
    unsafe fn store_pair<V: Vector>(pair: (V, V), to: *mut f16) {
        // SAFETY: the caller's promise.
        unsafe { f16::store_pair(pair, to) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::Native;

    fn halves() -> impl Iterator<Item = [f16; 4]> {
        (0..=u16::MAX).step_by(4).map(|first| core::array::from_fn(|i| f16::from_bits(first + i as u16)))
    }

    fn load<C: Carrier>(elements: [C::Element; 4]) -> [f32; 4] {
        // SAFETY: four elements.
        unsafe { C::load::<Native>(elements.as_ptr()) }.lanes().map(f32::from_bits)
    }

    fn stored<C: Stored>(values: [f32; 4], zero: C::Element) -> [C::Element; 4] {
        let mut elements = [zero; 8];
        // SAFETY: four values, and room for eight elements.
        unsafe {
            let [packed] = C::pack([Native::load(values.as_ptr())]);
            C::store_pair((packed, packed), elements.as_mut_ptr());
            C::store(packed, elements.as_mut_ptr());
        }
        core::array::from_fn(|i| elements[i + 4])
    }

    #[test]
    fn halves_are_loaded_as_their_values() {
        for four in halves() {
            assert_eq!(load::<f16>(four).map(f32::to_bits), four.map(|half| half.widen().to_bits()));
        }
    }

    #[test]
    fn numbers_are_stored_as_the_nearest_half() {
        let around = (0..=u16::MAX).flat_map(|half| {
            let value = f16::from_bits(half).to_f32().to_bits();
            [value, value + 0x0fff, value + 0x1000, value + 0x1001]
        });
        for bits in (0..=u32::MAX).step_by(997).chain(around) {
            let value = f32::from_bits(bits);
            let expected = f16::narrow(value).to_bits();
            assert_eq!(stored::<f16>([value, 1.0, value, 0.0], f16::ZERO)[2].to_bits(), expected, "{value} {bits:x}");
        }
    }

    #[test]
    fn bits_of_halves_compare_as_their_values_do() {
        let all: Vec<f16> = halves().flatten().filter(|half| !half.is_nan()).collect();
        for &half in all.iter().step_by(61) {
            for &other in all.iter().step_by(67) {
                assert_eq!(HalfBits::get(half) < HalfBits::get(other), half < other, "{half} {other}");
            }
        }
        for four in halves() {
            assert_eq!(load::<HalfBits>(four).map(f32::to_bits), four.map(|half| HalfBits::get(half).to_bits()));
            assert_eq!(stored::<HalfBits>(load::<HalfBits>(four), f16::ZERO).map(f16::to_bits), four.map(f16::to_bits));
            assert_eq!(four.map(HalfBits::get).map(HalfBits::put).map(f16::to_bits), four.map(f16::to_bits));
        }
        assert_eq!(HalfBits::get(f16::NEG_INFINITY), HalfBits::LEAST);
        assert_eq!(HalfBits::get(f16::INFINITY).to_bits(), HalfBits::INFINITY);
    }

    #[test]
    fn bytes_come_back() {
        for byte in i8::MIN..=i8::MAX {
            let values = load::<i8>([byte; 4]);
            assert_eq!(values, [f32::from(byte); 4]);
            assert_eq!(stored::<u8>(values, 0), [byte as u8; 4]);
            assert_eq!(u8::put(values[0]), byte as u8);
        }
        for byte in u8::MIN..=u8::MAX {
            let values = load::<u8>([byte; 4]);
            assert_eq!((values, stored::<u8>(values, 0), u8::put(values[0])), ([f32::from(byte); 4], [byte; 4], byte));
        }
    }
}
