//! Blocks of channels that lie interleaved: the elements of a plane become vectors, a channel in every lane. Elements of other types
//! are converted to `f32`, and back, in stretches that lie one after the other in memory.

use core::mem::MaybeUninit;
use core::ops::Range;

use half::f16;

use super::round::round_to_half_bits;
use crate::element::{ElementType, Elements};
use crate::geometry::shape::PlaneStrides;
use crate::geometry::units::blocks;
use crate::kernels::carrier::{Carrier, HalfBits, Stored};
use crate::memory::span::Span;
use crate::tuning::REGION_CHANNELS;
use crate::vector::Vector;

/// Cells or bins of planes that are converted together, before they are interleaved or after.
const CONVERTED: usize = 64;

/// Stretches of elements of one length: `len` elements, `count` times.
#[derive(Clone, Copy)]
struct Stretches {
    len: usize,
    count: usize,
}

/// Copies the first `count` elements of some planes to `to`, those of a cell side by side, `block` for each cell. Lanes without a channel
/// are left as they are. Halves come by their bits, or else by their values.
///
/// # Safety
/// The planes must lie inside `from`, and `to` have room for `block * count` elements.
pub(super) unsafe fn interleave<V: Vector>(
    from: (Elements, bool),
    planes: PlaneStrides,
    (channels, count): (usize, usize),
    (to, block): (Span<f32>, usize),
) {
    // SAFETY: the caller's promise.
    unsafe {
        if planes.plane == 1 {
            let memory = from.0.places(planes.first, planes.step);
            for cells in blocks(0..count, CONVERTED) {
                // All at once: a conversion is so long that few of its loads are under way at a time.
                cells.clone().for_each(|cell| memory.prefetch(cell));
                let stretches = Stretches { len: channels, count: cells.len() };
                let to = to.part(block * cells.start, block * cells.len());
                widen::<V>(from, (planes.at(0, cells.start), planes.step), (to, block), stretches);
            }
            return;
        }
        if let Some(from) = from.0.as_f32() {
            return load::<V>(from, planes, (channels, count), (to, block));
        }
        let mut staged = MaybeUninit::<[f32; REGION_CHANNELS * CONVERTED]>::uninit();
        let staged = Span::from_raw(staged.as_mut_ptr().cast(), REGION_CHANNELS * CONVERTED);
        let packed = PlaneStrides { first: 0, plane: CONVERTED, step: 1 };
        for cells in blocks(0..count, CONVERTED) {
            let stretches = Stretches { len: cells.len(), count: channels };
            widen::<V>(from, (planes.at(0, cells.start), planes.plane), (staged, CONVERTED), stretches);
            let to = to.part(block * cells.start, block * cells.len());
            load::<V>(staged, packed, (channels, cells.len()), (to, block));
        }
    }
}

/// Copies interleaved elements back to planes: the inverse of [`interleave`], but that values are rounded, which changes `from`.
///
/// # Safety
/// `from` must have `block * count` elements, and the planes lie inside `to` and be this thread's.
#[inline(always)]
pub(super) unsafe fn separate<V: Vector>(
    (from, block): (Span<f32>, usize),
    (to, half_bits): (Elements, bool),
    planes: PlaneStrides,
    (channels, count): (usize, usize),
) {
    let whole = (block, channels) == (REGION_CHANNELS, REGION_CHANNELS);
    // SAFETY: the caller's promise.
    unsafe {
        if to.kind() == ElementType::F16 && !half_bits {
            round_to_half_bits::<V>(from.part(0, block * count));
        }
        if planes.plane == 1 {
            let stretches = Stretches { len: channels, count };
            return narrow::<V>((from, block), to, (planes.first, planes.step), stretches);
        }
        match to.kind() {
            ElementType::F32 if whole => store_block::<V, f32>(from, to.cast(), planes, count),
            ElementType::F32 => store::<V>((from, block), to.cast(), planes, (channels, count)),
            ElementType::F16 if whole => store_block::<V, HalfBits>(from, to.cast(), planes, count),
            ElementType::I8 | ElementType::U8 if whole => store_block::<V, u8>(from, to.cast(), planes, count),
            _ => store_staged::<V>((from, block), to, planes, (channels, count)),
        }
    }
}

