//! How elements of each type are carried in lanes of `f32`, and brought back. Kernels that load and store by these traits know no more of
//! the type.

use half::f16;

use crate::element::{Element, ElementType, Elements, with_half_bias};
use crate::vector::{IN_REGISTERS, Native, Packed, Vector};

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
    /// Four elements as integers, to be stored.
    fn pack<V: Vector>(vector: V) -> V;
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
    fn pack<V: Vector>(vector: V) -> V {
        vector
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
    fn pack<V: Vector>(vector: V) -> V {
        // The last digit of such a sum is one, so that the integer stands at its end.
        vector.add(V::splat(12_582_912.0)).and(V::splat_index(0xff))
    }
    #[inline(always)]
    unsafe fn store<V: Vector>(packed: V, to: *mut u8) {
        // SAFETY: the caller's promise.
        unsafe { packed.store_u8(to) }
    }
}

/// The exponent of infinity and NaN where a half's bits stand [`SHIFT`] places higher: as its digits do in an `f32`.
const SPECIAL: u32 = 0x7c00 << SHIFT;
const SHIFT: u32 = 13;
/// What a number with the half's bias of the exponent is multiplied by to have that of an `f32`.
pub(crate) const UNIT: f32 = f32::from_bits((127 + 112) << 23);

/// By their values, and rounded to the nearest half.
impl Carrier for f16 {
    type Element = f16;
    #[inline(always)]
    unsafe fn load<V: Vector>(from: *const f16) -> V {
        if !IN_REGISTERS {
            // SAFETY: the caller's promise.
            return V::indices(core::array::from_fn(|i| unsafe { *from.add(i) }.widen().to_bits()));
        }
        // SAFETY: the caller's promise.
        let small: V = unsafe { SmallHalf::load(from) };
        let special = small.and(V::splat_index(SPECIAL)).eq_index(V::splat_index(SPECIAL));
        small.mul(V::splat(UNIT)).or(special.and(V::splat(f32::INFINITY)))
    }
}

impl Stored for f16 {
    #[inline(always)]
    fn put(value: f32) -> f16 {
        narrow(value)
    }
    #[inline(always)]
    fn pack<V: Vector>(vector: V) -> V {
        if !IN_REGISTERS || vector.ne(vector).any() {
            return V::indices(pack_lanes(vector.lanes()));
        }
        // To round, the number is added to one whose last digit is the half's: the sum ends in the half's digits, the first included.
        let magnitude = vector.and(V::splat_index(0x7fff_ffff)).min_index(V::splat(65536.0));
        let exponent = magnitude.and(V::splat(f32::INFINITY)).max_index(V::splat_index(113 << 23));
        let digits = magnitude.add(exponent.add_index(V::splat_index(13 << 23))).and(V::splat_index(0xfff));
        let biased = exponent.shift_right::<SHIFT>().add_index(V::splat_index((113_u32 << 10).wrapping_neg()));
        let sign = vector.shift_right::<16>().and(V::splat_index(0x8000));
        digits.add_index(biased).or(sign)
    }
    #[inline(always)]
    unsafe fn store<V: Vector>(packed: V, to: *mut f16) {
        // SAFETY: the caller's promise.
        unsafe { packed.store_u16(to.cast()) }
    }
}

/// Rounds lanes one by one.
#[cold]
#[inline(never)]
fn pack_lanes(lanes: [u32; 4]) -> [u32; 4] {
    lanes.map(|lane| u32::from(narrow(f32::from_bits(lane)).to_bits()))
}

/// Not inlined: the conversion is long.
#[inline(never)]
fn narrow(value: f32) -> f16 {
    f16::narrow(value)
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
    fn pack<V: Vector>(vector: V) -> V {
        vector.shift_right::<16>()
    }
    #[inline(always)]
    unsafe fn store<V: Vector>(packed: V, to: *mut f16) {
        // SAFETY: the caller's promise.
        unsafe { f16::store(packed, to) }
    }
    #[inline(always)]
    unsafe fn store_pair<V: Vector>((low, high): (V, V), to: *mut f16) {
        // SAFETY: the caller's promise.
        unsafe { low.store_u16_pair(high, to.cast()) }
    }
}

