//! The types that feature maps come in. Most kernels compute in `f32`, which holds every value of the others exactly. So
//! a maximum is converted back without rounding.

use core::marker::PhantomData;
use core::ops::Range;

use half::f16;

use crate::memory::span::Span;

/// An element type by name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ElementType {
    /// 32-bit floating point.
    F32,
    /// 16-bit floating point (IEEE half precision).
    F16,
    /// Signed bytes, as quantised networks have.
    I8,
    /// Unsigned bytes, as quantised networks have.
    U8,
}

impl ElementType {
    /// Bytes of an element.
    pub(crate) fn size(self) -> usize {
        match self {
            ElementType::F32 => 4,
            ElementType::F16 => 2,
            ElementType::I8 | ElementType::U8 => 1,
        }
    }
}

/// An element of a feature map.
pub trait Element: Copy + sealed::Sealed {
    /// Its type.
    const TYPE: ElementType;
    #[doc(hidden)]
    fn widen(self) -> f32;
    /// The nearest element. It undoes [`Element::widen`] exactly.
    #[doc(hidden)]
    fn narrow(value: f32) -> Self;
}

/// An element that averages and gradients can have. Sums of gradients of maxima are rounded to it one addition at a time,
/// as PyTorch does.
pub trait Real: Element {
    #[doc(hidden)]
    const ZERO: Self;
    #[doc(hidden)]
    fn add(self, other: Self) -> Self;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for half::f16 {}
    impl Sealed for i8 {}
    impl Sealed for u8 {}
}

impl Element for f32 {
    const TYPE: ElementType = ElementType::F32;
    #[inline(always)]
    fn widen(self) -> f32 {
        self
    }
    #[inline(always)]
    fn narrow(value: f32) -> Self {
        value
    }
}

impl Element for f16 {
    const TYPE: ElementType = ElementType::F16;
    /// Without branches, so that the compiler makes vectors of it.
    #[inline(always)]
    fn widen(self) -> f32 {
        const EXPONENT: u32 = 0x7c00 << 13;
        let bits = u32::from(self.to_bits());
        // Exponent and mantissa move to their places; then the exponent's bias is made the larger one.
        let shifted = (bits & 0x7fff) << 13;
        let exponent = shifted & EXPONENT;
        let biased = shifted + ((127 - 15) << 23);
        let special = biased + ((128 - 16) << 23);
        // A subnormal's bits count in units of the smallest normal number's: an addition that is taken back normalises.
        let subnormal = (f32::from_bits(biased + (1 << 23)) - f32::from_bits(113 << 23)).to_bits();
        let magnitude = match exponent {
            EXPONENT => special,
            0 => subnormal,
            _ => biased,
        };
        f32::from_bits(magnitude | (bits & 0x8000) << 16)
    }
    /// Rounds to nearest even without branches: in floating point, by adding a number whose last digit is the half's.
    #[inline(always)]
    fn narrow(value: f32) -> Self {
        let bits = value.to_bits();
        let (doubled, sign) = (bits << 1, bits >> 16 & 0x8000);
        // Beyond the greatest half it is infinite, however it is rounded.
        let magnitude = value.abs() * f32::from_bits(239 << 23) * f32::from_bits(17 << 23);
        let digit = (doubled & 0xff00_0000).max(0x7100_0000);
        let rounded = (f32::from_bits((digit >> 1) + 0x0780_0000) + magnitude).to_bits();
        let half = (rounded >> 13 & 0x7c00) + (rounded & 0x0fff);
        // A NaN keeps its upper digits, and is made quiet.
        let nan = 0x7e00 | bits >> 13 & 0x3ff;
        f16::from_bits((sign | if doubled > 0xff00_0000 { nan } else { half }) as u16)
    }
}

