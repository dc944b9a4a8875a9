//! Four lanes of 32 bits: the only place that names instructions. Kernels are written once over [`Vector`].

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
    fn settle(self) {}
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
    /// Loads `[a, b, c, d]`, two lanes from either place.
    ///
    /// # Safety
    /// Both must be readable for two lanes.
    unsafe fn load_pairs(low: *const f32, high: *const f32) -> Self;
    /// # Safety
    /// `to` must be writable for four lanes.
    unsafe fn store(self, to: *mut f32);
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
    fn add(self, other: Self) -> Self;
    fn eq(self, other: Self) -> Self;
    fn ne(self, other: Self) -> Self;
    fn and(self, other: Self) -> Self;
    fn or(self, other: Self) -> Self;
    fn not(self) -> Self;
    /// All ones in the lanes of a mask, and as it was in the others. LLVM turns an `or` with a mask into a selection where a minimum
    /// follows, which takes three instructions; a saturating addition of bytes is let be.
    fn raise(self, mask: Self) -> Self;
    fn any(self) -> bool;
    /// A bit for each lane of a mask, the first lowest.
    fn bits(self) -> u32;

    fn add_index(self, other: Self) -> Self;
    fn ne_index(self, other: Self) -> Self;
    /// Compares as `i32`: LLVM would turn an unsigned maximum with a masked operand into two instructions.
    fn max_index(self, other: Self) -> Self;
    /// Compares as `u32`, so that all ones are the highest.
    fn min_index(self, other: Self) -> Self;
    /// Compares as eight `u16`.
    fn max_rank(self, other: Self) -> Self;

    /// `[a0, b0, a1, b1]`
    fn zip_low(self, b: Self) -> Self;
    /// `[a2, b2, a3, b3]`
    fn zip_high(self, b: Self) -> Self;
    /// `[a0, a1, b0, b1]`
    fn join_low(self, b: Self) -> Self;
    /// `[a2, a3, b2, b3]`
    fn join_high(self, b: Self) -> Self;

    /// `[a0, a2, b0, b2]`
    fn evens(self, b: Self) -> Self;
    /// `[a1, a3, b1, b3]`
    fn odds(self, b: Self) -> Self;

    /// Lane `i` of every vector in vector `i`.
    #[inline(always)]
    fn transpose([a, b, c, d]: [Self; 4]) -> [Self; 4] {
        let (low, high) = ((a.zip_low(b), c.zip_low(d)), (a.zip_high(b), c.zip_high(d)));
        [low.0.join_low(low.1), low.0.join_high(low.1), high.0.join_low(high.1), high.0.join_high(high.1)]
    }
}

/// Whether a vector is held in one register, so that straight lines of code pay. Builds for tests go the way of those with SIMD.
pub(crate) const IN_REGISTERS: bool = cfg!(any(target_feature = "simd128", not(target_arch = "wasm32")));

