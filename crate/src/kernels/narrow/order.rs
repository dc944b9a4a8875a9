//! How vectors of bytes and of halves are compared.

use half::f16;

use crate::element::{Element, ElementType};
use crate::memory::span::Span;
use crate::vector::{Native as V, Packed, Vector};

/// An order of cells of a narrow type, a vector of which is compared at once as unsigned or signed integers, its keys.
pub(crate) trait Order {
    /// Cells as they lie in memory. Signed bytes are taken as unsigned ones.
    type Element: Element;
    /// The order that is right for all cells, where this one is so only for bins that hold a value of 0 or more.
    type Full: Order<Element = Self::Element>;
    const LANES: usize = 16 / size_of::<Self::Element>();
    /// Vectors of indices for a vector of cells.
    const WORDS: usize = Self::LANES / V::LANES;
    /// Whether this order is right for some bins only.
    const PARTIAL: bool = false;
    /// Whether there are NaN and zeros of both signs.
    const FLOATS: bool;

    /// What [`Order::key`] takes: signed bytes are compared as unsigned ones, and only their sign bit is turned round.
    fn flip(kind: ElementType) -> V;
    /// Keys of cells; applied twice, the cells again.
    fn key(cells: V, flip: V) -> V;
    /// A key that none is below.
    fn lowest() -> V;
    fn max(a: V, b: V) -> V;
    fn eq(a: V, b: V) -> V;
    /// The places that a lane tells apart: 0 stands for none, and others are counted from 1 on.
    const PLACES: u32;
    /// The same place in every lane.
    fn splat_place(place: u32) -> V;
    /// The places of lanes by those of their bytes.
    fn of_bytes(bytes: V) -> V;
    /// The greater place. Of halves it is compared as `i16`: LLVM would turn an unsigned maximum with a masked operand into two instructions.
    fn max_place(a: V, b: V) -> V;
    /// The lesser place, where all ones are the greatest.
    fn min_place(a: V, b: V) -> V;
    /// The lower cells of both, one of each in turn.
    fn zip_low(a: V, b: V) -> V;
    fn zip_high(a: V, b: V) -> V;
    /// All lanes as 32 bits each, four in a vector; of halves, the last two vectors repeat the first.
    fn words(lanes: V) -> [V; 4];
    /// The same for a mask.
    fn mask_words(mask: V) -> [V; 4];
}

/// Bytes.
pub(crate) enum Bytes {}

impl Order for Bytes {
    type Element = u8;
    type Full = Self;
    const PLACES: u32 = 0xff;
    const FLOATS: bool = false;

    #[inline(always)]
    fn flip(kind: ElementType) -> V {
        V::splat_u8(if kind == ElementType::I8 { 0x80 } else { 0 })
    }
    #[inline(always)]
    fn key(cells: V, flip: V) -> V {
        cells.xor(flip)
    }
    #[inline(always)]
    fn lowest() -> V {
        V::splat_u8(0)
    }
    #[inline(always)]
    fn max(a: V, b: V) -> V {
        a.max_u8(b)
    }
    #[inline(always)]
    fn eq(a: V, b: V) -> V {
        a.eq_u8(b)
    }
    #[inline(always)]
    fn splat_place(place: u32) -> V {
        V::splat_u8(place as u8)
    }
    #[inline(always)]
    fn of_bytes(bytes: V) -> V {
        bytes
    }
    #[inline(always)]
    fn max_place(a: V, b: V) -> V {
        a.max_u8(b)
    }
    #[inline(always)]
    fn min_place(a: V, b: V) -> V {
        a.min_u8(b)
    }
    #[inline(always)]
    fn zip_low(a: V, b: V) -> V {
        a.zip_low_u8(b)
    }
    #[inline(always)]
    fn zip_high(a: V, b: V) -> V {
        a.zip_high_u8(b)
    }
    #[inline(always)]
    fn words(lanes: V) -> [V; 4] {
        let zero = V::splat_u8(0);
        zipped(lanes.zip_low_u8(zero), lanes.zip_high_u8(zero), zero, zero)
    }
    #[inline(always)]
    fn mask_words(mask: V) -> [V; 4] {
        let (low, high) = (mask.zip_low_u8(mask), mask.zip_high_u8(mask));
        zipped(low, high, low, high)
    }
}