macro_rules! integer {
    ($type:ty, $name:ident) => {
        impl Element for $type {
            const TYPE: ElementType = ElementType::$name;
            #[inline(always)]
            fn widen(self) -> f32 {
                f32::from(self)
            }
            #[inline(always)]
            fn narrow(value: f32) -> Self {
                value as $type
            }
        }
    };
}
integer!(i8, I8);
integer!(u8, U8);

impl Real for f32 {
    const ZERO: Self = 0.0;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self + other
    }
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
    let (x, y) = (with_half_bias(a), with_half_bias(b));
    if (x.to_bits() & INFINITY == INFINITY) | (y.to_bits() & INFINITY == INFINITY) {
        return f16::narrow(a.widen() + b.widen());
    }
    let bits = (x + y).to_bits();
    let magnitude = bits & 0x7fff_ffff;
    // To the nearest, and to the even one of two. Beyond the greatest half is infinity.
    let half = (magnitude + 0x0fff + (magnitude >> 13 & 1)) >> 13;
    f16::from_bits((half.min(0x7c00) | bits >> 16 & 0x8000) as u16)
}

/// A finite half as a number whose exponent keeps the half's bias: it is 2^-112 of the value, and is rounded and ends where the half does.
#[inline(always)]
pub(crate) fn with_half_bias(half: f16) -> f32 {
    f32::from_bits((i32::from(half.to_bits() as i16) << 13) as u32 & 0x8fff_e000)
}

/// A stretch of elements whose type is known at run time only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elements<'a> {
    at: *mut u8,
    len: usize,
    kind: ElementType,
    life: PhantomData<&'a mut [u8]>,
}

impl<'a> Elements<'a> {
    /// Elements to be read only.
    pub fn of<T: Element>(slice: &'a [T]) -> Self {
        Elements { at: slice.as_ptr().cast_mut().cast(), len: slice.len(), kind: T::TYPE, life: PhantomData }
    }

    pub fn of_mut<T: Element>(slice: &'a mut [T]) -> Self {
        Elements { at: slice.as_mut_ptr().cast(), len: slice.len(), kind: T::TYPE, life: PhantomData }
    }

    /// As many elements of a type as fit into working memory.
    pub fn in_memory(memory: Span<'a, f32>, kind: ElementType) -> Self {
        let len = memory.len() * (size_of::<f32>() / kind.size());
        Elements { at: memory.as_mut_ptr().cast(), len, kind, life: PhantomData }
    }

    /// # Safety
    /// `at` must be valid for reads, and for writes if elements are narrowed to it, of `len` elements of the type for
    /// `'a`, and aligned for them. Other holders of the same memory must not touch an element while this one does.
    #[cfg(target_arch = "wasm32")]
    pub unsafe fn from_raw(at: *mut u8, len: usize, kind: ElementType) -> Self {
        Elements { at, len, kind, life: PhantomData }
    }

    pub fn kind(self) -> ElementType {
        self.kind
    }