/// [`separate`] for planes whose elements are brought side by side before they are converted.
///
/// # Safety
/// As there.
#[inline(never)]
unsafe fn store_staged<V: Vector>(
    (from, block): (Span<f32>, usize),
    to: Elements,
    planes: PlaneStrides,
    (channels, count): (usize, usize),
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut staged = MaybeUninit::<[f32; REGION_CHANNELS * CONVERTED]>::uninit();
        let staged = Span::from_raw(staged.as_mut_ptr().cast(), REGION_CHANNELS * CONVERTED);
        let packed = PlaneStrides { first: 0, plane: CONVERTED, step: 1 };
        for cells in blocks(0..count, CONVERTED) {
            let from = from.part(block * cells.start, block * cells.len());
            store::<V>((from, block), staged, packed, (channels, cells.len()));
            let stretches = Stretches { len: cells.len(), count: channels };
            narrow::<V>((staged, CONVERTED), to, (planes.at(0, cells.start), planes.plane), stretches);
        }
    }
}

/// Converts stretches of elements, which begin so far apart on either side.
///
/// # Safety
/// They must lie inside `from`, and `to` have room for them.
unsafe fn widen<V: Vector>(
    (from, half_bits): (Elements, bool),
    at: (usize, usize),
    to: (Span<f32>, usize),
    stretches: Stretches,
) {
    // SAFETY: the caller's promise.
    unsafe {
        match from.kind() {
            ElementType::F16 if half_bits => widen_as::<V, HalfBits>(from.cast(), at, to, stretches),
            ElementType::F16 => widen_as::<V, f16>(from.cast(), at, to, stretches),
            ElementType::U8 => widen_as::<V, u8>(from.cast(), at, to, stretches),
            ElementType::I8 => widen_as::<V, i8>(from.cast(), at, to, stretches),
            ElementType::F32 => widen_as::<V, f32>(from.cast(), at, to, stretches),
        }
    }
}

/// # Safety
/// As [`widen`].
#[inline(never)]
unsafe fn widen_as<V: Vector, C: Carrier>(
    from: Span<C::Element>,
    (first, apart): (usize, usize),
    (to, to_apart): (Span<f32>, usize),
    Stretches { len, count }: Stretches,
) {
    let whole = len / V::LANES * V::LANES;
    for i in 0..count {
        let (from_at, to_at) = (first + i * apart, i * to_apart);
        // SAFETY: the caller's promise.
        unsafe {
            for k in (0..whole).step_by(V::LANES) {
                to.store(to_at + k, C::load::<V>(from.as_mut_ptr().add(from_at + k)), V::LANES);
            }
            for k in whole..len {
                to.set(to_at + k, C::get(from.get(from_at + k)));
            }
        }
    }
}

/// Converts stretches back.
///
/// # Safety
/// They must lie inside `from`, and `to` have room for them, which must be this thread's.
unsafe fn narrow<V: Vector>(from: (Span<f32>, usize), to: Elements, at: (usize, usize), stretches: Stretches) {
    // SAFETY: the caller's promise.
    unsafe {
        match to.kind() {
            ElementType::F16 => narrow_as::<V, HalfBits>(from, to.cast(), at, stretches),
            ElementType::I8 | ElementType::U8 => narrow_as::<V, u8>(from, to.cast(), at, stretches),
            ElementType::F32 => narrow_as::<V, f32>(from, to.cast(), at, stretches),
        }
    }
}

/// # Safety
/// As [`narrow`].
#[inline(never)]
unsafe fn narrow_as<V: Vector, C: Stored>(
    (from, from_apart): (Span<f32>, usize),
    to: Span<C::Element>,
    (first, apart): (usize, usize),
    Stretches { len, count }: Stretches,
) {
    let whole = len / (2 * V::LANES) * (2 * V::LANES);
    for i in 0..count {
        let (from_at, to_at) = (i * from_apart, first + i * apart);
        // SAFETY: the caller's promise.
        unsafe {
            for k in (0..whole).step_by(2 * V::LANES) {
                let [low, high] = C::pack([0, V::LANES].map(|next| from.load::<V>(from_at + k + next, V::LANES)));
                C::store_pair((low, high), to.as_mut_ptr().add(to_at + k));
            }
            for k in whole..len {
                to.set(to_at + k, C::put(from.get(from_at + k)));
            }
        }
    }
}

