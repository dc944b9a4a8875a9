//! A register of WASM SIMD.

use core::arch::wasm32::*;

use super::{Packed, Vector};

#[derive(Clone, Copy)]
pub(crate) struct V128(v128);

impl Vector for V128 {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        V128(f32x4_splat(value))
    }
    #[inline(always)]
    fn splat_index(index: u32) -> Self {
        V128(u32x4_splat(index))
    }
    #[inline(always)]
    fn count_from(first: u32) -> Self {
        V128(i32x4_add(u32x4_splat(first), u32x4(0, 1, 2, 3)))
    }
    #[inline(always)]
    fn indices([a, b, c, d]: [u32; 4]) -> Self {
        V128(u32x4(a, b, c, d))
    }
    #[inline(always)]
    fn force_evaluation(self) {
        let mut place = core::mem::MaybeUninit::<v128>::uninit();
        // SAFETY: a place of its own.
        unsafe { place.as_mut_ptr().write_volatile(self.0) };
    }
    #[inline(always)]
    fn mask(lanes: [bool; 4]) -> Self {
        let [a, b, c, d] = lanes.map(|lane| if lane { u32::MAX } else { 0 });
        V128(u32x4(a, b, c, d))
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: readable, by the caller's promise.
        V128(unsafe { v128_load(from.cast()) })
    }
    #[inline(always)]
    unsafe fn load_splat(from: *const f32) -> Self {
        // SAFETY: readable, by the caller's promise.
        V128(unsafe { v128_load32_splat(from.cast()) })
    }
    #[inline(always)]
    unsafe fn load_pair(from: *const f32) -> Self {
        // SAFETY: readable, by the caller's promise.
        V128(unsafe { v128_load64_splat(from.cast()) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: writable, by the caller's promise.
        unsafe { v128_store(to.cast(), self.0) }
    }
    #[inline(always)]
    unsafe fn load_i16(from: *const u16) -> Self {
        // SAFETY: readable, by the caller's promise.
        V128(unsafe { i32x4_load_extend_i16x4(from.cast()) })
    }
    #[inline(always)]
    unsafe fn load_i8(from: *const i8) -> Self {
        // SAFETY: readable, by the caller's promise.
        let bytes = unsafe { v128_load32_zero(from.cast()) };
        V128(f32x4_convert_i32x4(i32x4_extend_low_i16x8(i16x8_extend_low_i8x16(bytes))))
    }
    #[inline(always)]
    unsafe fn load_u8(from: *const u8) -> Self {
        // SAFETY: readable, by the caller's promise.
        let bytes = unsafe { v128_load32_zero(from.cast()) };
        V128(f32x4_convert_i32x4(i32x4_extend_low_u16x8(i16x8_extend_low_u8x16(bytes))))
    }
    #[inline(always)]
    unsafe fn store_u16(self, to: *mut u16) {
        // SAFETY: writable, by the caller's promise.
        unsafe { v128_store64_lane::<0>(u16x8_narrow_i32x4(self.0, self.0), to.cast()) }
    }
    #[inline(always)]
    unsafe fn store_u16_pair(self, high: Self, to: *mut u16) {
        // SAFETY: writable, by the caller's promise.
        unsafe { v128_store(to.cast(), u16x8_narrow_i32x4(self.0, high.0)) }
    }
    #[inline(always)]
    unsafe fn store_u8(self, to: *mut u8) {
        let words = u16x8_narrow_i32x4(self.0, self.0);
        // SAFETY: writable, by the caller's promise.
        unsafe { v128_store32_lane::<0>(u8x16_narrow_i16x8(words, words), to.cast()) }
    }
    #[inline(always)]
    unsafe fn add_to(self, sums: *mut f64, scale: f64) {
        let high = u32x4_shuffle::<2, 3, 2, 3>(self.0, self.0);
        // SAFETY: two sums each of the four, by the caller's promise.
        unsafe {
            for (half, sums) in [(self.0, sums.cast::<v128>()), (high, sums.add(2).cast())] {
                let values = f64x2_mul(f64x2_promote_low_f32x4(half), f64x2_splat(scale));
                v128_store(sums, f64x2_add(v128_load(sums), values));
            }
        }
    }
    #[inline(always)]
    unsafe fn from_sums(sums: *const f64, scale: f64) -> Self {
        // SAFETY: two sums each of the four, by the caller's promise.
        let [low, high] = [sums, unsafe { sums.add(2) }]
            .map(|sums| f32x4_demote_f64x2_zero(f64x2_mul(unsafe { v128_load(sums.cast()) }, f64x2_splat(scale))));
        V128(u32x4_shuffle::<0, 1, 4, 5>(low, high))
    }
    #[inline(always)]
    fn lanes(self) -> [u32; 4] {
        [
            u32x4_extract_lane::<0>(self.0),
            u32x4_extract_lane::<1>(self.0),
            u32x4_extract_lane::<2>(self.0),
            u32x4_extract_lane::<3>(self.0),
        ]
    }
    #[inline(always)]
    fn pmax(self, other: Self) -> Self {
        V128(f32x4_pmax(self.0, other.0))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        V128(f32x4_add(self.0, other.0))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        V128(f32x4_mul(self.0, other.0))
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        V128(f32x4_div(self.0, other.0))
    }
    #[inline(always)]
    fn eq(self, other: Self) -> Self {
        V128(f32x4_eq(self.0, other.0))
    }
    #[inline(always)]
    fn ne(self, other: Self) -> Self {
        V128(f32x4_ne(self.0, other.0))
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        V128(v128_and(self.0, other.0))
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        V128(v128_or(self.0, other.0))
    }
    #[inline(always)]
    fn not(self) -> Self {
        V128(v128_not(self.0))
    }
    #[inline(always)]
    fn set_masked(self, mask: Self) -> Self {
        V128(u8x16_add_sat(self.0, mask.0))
    }
    #[inline(always)]
    fn any(self) -> bool {
        v128_any_true(self.0)
    }
    #[inline(always)]
    fn bits(self) -> u32 {
        i32x4_bitmask(self.0) as u32
    }
    #[inline(always)]
    fn add_index(self, other: Self) -> Self {
        V128(i32x4_add(self.0, other.0))
    }
    #[inline(always)]
    fn sub_index(self, other: Self) -> Self {
        V128(i32x4_sub(self.0, other.0))
    }
    #[inline(always)]
    fn mul_index(self, other: Self) -> Self {
        V128(i32x4_mul(self.0, other.0))
    }
    #[inline(always)]
    fn ne_index(self, other: Self) -> Self {
        V128(i32x4_ne(self.0, other.0))
    }
    #[inline(always)]
    fn eq_index(self, other: Self) -> Self {
        V128(i32x4_eq(self.0, other.0))
    }
    #[inline(always)]
    fn max_index(self, other: Self) -> Self {
        V128(i32x4_max(self.0, other.0))
    }
    #[inline(always)]
    fn min_index(self, other: Self) -> Self {
        V128(u32x4_min(self.0, other.0))
    }
    #[inline(always)]
    fn shift_left<const BITS: u32>(self) -> Self {
        V128(u32x4_shl(self.0, BITS))
    }
    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        V128(u32x4_shr(self.0, BITS))
    }
    #[inline(always)]
    fn zip_low(self, b: Self) -> Self {
        V128(u32x4_shuffle::<0, 4, 1, 5>(self.0, b.0))
    }
    #[inline(always)]
    fn zip_high(self, b: Self) -> Self {
        V128(u32x4_shuffle::<2, 6, 3, 7>(self.0, b.0))
    }
    #[inline(always)]
    fn join_low(self, b: Self) -> Self {
        V128(u32x4_shuffle::<0, 1, 4, 5>(self.0, b.0))
    }
    #[inline(always)]
    fn join_high(self, b: Self) -> Self {
        V128(u32x4_shuffle::<2, 3, 6, 7>(self.0, b.0))
    }
}