/// The vector of this build.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(crate) type Native = simd128::V128;
/// The vector of this build.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(crate) type Native = scalar::Lanes;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128 {
    use core::arch::wasm32::*;

    use super::Vector;

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
        fn settle(self) {
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
        unsafe fn load_pairs(low: *const f32, high: *const f32) -> Self {
            // SAFETY: readable, by the caller's promise.
            V128(unsafe { v128_load64_lane::<1>(v128_load64_zero(low.cast()), high.cast()) })
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: writable, by the caller's promise.
            unsafe { v128_store(to.cast(), self.0) }
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
        fn raise(self, mask: Self) -> Self {
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
        fn ne_index(self, other: Self) -> Self {
            V128(i32x4_ne(self.0, other.0))
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
        fn max_rank(self, other: Self) -> Self {
            V128(u16x8_max(self.0, other.0))
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
        #[inline(always)]
        fn evens(self, b: Self) -> Self {
            V128(u32x4_shuffle::<0, 2, 4, 6>(self.0, b.0))
        }
        #[inline(always)]
        fn odds(self, b: Self) -> Self {
            V128(u32x4_shuffle::<1, 3, 5, 7>(self.0, b.0))
        }
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod scalar {
    use super::Vector;

    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Lanes([u32; 4]);

    #[inline(always)]
    fn each(a: Lanes, b: Lanes, f: impl Fn(u32, u32) -> u32) -> Lanes {
        Lanes(core::array::from_fn(|i| f(a.0[i], b.0[i])))
    }

    #[inline(always)]
    fn compare(a: Lanes, b: Lanes, f: impl Fn(f32, f32) -> bool) -> Lanes {
        each(a, b, |a, b| if f(f32::from_bits(a), f32::from_bits(b)) { u32::MAX } else { 0 })
    }

    impl Vector for Lanes {
        #[inline(always)]
        fn splat(value: f32) -> Self {
            Lanes([value.to_bits(); 4])
        }
        #[inline(always)]
        fn splat_index(index: u32) -> Self {
            Lanes([index; 4])
        }
        #[inline(always)]
        fn count_from(first: u32) -> Self {
            Lanes(core::array::from_fn(|i| first.wrapping_add(i as u32)))
        }
        #[inline(always)]
        fn indices(lanes: [u32; 4]) -> Self {
            Lanes(lanes)
        }
        #[inline(always)]
        fn mask(lanes: [bool; 4]) -> Self {
            Lanes(lanes.map(|lane| if lane { u32::MAX } else { 0 }))
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: readable, by the caller's promise.
            Lanes(unsafe { from.cast::<[u32; 4]>().read_unaligned() })
        }
        #[inline(always)]
        unsafe fn load_splat(from: *const f32) -> Self {
            // SAFETY: readable, by the caller's promise.
            Lanes([unsafe { *from.cast::<u32>() }; 4])
        }
        #[inline(always)]
        unsafe fn load_pair(from: *const f32) -> Self {
            // SAFETY: readable, by the caller's promise.
            let [a, b] = unsafe { from.cast::<[u32; 2]>().read_unaligned() };
            Lanes([a, b, a, b])
        }
        #[inline(always)]
        unsafe fn load_pairs(low: *const f32, high: *const f32) -> Self {
            // SAFETY: readable, by the caller's promise.
            let [[a, b], [c, d]] = unsafe { [low, high].map(|from| from.cast::<[u32; 2]>().read_unaligned()) };
            Lanes([a, b, c, d])
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: writable, by the caller's promise.
            unsafe { to.cast::<[u32; 4]>().write_unaligned(self.0) }
        }
        #[inline(always)]
        fn lanes(self) -> [u32; 4] {
            self.0
        }
        #[inline(always)]
        fn pmax(self, other: Self) -> Self {
            each(self, other, |a, b| if f32::from_bits(a) < f32::from_bits(b) { b } else { a })
        }
        #[inline(always)]
        fn add(self, other: Self) -> Self {
            each(self, other, |a, b| (f32::from_bits(a) + f32::from_bits(b)).to_bits())
        }
        #[inline(always)]
        fn eq(self, other: Self) -> Self {
            compare(self, other, |a, b| a == b)
        }
        #[inline(always)]
        fn ne(self, other: Self) -> Self {
            compare(self, other, |a, b| a != b)
        }
        #[inline(always)]
        fn and(self, other: Self) -> Self {
            each(self, other, |a, b| a & b)
        }
        #[inline(always)]
        fn or(self, other: Self) -> Self {
            each(self, other, |a, b| a | b)
        }
        #[inline(always)]
        fn not(self) -> Self {
            each(self, self, |a, _| !a)
        }
        #[inline(always)]
        fn raise(self, mask: Self) -> Self {
            self.or(mask)
        }
        #[inline(always)]
        fn any(self) -> bool {
            self.0 != [0; 4]
        }
        #[inline(always)]
        fn bits(self) -> u32 {
            self.0.iter().rev().fold(0, |bits, lane| bits << 1 | lane >> 31)
        }
        #[inline(always)]
        fn add_index(self, other: Self) -> Self {
            each(self, other, u32::wrapping_add)
        }
        #[inline(always)]
        fn ne_index(self, other: Self) -> Self {
            each(self, other, |a, b| if a != b { u32::MAX } else { 0 })
        }
        #[inline(always)]
        fn max_index(self, other: Self) -> Self {
            each(self, other, |a, b| (a as i32).max(b as i32) as u32)
        }
        #[inline(always)]
        fn min_index(self, other: Self) -> Self {
            each(self, other, u32::min)
        }
        #[inline(always)]
        fn max_rank(self, other: Self) -> Self {
            each(self, other, |a, b| (a & 0xffff).max(b & 0xffff) | (a >> 16).max(b >> 16) << 16)
        }
        #[inline(always)]
        fn zip_low(self, b: Self) -> Self {
            Lanes([self.0[0], b.0[0], self.0[1], b.0[1]])
        }
        #[inline(always)]
        fn zip_high(self, b: Self) -> Self {
            Lanes([self.0[2], b.0[2], self.0[3], b.0[3]])
        }
        #[inline(always)]
        fn join_low(self, b: Self) -> Self {
            Lanes([self.0[0], self.0[1], b.0[0], b.0[1]])
        }
        #[inline(always)]
        fn join_high(self, b: Self) -> Self {
            Lanes([self.0[2], self.0[3], b.0[2], b.0[3]])
        }
        #[inline(always)]
        fn evens(self, b: Self) -> Self {
            Lanes([self.0[0], self.0[2], b.0[0], b.0[2]])
        }
        #[inline(always)]
        fn odds(self, b: Self) -> Self {
            Lanes([self.0[1], self.0[3], b.0[1], b.0[3]])
        }
    }
}