/// Two vectors of 16-bit lanes, zipped with two others.
#[inline(always)]
pub(super) fn zipped(a: V, b: V, with_a: V, with_b: V) -> [V; 4] {
    [a.zip_low_u16(with_a), a.zip_high_u16(with_a), b.zip_low_u16(with_b), b.zip_high_u16(with_b)]
}

/// Halves as `i16`. By their bits, which is right for bins that hold a value of 0 or more; for `ALL`, with all bits but the sign of negative
/// ones turned round, which is right for every bin. Of zeros the positive one is the greater.
pub(crate) enum Halves<const ALL: bool> {}

impl<const ALL: bool> Order for Halves<ALL> {
    type Element = f16;
    type Full = Halves<true>;
    const PARTIAL: bool = !ALL;
    const PLACES: u32 = 0x7fff;
    const FLOATS: bool = true;

    #[inline(always)]
    fn flip(_: ElementType) -> V {
        V::splat_u16(0)
    }
    #[inline(always)]
    fn key(cells: V, _: V) -> V {
        if ALL { cells.xor(cells.sign_i16().magnitude_u16()) } else { cells }
    }
    /// For all halves negative infinity: a NaN below it is mended.
    #[inline(always)]
    fn lowest() -> V {
        V::splat_u16(if ALL { 0x83ff } else { 0x8000 })
    }
    #[inline(always)]
    fn max(a: V, b: V) -> V {
        a.max_i16(b)
    }
    #[inline(always)]
    fn eq(a: V, b: V) -> V {
        a.eq_u16(b)
    }
    #[inline(always)]
    fn splat_place(place: u32) -> V {
        V::splat_u16(place as u16)
    }
    #[inline(always)]
    fn of_bytes(bytes: V) -> V {
        bytes.and(V::splat_u16(0xff)).shift_right::<1>()
    }
    #[inline(always)]
    fn max_place(a: V, b: V) -> V {
        a.max_i16(b)
    }
    #[inline(always)]
    fn min_place(a: V, b: V) -> V {
        a.min_u16(b)
    }
    #[inline(always)]
    fn zip_low(a: V, b: V) -> V {
        a.zip_low_u16(b)
    }
    #[inline(always)]
    fn zip_high(a: V, b: V) -> V {
        a.zip_high_u16(b)
    }
    #[inline(always)]
    fn words(lanes: V) -> [V; 4] {
        let zero = V::splat_u16(0);
        zipped(lanes, lanes, zero, zero)
    }
    #[inline(always)]
    fn mask_words(mask: V) -> [V; 4] {
        zipped(mask, mask, mask, mask)
    }
}

/// Takes a row's keys into the greatest of those before. For `INDEXED`, lanes in which they are greater get the row's place, which must be above
/// those before.
#[inline(always)]
pub(super) fn update<O: Order, const INDEXED: bool>((most, place): (&mut V, &mut V), keys: V, next: V) {
    let before = *most;
    *most = O::max(before, keys);
    if INDEXED {
        *place = O::max_place(*place, O::eq(*most, before).not().and(next));
    }
}

/// Loads a vector of elements.
///
/// # Safety
/// `at + O::LANES` must not exceed the length of `from`.
#[inline(always)]
pub(super) unsafe fn load<O: Order>(from: Span<O::Element>, at: usize) -> V {
    debug_assert!(at + O::LANES <= from.len());
    // SAFETY: as many elements are inside, by the caller's promise.
    unsafe { V::load(from.as_mut_ptr().add(at).cast()) }
}

/// Stores a vector of elements.
///
/// # Safety
/// `at + O::LANES` must not exceed the length of `to`.
#[inline(always)]
pub(super) unsafe fn store<O: Order>(to: Span<O::Element>, at: usize, cells: V) {
    debug_assert!(at + O::LANES <= to.len());
    // SAFETY: as many elements are inside, by the caller's promise.
    unsafe { cells.store(to.as_mut_ptr().add(at).cast()) }
}
