//! Four words, for builds without SIMD and for tests.

use super::{Packed, Vector};

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
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: writable, by the caller's promise.
        unsafe { to.cast::<[u32; 4]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn load_i16(from: *const u16) -> Self {
        // SAFETY: readable, by the caller's promise.
        Lanes(unsafe { from.cast::<[i16; 4]>().read_unaligned() }.map(|word| i32::from(word) as u32))
    }
    #[inline(always)]
    unsafe fn load_i8(from: *const i8) -> Self {
        // SAFETY: readable, by the caller's promise.
        Lanes(unsafe { from.cast::<[i8; 4]>().read() }.map(|byte| f32::from(byte).to_bits()))
    }
    #[inline(always)]
    unsafe fn load_u8(from: *const u8) -> Self {
        // SAFETY: readable, by the caller's promise.
        Lanes(unsafe { from.cast::<[u8; 4]>().read() }.map(|byte| f32::from(byte).to_bits()))
    }
    #[inline(always)]
    unsafe fn store_u16(self, to: *mut u16) {
        // SAFETY: writable, by the caller's promise.
        unsafe { to.cast::<[u16; 4]>().write_unaligned(self.0.map(|lane| lane as u16)) }
    }
    #[inline(always)]
    unsafe fn store_u16_pair(self, high: Self, to: *mut u16) {
        // SAFETY: the caller's promise.
        unsafe {
            self.store_u16(to);
            high.store_u16(to.add(4));
        }
    }
    #[inline(always)]
    unsafe fn store_u8(self, to: *mut u8) {
        // SAFETY: writable, by the caller's promise.
        unsafe { to.cast::<[u8; 4]>().write(self.0.map(|lane| lane as u8)) }
    }
    #[inline(always)]
    unsafe fn add_to(self, sums: *mut f64, scale: f64) {
        for (i, value) in self.0.into_iter().enumerate() {
            // SAFETY: one of four, by the caller's promise.
            unsafe { *sums.add(i) += f64::from(f32::from_bits(value)) * scale };
        }
    }
    #[inline(always)]
    unsafe fn from_sums(sums: *const f64, scale: f64) -> Self {
        // SAFETY: one of four, by the caller's promise.
        Lanes(core::array::from_fn(|i| ((unsafe { *sums.add(i) } * scale) as f32).to_bits()))
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
    fn pmax_indexed(self, index: Self, other: Self, at: Self) -> (Self, Self) {
        let less = |i: usize| f32::from_bits(self.0[i]) < f32::from_bits(other.0[i]);
        let pick = |a: Self, b: Self| Lanes(core::array::from_fn(|i| if less(i) { b.0[i] } else { a.0[i] }));
        (pick(self, other), pick(index, at))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        each(self, other, |a, b| (f32::from_bits(a) + f32::from_bits(b)).to_bits())
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        each(self, other, |a, b| (f32::from_bits(a) * f32::from_bits(b)).to_bits())
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        each(self, other, |a, b| (f32::from_bits(a) / f32::from_bits(b)).to_bits())
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
    fn set_masked(self, mask: Self) -> Self {
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
    fn sub_index(self, other: Self) -> Self {
        each(self, other, u32::wrapping_sub)
    }
    #[inline(always)]
    fn mul_index(self, other: Self) -> Self {
        each(self, other, u32::wrapping_mul)
    }
    #[inline(always)]
    fn ne_index(self, other: Self) -> Self {
        each(self, other, |a, b| if a != b { u32::MAX } else { 0 })
    }
    #[inline(always)]
    fn eq_index(self, other: Self) -> Self {
        each(self, other, |a, b| if a == b { u32::MAX } else { 0 })
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
    fn shift_left<const BITS: u32>(self) -> Self {
        Lanes(self.0.map(|lane| lane << BITS))
    }
    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        Lanes(self.0.map(|lane| lane >> BITS))
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
}

fn bytes(lanes: Lanes) -> [u8; 16] {
    // SAFETY: any bits are bytes.
    unsafe { core::mem::transmute(lanes.0) }
}

fn from_bytes(bytes: [u8; 16]) -> Lanes {
    // SAFETY: any bits are words.
    Lanes(unsafe { core::mem::transmute::<[u8; 16], [u32; 4]>(bytes) })
}

fn halves(lanes: Lanes) -> [u16; 8] {
    // SAFETY: any bits are 16-bit words.
    unsafe { core::mem::transmute(lanes.0) }
}

fn from_halves(halves: [u16; 8]) -> Lanes {
    // SAFETY: any bits are words.
    Lanes(unsafe { core::mem::transmute::<[u16; 8], [u32; 4]>(halves) })
}

/// Not inlined, and neither is the next: builds without SIMD would have sixteen steps for each operation.
#[inline(never)]
fn each_u8(a: Lanes, b: Lanes, f: fn(u8, u8) -> u8) -> Lanes {
    let (a, b) = (bytes(a), bytes(b));
    from_bytes(core::array::from_fn(|i| f(a[i], b[i])))
}

#[inline(never)]
fn each_u16(a: Lanes, b: Lanes, f: fn(u16, u16) -> u16) -> Lanes {
    let (a, b) = (halves(a), halves(b));
    from_halves(core::array::from_fn(|i| f(a[i], b[i])))
}

/// Every second lane of so many bytes, from the byte `first` on.
fn every_second(a: Lanes, b: Lanes, size: usize, first: usize) -> Lanes {
    let both = [bytes(a), bytes(b)];
    let byte = |i: usize| i / size * 2 * size + first + i % size;
    from_bytes(core::array::from_fn(|i| both[byte(i) / 16][byte(i) % 16]))
}

impl Packed for Lanes {
    fn splat_u8(value: u8) -> Self {
        from_bytes([value; 16])
    }
    fn max_u8(self, other: Self) -> Self {
        each_u8(self, other, u8::max)
    }
    #[inline(always)]
    fn min_u8(self, other: Self) -> Self {
        each_u8(self, other, u8::min)
    }
    fn eq_u8(self, other: Self) -> Self {
        each_u8(self, other, |a, b| if a == b { u8::MAX } else { 0 })
    }
    #[inline(never)]
    fn zip_low_u8(self, b: Self) -> Self {
        let (a, b) = (bytes(self), bytes(b));
        from_bytes(core::array::from_fn(|i| if i % 2 == 0 { a[i / 2] } else { b[i / 2] }))
    }
    #[inline(never)]
    fn zip_high_u8(self, b: Self) -> Self {
        let (a, b) = (bytes(self), bytes(b));
        from_bytes(core::array::from_fn(|i| if i % 2 == 0 { a[8 + i / 2] } else { b[8 + i / 2] }))
    }
    #[inline(never)]
    fn swizzle(self, places: Self) -> Self {
        let (from, places) = (bytes(self), bytes(places));
        from_bytes(core::array::from_fn(|i| from[usize::from(places[i])]))
    }
    fn even(self, other: Self, bytes: usize) -> Self {
        every_second(self, other, bytes, 0)
    }
    fn odd(self, other: Self, bytes: usize) -> Self {
        every_second(self, other, bytes, bytes)
    }
    fn splat_u16(value: u16) -> Self {
        from_halves([value; 8])
    }
    fn max_i16(self, other: Self) -> Self {
        each_u16(self, other, |a, b| (a as i16).max(b as i16) as u16)
    }
    fn max_u16(self, other: Self) -> Self {
        each_u16(self, other, u16::max)
    }
    #[inline(always)]
    fn min_u16(self, other: Self) -> Self {
        each_u16(self, other, u16::min)
    }
    fn eq_u16(self, other: Self) -> Self {
        each_u16(self, other, |a, b| if a == b { u16::MAX } else { 0 })
    }
    fn gt_i16(self, other: Self) -> Self {
        each_u16(self, other, |a, b| if a as i16 > b as i16 { u16::MAX } else { 0 })
    }
    fn sign_i16(self) -> Self {
        each_u16(self, self, |a, _| (a as i16 >> 15) as u16)
    }
    fn magnitude_u16(self) -> Self {
        each_u16(self, self, |a, _| a >> 1)
    }
    fn shift_left_u16<const BITS: u32>(self) -> Self {
        each_u16(self, self, |a, _| a << BITS)
    }
    fn shift_right_i16<const BITS: u32>(self) -> Self {
        each_u16(self, self, |a, _| (a as i16 >> BITS) as u16)
    }
    fn dot_i16(self, other: Self) -> Self {
        let product = |a: u32, b: u32| i32::from(a as i16).wrapping_mul(i32::from(b as i16)) as u32;
        each(self, other, |a, b| product(a, b).wrapping_add(product(a >> 16, b >> 16)))
    }
    #[inline(never)]
    fn zip_low_u16(self, b: Self) -> Self {
        let (a, b) = (halves(self), halves(b));
        from_halves(core::array::from_fn(|i| if i % 2 == 0 { a[i / 2] } else { b[i / 2] }))
    }
    #[inline(never)]
    fn zip_high_u16(self, b: Self) -> Self {
        let (a, b) = (halves(self), halves(b));
        from_halves(core::array::from_fn(|i| if i % 2 == 0 { a[4 + i / 2] } else { b[4 + i / 2] }))
    }
    unsafe fn gather_u16(from: [*const u16; 8]) -> Self {
        // SAFETY: readable, by the caller's promise.
        from_halves(from.map(|from| unsafe { *from }))
    }
    unsafe fn scatter_u16(self, to: [*mut u16; 4]) {
        // SAFETY: writable, by the caller's promise.
        to.into_iter().zip(self.0).for_each(|(to, lane)| unsafe { *to = lane as u16 });
    }
    unsafe fn store_parts(self, low: *mut [u8; 8], high: *mut [u8; 8]) {
        let bytes = bytes(self);
        // SAFETY: writable, by the caller's promise.
        unsafe {
            low.cast::<u8>().copy_from(bytes.as_ptr(), 8);
            high.cast::<u8>().copy_from(bytes[8..].as_ptr(), 8);
        }
    }
    fn xor(self, other: Self) -> Self {
        each(self, other, |a, b| a ^ b)
    }
}