    /// The elements themselves, where they are `f32` and need no conversion.
    #[inline(always)]
    pub fn as_f32(self) -> Option<Span<'a, f32>> {
        // SAFETY: valid by construction, and of this type.
        (self.kind == ElementType::F32).then(|| unsafe { Span::from_raw(self.at.cast(), self.len) })
    }

    pub fn len(self) -> usize {
        self.len
    }

    /// # Safety
    /// `first + len` must not exceed the length.
    #[inline(always)]
    pub unsafe fn part(self, first: usize, len: usize) -> Self {
        debug_assert!(first + len <= self.len);
        // SAFETY: the caller keeps the part inside.
        Elements { at: unsafe { self.at.add(first * self.kind.size()) }, len, ..self }
    }

    /// The elements from `first` on.
    ///
    /// # Safety
    /// `first` must not exceed the length.
    #[inline(always)]
    pub unsafe fn from(self, first: usize) -> Self {
        // SAFETY: the caller's promise.
        unsafe { self.part(first, self.len - first) }
    }

    /// Copies all of `from`, elements of the same type, to the first of these.
    ///
    /// # Safety
    /// There must be as many, and they may not overlap.
    pub unsafe fn copy_from(self, from: Elements) {
        debug_assert!(self.kind == from.kind && from.len <= self.len);
        // SAFETY: inside, by the caller's promise.
        unsafe { core::ptr::copy_nonoverlapping(from.at, self.at, from.len * self.kind.size()) }
    }

    /// The elements as those of a type, or of one of the same size whose bits are the same.
    #[inline(always)]
    pub fn cast<T: Element>(self) -> Span<'a, T> {
        debug_assert!(self.kind.size() == size_of::<T>());
        // SAFETY: valid by construction, and of this size.
        unsafe { Span::from_raw(self.at.cast(), self.len) }
    }

    /// Elements from the `first` on that lie `apart` from each other.
    #[inline(always)]
    pub fn places(self, first: usize, apart: usize) -> Places<'a> {
        Places::new(self.at, self.kind.size(), first, apart)
    }

    /// One element.
    ///
    /// # Safety
    /// `i` must be below the length.
    #[inline(always)]
    pub unsafe fn get(self, i: usize) -> f32 {
        /// Not inlined, as it has code for each type.
        #[inline(never)]
        unsafe fn converted(elements: Elements, i: usize) -> f32 {
            // SAFETY: the caller's promise, and the element is of the type.
            unsafe {
                match elements.kind {
                    ElementType::F32 => elements.cast::<f32>().get(i),
                    ElementType::F16 => elements.cast::<f16>().get(i).widen(),
                    ElementType::I8 => elements.cast::<i8>().get(i).widen(),
                    ElementType::U8 => elements.cast::<u8>().get(i).widen(),
                }
            }
        }
        // SAFETY: the caller's promise.
        unsafe { self.as_f32().map_or_else(|| converted(self, i), |elements| elements.get(i)) }
    }

    /// Sets one element.
    ///
    /// # Safety
    /// `i` must be below the length.
    #[inline(always)]
    pub unsafe fn set(self, i: usize, value: f32) {
        /// Not inlined, as it has code for each type.
        #[inline(never)]
        unsafe fn converted(elements: Elements, i: usize, value: f32) {
            // SAFETY: the caller's promise, and the element is of the type.
            unsafe {
                match elements.kind {
                    ElementType::F32 => elements.cast().set(i, value),
                    ElementType::F16 => elements.cast().set(i, f16::narrow(value)),
                    ElementType::I8 => elements.cast().set(i, i8::narrow(value)),
                    ElementType::U8 => elements.cast().set(i, u8::narrow(value)),
                }
            }
        }
        // SAFETY: the caller's promise.
        unsafe { self.as_f32().map_or_else(|| converted(self, i, value), |elements| elements.set(i, value)) }
    }

    /// Copies elements to others of the same stretch, which may not overlap them.
    ///
    /// # Safety
    /// Neither `from + len` nor `to + len` may exceed the length.
    pub unsafe fn copy(self, from: usize, to: usize, len: usize) {
        debug_assert!(from.max(to) + len <= self.len);
        let size = self.kind.size();
        // SAFETY: inside, by the caller's promise.
        unsafe { core::ptr::copy_nonoverlapping(self.at.add(from * size), self.at.add(to * size), len * size) }
    }

    /// Copies elements to `to`, as many as it has.
    ///
    /// # Safety
    /// `first + to.len()` must not exceed the length.
    pub unsafe fn widen(self, first: usize, to: &mut [f32]) {
        debug_assert!(first + to.len() <= self.len);
        // SAFETY: inside, by the caller's promise, and of the type.
        unsafe {
            match self.kind {
                ElementType::F32 => widen::<f32>(self.at, first, to),
                ElementType::F16 => widen::<f16>(self.at, first, to),
                ElementType::I8 => widen::<i8>(self.at, first, to),
                ElementType::U8 => widen::<u8>(self.at, first, to),
            }
        }
    }

    /// Copies `from` to the elements from `first` on.
    ///
    /// # Safety
    /// `first + from.len()` must not exceed the length.
    pub unsafe fn narrow(self, first: usize, from: &[f32]) {
        debug_assert!(first + from.len() <= self.len);
        // SAFETY: inside, by the caller's promise, and of the type.
        unsafe {
            match self.kind {
                ElementType::F32 => narrow::<f32>(self.at, first, from),
                ElementType::F16 => narrow::<f16>(self.at, first, from),
                ElementType::I8 => narrow::<i8>(self.at, first, from),
                ElementType::U8 => narrow::<u8>(self.at, first, from),
            }
        }
    }

    /// Widens all of some stretches, one after the other, into `to`.
    ///
    /// # Safety
    /// The stretches must lie inside, and be as long as `to` together.
    pub unsafe fn widen_runs(self, runs: impl Iterator<Item = Range<usize>>, to: &mut [f32]) {
        let mut rest = to;
        for run in runs {
            let (part, after) = rest.split_at_mut(run.len());
            // SAFETY: the caller's promise.
            unsafe { self.widen(run.start, part) };
            rest = after;
        }
    }

    /// Narrows `from` into some stretches, one after the other.
    ///
    /// # Safety
    /// As [`Elements::widen_runs`].
    pub unsafe fn narrow_runs(self, runs: impl Iterator<Item = Range<usize>>, from: &[f32]) {
        let mut rest = from;
        for run in runs {
            let (part, after) = rest.split_at(run.len());
            // SAFETY: the caller's promise.
            unsafe { self.narrow(run.start, part) };
            rest = after;
        }
    }
}

