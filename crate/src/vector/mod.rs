//! The only place that names instructions. Kernels are written once over [`Vector`], four lanes of 32 bits, or over
//! [`Packed`], the same register as narrower lanes.

mod halves;
mod packed;

/// Four lanes, read as `f32` values or as `u32` indices as the operation's name says. A mask is a vector whose lanes
/// are all ones or all zeros.
pub(crate) trait Vector: Copy {
    const LANES: usize = 4;

    fn splat(value: f32) -> Self;
    fn splat_index(index: u32) -> Self;
    /// The indices `first, first + 1, first + 2, first + 3`.
    fn count_from(first: u32) -> Self;
    /// These indices.
    fn indices(lanes: [u32; 4]) -> Self;
    /// Has the value computed by now, by a store that is not left out. Engines put arithmetic off until something needs
    /// it, and by then have loaded more than the registers hold.
    fn force_evaluation(self) {}
    /// All ones in the lanes that are true.
    fn mask(lanes: [bool; 4]) -> Self;

    /// # Safety
    /// `from` must be readable for four lanes; any alignment of 4 will do.
    unsafe fn load(from: *const f32) -> Self;
    /// # Safety
    /// `from` must be readable for one lane.
    unsafe fn load_splat(from: *const f32) -> Self;
    /// Loads `[a, b, a, b]`.
    ///
    /// # Safety
    /// `from` must be readable for two lanes.
    unsafe fn load_pair(from: *const f32) -> Self;
    /// # Safety
    /// `to` must be writable for four lanes.
    unsafe fn store(self, to: *mut f32);
    /// Loads four 16-bit words as signed integers.
    ///
    /// # Safety
    /// `from` must be readable for four words.
    unsafe fn load_i16(from: *const u16) -> Self;
    /// Loads four bytes as `f32`.
    ///
    /// # Safety
    /// `from` must be readable for four bytes.
    unsafe fn load_i8(from: *const i8) -> Self;
    /// # Safety
    /// As [`Vector::load_i8`].
    unsafe fn load_u8(from: *const u8) -> Self;
    /// Stores lanes that are below 2^16.
    ///
    /// # Safety
    /// `to` must be writable for four words.
    unsafe fn store_u16(self, to: *mut u16);
    /// The same for eight words.
    ///
    /// # Safety
    /// `to` must be writable for eight words.
    unsafe fn store_u16_pair(self, high: Self, to: *mut u16);
    /// Stores lanes that are below 2^8.
    ///
    /// # Safety
    /// `to` must be writable for four bytes.
    unsafe fn store_u8(self, to: *mut u8);
    /// Adds the four values, each multiplied by `scale`, to as many sums.
    ///
    /// # Safety
    /// `sums` must be aligned, and readable and writable for four sums.
    unsafe fn add_to(self, sums: *mut f64, scale: f64);
    /// Four sums, each multiplied by `scale` and then rounded.
    ///
    /// # Safety
    /// `sums` must be aligned, and readable for four sums.
    unsafe fn from_sums(sums: *const f64, scale: f64) -> Self;
    fn lanes(self) -> [u32; 4];

    /// # Safety
    /// `from` must be readable for `lanes` lanes, at least one. The others repeat the first.
    #[inline(always)]
    unsafe fn load_first(from: *const f32, lanes: usize) -> Self {
        // SAFETY: below `lanes`.
        let all: [f32; 4] = core::array::from_fn(|i| unsafe { *from.add(if i < lanes { i } else { 0 }) });
        // SAFETY: the array has four lanes.
        unsafe { Self::load(all.as_ptr()) }
    }

    /// # Safety
    /// `to` must be writable for `lanes` lanes.
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, lanes: usize) {
        for (i, lane) in self.lanes().into_iter().enumerate().take(lanes) {
            // SAFETY: below `lanes`.
            unsafe { *to.add(i) = f32::from_bits(lane) };
        }
    }

    /// `self < other ? other : self` in each lane: keeps `self` on equality and where either is NaN.
    fn pmax(self, other: Self) -> Self;
    /// The greater value of each lane and its index, by the same rule; `at` must be above `index`.
    #[inline(always)]
    fn pmax_indexed(self, index: Self, other: Self, at: Self) -> (Self, Self) {
        // Indices grow along a scan, so a maximum with the masked index selects it, in one instruction less.
        let most = self.pmax(other);
        (most, index.max_index(most.ne(self).and(at)))
    }
    fn add(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    fn eq(self, other: Self) -> Self;
    fn ne(self, other: Self) -> Self;
    fn and(self, other: Self) -> Self;
    fn or(self, other: Self) -> Self;
    fn not(self) -> Self;
    /// All ones in the lanes of a mask, and as it was in the others. LLVM turns an `or` with a mask into a selection where a minimum
    /// follows, which takes three instructions; a saturating addition of bytes is let be.
    fn set_masked(self, mask: Self) -> Self;
    fn any(self) -> bool;
    /// A bit for each lane of a mask, the first lowest.
    fn bits(self) -> u32;

    fn add_index(self, other: Self) -> Self;
    fn sub_index(self, other: Self) -> Self;
    fn mul_index(self, other: Self) -> Self;
    fn ne_index(self, other: Self) -> Self;
    fn eq_index(self, other: Self) -> Self;
    /// Compares as `i32`: LLVM would turn an unsigned maximum with a masked operand into two instructions.
    fn max_index(self, other: Self) -> Self;
    /// Compares as `u32`, so that all ones are the highest.
    fn min_index(self, other: Self) -> Self;
    fn shift_left<const BITS: u32>(self) -> Self;
    /// Zeros come in at the left.
    fn shift_right<const BITS: u32>(self) -> Self;

    /// `[a0, b0, a1, b1]`
    fn zip_low(self, b: Self) -> Self;
    /// `[a2, b2, a3, b3]`
    fn zip_high(self, b: Self) -> Self;
    /// `[a0, a1, b0, b1]`
    fn join_low(self, b: Self) -> Self;
    /// `[a2, a3, b2, b3]`
    fn join_high(self, b: Self) -> Self;

    /// Lane `i` of every vector in vector `i`.
    #[inline(always)]
    fn transpose([a, b, c, d]: [Self; 4]) -> [Self; 4] {
        let (low, high) = ((a.zip_low(b), c.zip_low(d)), (a.zip_high(b), c.zip_high(d)));
        [low.0.join_low(low.1), low.0.join_high(low.1), high.0.join_low(high.1), high.0.join_high(high.1)]
    }
}

pub(crate) use halves::{
    UNIT, add_halves, any_special, eight_small_halves, round_numbers, round_to_half_bits, small_halves, widen_halves,
};
pub(crate) use packed::Packed;

/// Bytes of a vector.
pub(crate) const BYTES: usize = 16;

/// Whether a vector is held in one register, so that straight lines of code pay. Builds for tests go the way of those with SIMD.
pub(crate) const IN_REGISTERS: bool = cfg!(any(target_feature = "simd128", not(target_arch = "wasm32")));

/// The vector of this build.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(crate) use scalar::Lanes as Native;
/// The vector of this build.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(crate) use simd128::V128 as Native;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod scalar;
