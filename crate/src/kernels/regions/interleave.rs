//! Blocks of channels that lie interleaved: the elements of a plane become vectors, a channel in every lane. Elements are converted
//! where they are loaded, and where they are stored again.

use core::ops::Range;

use half::f16;

use crate::element::{ElementType, Elements};
use crate::geometry::shape::PlaneStrides;
use crate::kernels::carrier::{Carrier, HalfBits, Stored};
use crate::memory::span::Span;
use crate::tuning::REGION_CHANNELS;
use crate::vector::Vector;

/// Copies the first `count` elements of some planes to `to`, those of a cell side by side, `block` for each cell. Lanes without a channel
/// are left as they are. Halves come by their bits, or else by their values.
///
/// # Safety
/// The planes must lie inside `from`, and `to` have room for `block * count` elements.
pub(super) unsafe fn interleave<V: Vector>(
    (from, half_bits): (Elements, bool),
    planes: PlaneStrides,
    counts: (usize, usize),
    to: (Span<f32>, usize),
) {
    // SAFETY: the caller's promise.
    unsafe {
        match from.kind() {
            ElementType::F32 => load::<V, f32>(from.cast(), planes, counts, to),
            ElementType::F16 if half_bits => load::<V, HalfBits>(from.cast(), planes, counts, to),
            ElementType::F16 => load::<V, f16>(from.cast(), planes, counts, to),
            ElementType::I8 => load::<V, i8>(from.cast(), planes, counts, to),
            ElementType::U8 => load::<V, u8>(from.cast(), planes, counts, to),
        }
    }
}

/// Copies interleaved elements back to planes: the inverse of [`interleave`], but that values are rounded.
///
/// # Safety
/// `from` must have `block * count` elements, and the planes lie inside `to` and be this thread's.
#[inline(always)]
pub(super) unsafe fn separate<V: Vector>(
    from: (Span<f32>, usize),
    (to, half_bits): (Elements, bool),
    planes: PlaneStrides,
    counts: (usize, usize),
) {
    // SAFETY: the caller's promise.
    unsafe {
        match to.kind() {
            ElementType::F32 => separate_words::<V>(from, to.cast(), planes, counts),
            ElementType::F16 if half_bits => store::<V, HalfBits>(from, to.cast(), planes, counts),
            ElementType::F16 => store::<V, f16>(from, to.cast(), planes, counts),
            ElementType::I8 | ElementType::U8 => store::<V, u8>(from, to.cast(), planes, counts),
        }
    }
}

/// # Safety
/// As [`interleave`].
#[inline(never)]
unsafe fn load<V: Vector, C: Carrier>(
    from: Span<C::Element>,
    planes: PlaneStrides,
    (channels, count): (usize, usize),
    (to, block): (Span<f32>, usize),
) {
    // Four channels at a time; where those of a cell are no neighbours, four cells as well.
    let neighbours = planes.plane == 1;
    let whole = |n: usize| n / V::LANES * V::LANES;
    let (vectors, transposed) = (whole(channels), if neighbours { count } else { whole(count) });
    // SAFETY: the caller's promise.
    unsafe {
        let first = from.as_mut_ptr().add(planes.first);
        if neighbours {
            for cell in 0..count {
                for channel in (0..vectors).step_by(V::LANES) {
                    let vector: V = C::load(first.add(cell * planes.step + channel));
                    to.store(block * cell + channel, vector, V::LANES);
                }
            }
        } else {
            for channel in (0..vectors).step_by(V::LANES) {
                let rows: [_; 4] = core::array::from_fn(|i| first.add((channel + i) * planes.plane));
                for cell in (0..transposed).step_by(V::LANES) {
                    let columns: [V; 4] = V::transpose(rows.map(|row| C::load(row.add(cell))));
                    for (i, column) in columns.into_iter().enumerate() {
                        to.store(block * (cell + i) + channel, column, V::LANES);
                    }
                }
            }
        }
        for channel in 0..channels {
            for cell in if channel < vectors { transposed } else { 0 }..count {
                to.set(block * cell + channel, C::get(from.get(planes.at(channel, cell))));
            }
        }
    }
}

/// The same for `f32`, and for indices taken for such.
///
/// # Safety
/// As [`separate`].
#[inline(always)]
pub(super) unsafe fn separate_words<V: Vector>(
    from: (Span<f32>, usize),
    to: Span<f32>,
    planes: PlaneStrides,
    counts: (usize, usize),
) {
    // SAFETY: the caller's promise is the same.
    unsafe {
        if (from.1, counts.0) == (REGION_CHANNELS, REGION_CHANNELS) {
            store_block::<V>(from.0, to, planes, counts.1);
        } else {
            store::<V, f32>(from, to, planes, counts);
        }
    }
}

/// Stores a whole block of channels, whose number the compiler knows: loops over them become straight lines.
///
/// # Safety
/// As [`separate`].
#[inline(never)]
unsafe fn store_block<V: Vector>(from: Span<f32>, to: Span<f32>, planes: PlaneStrides, count: usize) {
    // SAFETY: the caller's promise is the same.
    unsafe { store_any::<V, f32>((from, REGION_CHANNELS), to, planes, (REGION_CHANNELS, count)) }
}

/// # Safety
/// As [`separate`].
#[inline(never)]
unsafe fn store<V: Vector, C: Stored>(
    from: (Span<f32>, usize),
    to: Span<C::Element>,
    planes: PlaneStrides,
    counts: (usize, usize),
) {
    // SAFETY: the caller's promise is the same.
    unsafe { store_any::<V, C>(from, to, planes, counts) }
}

/// # Safety
/// As [`separate`].
#[inline(always)]
unsafe fn store_any<V: Vector, C: Stored>(
    (from, block): (Span<f32>, usize),
    to: Span<C::Element>,
    planes: PlaneStrides,
    (channels, count): (usize, usize),
) {
    let neighbours = planes.plane == 1;
    let whole = |n: usize| n / V::LANES * V::LANES;
    let (vectors, transposed) = (whole(channels), if neighbours { count } else { whole(count) });
    // SAFETY: the caller's promise.
    unsafe {
        for channel in (0..vectors).step_by(V::LANES) {
            let load = |cell: usize| -> V { from.load(block * cell + channel, V::LANES) };
            let first = to.as_mut_ptr().add(planes.first + channel * planes.plane);
            if neighbours {
                for cell in 0..count {
                    C::store(C::pack([load(cell)])[0], first.add(cell * planes.step));
                }
                continue;
            }
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