/// Elements at equal distances.
#[derive(Clone, Copy)]
pub(crate) struct Places<'a> {
    first: *mut u8,
    /// In bytes.
    apart: usize,
    life: PhantomData<&'a mut [u8]>,
}

impl<'a> Places<'a> {
    /// Words from the `first` on that lie `apart` from each other.
    #[inline(always)]
    pub fn of(words: Span<'a, u32>, first: usize, apart: usize) -> Self {
        Self::new(words.as_mut_ptr().cast(), size_of::<u32>(), first, apart)
    }

    #[inline(always)]
    fn new(memory: *mut u8, size: usize, first: usize, apart: usize) -> Self {
        Places { first: memory.wrapping_add(first * size), apart: apart * size, life: PhantomData }
    }

    /// Prefetches the cache line of element `i` of these with a dummy store, before its value is written. Nothing waits for that store, as
    /// it would for the read of a [`prefetch`](crate::memory::span::prefetch).
    ///
    /// # Safety
    /// It must lie inside.
    #[inline(always)]
    pub unsafe fn prefetch_store(self, i: usize) {
        // SAFETY: inside, by the caller's promise.
        unsafe { self.first.add(i * self.apart).write_volatile(0) }
    }
}

unsafe fn widen<T: Element>(at: *mut u8, first: usize, to: &mut [f32]) {
    // SAFETY: as many elements of the type are inside, by the caller's promise.
    let from = unsafe { core::slice::from_raw_parts(at.cast::<T>().add(first), to.len()) };
    to.iter_mut().zip(from).for_each(|(to, from)| *to = from.widen());
}

unsafe fn narrow<T: Element>(at: *mut u8, first: usize, from: &[f32]) {
    // SAFETY: as many elements of the type are inside, by the caller's promise, and nobody else's.
    let to = unsafe { core::slice::from_raw_parts_mut(at.cast::<T>().add(first), from.len()) };
    to.iter_mut().zip(from).for_each(|(to, &from)| *to = T::narrow(from));
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

    #[test]
    fn bytes_come_back() {
        assert!((i8::MIN..=i8::MAX).all(|byte| i8::narrow(byte.widen()) == byte));
        assert!((u8::MIN..=u8::MAX).all(|byte| u8::narrow(byte.widen()) == byte));
    }
}