impl Packed for V128 {
    #[inline(always)]
    fn splat_u8(value: u8) -> Self {
        V128(u8x16_splat(value))
    }
    #[inline(always)]
    fn max_u8(self, other: Self) -> Self {
        V128(u8x16_max(self.0, other.0))
    }
    #[inline(always)]
    fn min_u8(self, other: Self) -> Self {
        V128(u8x16_min(self.0, other.0))
    }
    #[inline(always)]
    fn eq_u8(self, other: Self) -> Self {
        V128(u8x16_eq(self.0, other.0))
    }
    #[inline(always)]
    fn zip_low_u8(self, b: Self) -> Self {
        V128(u8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(self.0, b.0))
    }
    #[inline(always)]
    fn zip_high_u8(self, b: Self) -> Self {
        V128(u8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(self.0, b.0))
    }
    #[inline(always)]
    fn swizzle(self, places: Self) -> Self {
        V128(u8x16_swizzle(self.0, places.0))
    }
    #[inline(always)]
    fn even(self, other: Self, bytes: usize) -> Self {
        let (a, b) = (self.0, other.0);
        V128(match bytes {
            1 => u8x16_shuffle::<0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30>(a, b),
            2 => u16x8_shuffle::<0, 2, 4, 6, 8, 10, 12, 14>(a, b),
            _ => u32x4_shuffle::<0, 2, 4, 6>(a, b),
        })
    }
    #[inline(always)]
    fn odd(self, other: Self, bytes: usize) -> Self {
        let (a, b) = (self.0, other.0);
        V128(match bytes {
            1 => u8x16_shuffle::<1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31>(a, b),
            2 => u16x8_shuffle::<1, 3, 5, 7, 9, 11, 13, 15>(a, b),
            _ => u32x4_shuffle::<1, 3, 5, 7>(a, b),
        })
    }
    #[inline(always)]
    fn splat_u16(value: u16) -> Self {
        V128(u16x8_splat(value))
    }
    #[inline(always)]
    fn max_i16(self, other: Self) -> Self {
        V128(i16x8_max(self.0, other.0))
    }
    #[inline(always)]
    fn max_u16(self, other: Self) -> Self {
        V128(u16x8_max(self.0, other.0))
    }
    #[inline(always)]
    fn min_u16(self, other: Self) -> Self {
        V128(u16x8_min(self.0, other.0))
    }
    #[inline(always)]
    fn eq_u16(self, other: Self) -> Self {
        V128(i16x8_eq(self.0, other.0))
    }
    #[inline(always)]
    fn gt_i16(self, other: Self) -> Self {
        V128(i16x8_gt(self.0, other.0))
    }
    #[inline(always)]
    fn sign_i16(self) -> Self {
        V128(i16x8_shr(self.0, 15))
    }
    #[inline(always)]
    fn magnitude_u16(self) -> Self {
        V128(u16x8_shr(self.0, 1))
    }
    #[inline(always)]
    fn shift_left_u16<const BITS: u32>(self) -> Self {
        V128(u16x8_shl(self.0, BITS))
    }
    #[inline(always)]
    fn shift_right_i16<const BITS: u32>(self) -> Self {
        V128(i16x8_shr(self.0, BITS))
    }
    #[inline(always)]
    fn dot_i16(self, other: Self) -> Self {
        V128(i32x4_dot_i16x8(self.0, other.0))
    }
    #[inline(always)]
    fn zip_low_u16(self, b: Self) -> Self {
        V128(u16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(self.0, b.0))
    }
    #[inline(always)]
    fn zip_high_u16(self, b: Self) -> Self {
        V128(u16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(self.0, b.0))
    }
    #[inline(always)]
    unsafe fn gather_u16(from: [*const u16; 8]) -> Self {
        let all = u16x8_splat(0);
        // SAFETY: readable, by the caller's promise.
        unsafe {
            let all = v128_load16_lane::<0>(all, from[0]);
            let all = v128_load16_lane::<1>(all, from[1]);
            let all = v128_load16_lane::<2>(all, from[2]);
            let all = v128_load16_lane::<3>(all, from[3]);
            let all = v128_load16_lane::<4>(all, from[4]);
            let all = v128_load16_lane::<5>(all, from[5]);
            let all = v128_load16_lane::<6>(all, from[6]);
            V128(v128_load16_lane::<7>(all, from[7]))
        }
    }
    #[inline(always)]
    unsafe fn scatter_u16(self, to: [*mut u16; 4]) {
        // SAFETY: writable, by the caller's promise.
        unsafe {
            v128_store16_lane::<0>(self.0, to[0]);
            v128_store16_lane::<2>(self.0, to[1]);
            v128_store16_lane::<4>(self.0, to[2]);
            v128_store16_lane::<6>(self.0, to[3]);
        }
    }
    #[inline(always)]
    unsafe fn store_parts(self, low: *mut [u8; 8], high: *mut [u8; 8]) {
        // SAFETY: writable, by the caller's promise.
        unsafe {
            v128_store64_lane::<0>(self.0, low.cast());
            v128_store64_lane::<1>(self.0, high.cast());
        }
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        V128(v128_xor(self.0, other.0))
    }
}
