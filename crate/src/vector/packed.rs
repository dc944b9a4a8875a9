//! The same register as sixteen bytes or as eight 16-bit words.

use super::Vector;

/// Operations on narrow lanes. A mask has all ones or all zeros in each lane.
pub(crate) trait Packed: Vector {
    fn splat_u8(value: u8) -> Self;
    fn max_u8(self, other: Self) -> Self;
    fn min_u8(self, other: Self) -> Self;
    fn eq_u8(self, other: Self) -> Self;
    /// The lower bytes of both, one of each in turn.
    fn zip_low_u8(self, other: Self) -> Self;
    fn zip_high_u8(self, other: Self) -> Self;

    /// The bytes at these places, which must be below 16.
    fn swizzle(self, places: Self) -> Self;
    /// Every second lane of both, from the first on. A lane has 1, 2 or 4 bytes.
    fn even(self, other: Self, bytes: usize) -> Self;
    /// The lanes between them.
    fn odd(self, other: Self, bytes: usize) -> Self;

    fn splat_u16(value: u16) -> Self;
    fn max_i16(self, other: Self) -> Self;
    fn max_u16(self, other: Self) -> Self;
    fn min_u16(self, other: Self) -> Self;
    fn eq_u16(self, other: Self) -> Self;
    /// Whether `self` is greater, as `i16`.
    fn gt_i16(self, other: Self) -> Self;
    /// All ones in the lanes that are negative as `i16`.
    fn sign_i16(self) -> Self;
    /// 0x7fff in the lanes of a mask.
    fn magnitude_u16(self) -> Self;
    fn shift_left_u16<const BITS: u32>(self) -> Self;
    /// The sign comes in at the left.
    fn shift_right_i16<const BITS: u32>(self) -> Self;
    /// The products of the words as `i16`, those of each two neighbours added: four lanes of 32 bits.
    fn dot_i16(self, other: Self) -> Self;
    fn zip_low_u16(self, other: Self) -> Self;
    fn zip_high_u16(self, other: Self) -> Self;

    /// Loads eight words.
    ///
    /// # Safety
    /// All must be readable.
    unsafe fn gather_u16(from: [*const u16; 8]) -> Self;
    /// Stores the lower half of each lane of 32 bits.
    ///
    /// # Safety
    /// All must be writable.
    unsafe fn scatter_u16(self, to: [*mut u16; 4]);

    fn xor(self, other: Self) -> Self;
    /// Stores the first eight bytes and the last eight, each at a place of their own.
    ///
    /// # Safety
    /// `low` and `high` must be writable.
    unsafe fn store_parts(self, low: *mut [u8; 8], high: *mut [u8; 8]);
}