/// [`interleave`] for planes of `f32`: four cells of four channels at a time.
///
/// # Safety
/// As there.
#[inline(never)]
unsafe fn load<V: Vector>(
    from: Span<f32>,
    planes: PlaneStrides,
    (channels, count): (usize, usize),
    (to, block): (Span<f32>, usize),
) {
    let whole = |n: usize| n / V::LANES * V::LANES;
    let (vectors, transposed) = (whole(channels), whole(count));
    // SAFETY: the caller's promise.
    unsafe {
        let first = from.as_mut_ptr().add(planes.first);
        for channel in (0..vectors).step_by(V::LANES) {
            let rows: [_; 4] = core::array::from_fn(|i| first.add((channel + i) * planes.plane));
            for cell in (0..transposed).step_by(V::LANES) {
                let columns: [V; 4] = V::transpose(rows.map(|row| V::load(row.add(cell))));
                for (i, column) in columns.into_iter().enumerate() {
                    to.store(block * (cell + i) + channel, column, V::LANES);
                }
            }
        }
        for channel in 0..channels {
            for cell in if channel < vectors { transposed } else { 0 }..count {
                to.set(block * cell + channel, from.get(planes.at(channel, cell)));
            }
        }
    }
}

/// [`separate`] for planes of a whole block of channels, whose number the compiler knows: loops over them become straight lines.
///
/// # Safety
/// As there.
#[inline(never)]
unsafe fn store_block<V: Vector, C: Stored>(from: Span<f32>, to: Span<C::Element>, planes: PlaneStrides, count: usize) {
    // SAFETY: the caller's promise is the same.
    unsafe { store_planes::<V, C>((from, REGION_CHANNELS), to, planes, (REGION_CHANNELS, count)) }
}

/// [`separate`] for planes of `f32`.
///
/// # Safety
/// As there.
#[inline(never)]
unsafe fn store<V: Vector>(from: (Span<f32>, usize), to: Span<f32>, planes: PlaneStrides, counts: (usize, usize)) {
    // SAFETY: the caller's promise is the same.
    unsafe { store_planes::<V, f32>(from, to, planes, counts) }
}

/// # Safety
/// As [`separate`].
#[inline(always)]
unsafe fn store_planes<V: Vector, C: Stored>(
    (from, block): (Span<f32>, usize),
    to: Span<C::Element>,
    planes: PlaneStrides,
    (channels, count): (usize, usize),
) {
    let whole = |n: usize| n / V::LANES * V::LANES;
    let (vectors, transposed) = (whole(channels), whole(count));
    // SAFETY: the caller's promise.
    unsafe {
        for channel in (0..vectors).step_by(V::LANES) {
            let first = to.as_mut_ptr().add(planes.first + channel * planes.plane);
            let load = |cell: usize| from.load(block * cell + channel, V::LANES);
            let transpose = |cell: usize| C::pack(V::transpose(core::array::from_fn(|i| load(cell + i))));
            let pairs = if C::PAIRED { transposed / (2 * V::LANES) * (2 * V::LANES) } else { 0 };
            for cell in (0..pairs).step_by(2 * V::LANES) {
                let (near, far) = (transpose(cell), transpose(cell + V::LANES));
                for (i, pair) in near.into_iter().zip(far).enumerate() {
                    C::store_pair(pair, first.add(i * planes.plane + cell));
                }
            }
            for cell in (pairs..transposed).step_by(V::LANES) {
                for (i, plane) in transpose(cell).into_iter().enumerate() {
                    C::store(plane, first.add(i * planes.plane + cell));
                }
            }
        }
        let rest = |cells: Range<usize>, channels: Range<usize>| {
            for cell in cells {
                for channel in channels.clone() {
                    to.set(planes.at(channel, cell), C::put(from.get(block * cell + channel)));
                }
            }
        };
        rest(transposed..count, 0..vectors);
        rest(0..count, vectors..channels);
    }
}
