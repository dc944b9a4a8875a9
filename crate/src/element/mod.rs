//! The types that feature maps come in. Most kernels compute in `f32`, which holds every value of the others exactly. So
//! a maximum is converted back without rounding.

mod elements;
mod halves;
mod places;

pub(crate) use elements::Elements;
pub(crate) use halves::{nearest_half, pack_halves, small_half};
pub(crate) use places::Places;

use crate::vector::{Native, Vector};

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
    /// Every type, each at the place of its number.
    pub(crate) const ALL: [Self; 4] = [ElementType::F32, ElementType::F16, ElementType::I8, ElementType::U8];

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
    /// Widens as many elements as there are.
    #[doc(hidden)]
    #[inline(always)]
    fn widen_all(from: &[Self], to: &mut [f32]) {
        to.iter_mut().zip(from).for_each(|(to, from)| *to = from.widen());
    }
    /// Narrows as many.
    #[doc(hidden)]
    #[inline(always)]
    fn narrow_all(from: &[f32], to: &mut [Self]) {
        to.iter_mut().zip(from).for_each(|(to, &from)| *to = Self::narrow(from));
    }
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

/// Widens as many elements as there are by `load`, a vector at a time, and those behind the last vector one by one.
#[inline(always)]
fn widen_vectors<T: Element>(from: &[T], to: &mut [f32], load: impl Fn(&[T; Native::LANES]) -> Native) {
    let (fours, rest) = to.as_chunks_mut::<{ Native::LANES }>();
    let (from, left) = from.as_chunks::<{ Native::LANES }>();
    for (to, from) in fours.iter_mut().zip(from) {
        // SAFETY: as many elements as lanes.
        unsafe { load(from).store(to.as_mut_ptr()) };
    }
    rest.iter_mut().zip(left).for_each(|(to, from)| *to = from.widen());
}

macro_rules! integer {
    ($type:ty, $name:ident, $load:ident) => {
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
            fn widen_all(from: &[Self], to: &mut [f32]) {
                // SAFETY: as many elements as lanes.
                widen_vectors(from, to, |four| unsafe { Native::$load(four.as_ptr()) });
            }
        }
    };
}
integer!(i8, I8, load_i8);
integer!(u8, U8, load_u8);

impl Real for f32 {
    const ZERO: Self = 0.0;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self + other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back() {
        assert!((i8::MIN..=i8::MAX).all(|byte| i8::narrow(byte.widen()) == byte));
        assert!((u8::MIN..=u8::MAX).all(|byte| u8::narrow(byte.widen()) == byte));
    }
}