/// Finite halves as numbers that keep the half's bias of the exponent, and so cost little to make: each stands for its value over
/// [`UNIT`]. Sums of them are rounded as sums of the values are.
pub(crate) enum SmallHalf {}

impl Carrier for SmallHalf {
    type Element = f16;
    #[inline(always)]
    fn get(element: f16) -> f32 {
        with_half_bias(element)
    }
    #[inline(always)]
    unsafe fn load<V: Vector>(from: *const f16) -> V {
        // SAFETY: the caller's promise.
        unsafe { V::load_i16(from.cast()) }.shift_left::<SHIFT>().and(V::splat_index(0x8fff_e000))
    }
}

/// Eight halves as [`SmallHalf`]: those at even places, and those at odd ones.
#[inline(always)]
pub(crate) fn small_halves<V: Packed>(eight: V) -> [V; 2] {
    // Each product is a half in its place of an `f32`, beside a zero.
    let places = [1 << SHIFT, 1 << (16 + SHIFT)].map(V::splat_index);
    places.map(|place| eight.dot_i16(place).and(V::splat_index(0x8fff_e000)))
}

/// Rounds `from` to elements from the `first` on.
///
/// # Safety
/// `first + from.len()` must not exceed the length.
#[inline(never)]
pub(crate) unsafe fn store_all(from: &[f32], to: Elements, first: usize) {
    let whole = if to.kind() == ElementType::F16 { from.len() / Native::LANES * Native::LANES } else { 0 };
    // SAFETY: inside, by the caller's promise.
    unsafe {
        for at in (0..whole).step_by(Native::LANES) {
            let to = to.cast::<f16>().as_mut_ptr().add(first + at);
            f16::store(f16::pack(Native::load(from.as_ptr().add(at))), to);
        }
        to.narrow(first + whole, &from[whole..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let packed = C::pack(Native::load(values.as_ptr()));
            C::store_pair((packed, packed), elements.as_mut_ptr());
            C::store(packed, elements.as_mut_ptr());
        }
        core::array::from_fn(|i| elements[i + 4])
    }

    #[test]
    fn halves_are_loaded_as_their_values() {
        for four in halves() {
            assert_eq!(load::<f16>(four).map(f32::to_bits), four.map(|half| half.widen().to_bits()));
            let finite = four.map(|half| if half.is_finite() { half } else { f16::ONE });
            assert_eq!(
                load::<SmallHalf>(finite).map(|small| (small * UNIT).to_bits()),
                finite.map(|half| half.widen().to_bits())
            );
            assert_eq!(load::<SmallHalf>(finite), finite.map(SmallHalf::get));
            let eight = Native::indices(finite.map(|half| u32::from(half.to_bits()) << 16 | 0x3c00));
            let [even, odd] = small_halves(eight).map(|four| four.lanes().map(f32::from_bits));
            assert_eq!((even, odd), ([SmallHalf::get(f16::ONE); 4], finite.map(SmallHalf::get)));
            let [even, odd] =
                small_halves(Native::indices(finite.map(|half| u32::from(half.to_bits()) | 0xbc00 << 16)))
                    .map(|four| four.lanes().map(f32::from_bits));
            assert_eq!((even, odd), (finite.map(SmallHalf::get), [SmallHalf::get(f16::NEG_ONE); 4]));
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

    #[test]
    fn many_numbers_are_rounded_one_by_one() {
        let values: Vec<f32> = (0..11).map(|i| i as f32 * 0.37).collect();
        let mut halves = [f16::ZERO; 13];
        // SAFETY: there is room for them.
        unsafe { store_all(&values, Elements::of_mut(&mut halves), 2) };
        assert_eq!(halves[..2], [f16::ZERO; 2]);
        assert!(halves[2..].iter().zip(&values).all(|(half, &value)| *half == f16::from_f32(value)));
    }
}
