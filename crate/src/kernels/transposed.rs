//! Forward by NHWC kernels into an output whose channels lie one after the other: some channels at a time are pooled in working
//! memory, and the results are transposed. This is done for NHWC maps whose output is in the order of channels ([`pool_output`]), and for
//! small NCHW planes, which are transposed to NHWC first ([`pool`]).
//!
//! A small plane has few columns to fill lanes with, and most of the work is to bring bins together across lanes. With
//! lanes along the channels there is none of that, and to transpose a plane costs about an instruction a cell.

use core::ops::Range;

use super::{Accumulator, ItemOutput, nhwc};
use crate::geometry::shape::{FeatureMap, Layout, PlaneStrides};
use crate::geometry::units::blocks;
use crate::memory::maxima::{Indexed, Maxima};
use crate::memory::scratch::Parts;
use crate::memory::span::{self, Span};
use crate::plan::{PyramidPlan, TRANSPOSED_CELLS as CELLS};
use crate::tuning::{CHANNEL_BLOCK, STREAMED_MAP, TRANSPOSED_BLOCK as BLOCK};
use crate::vector::Vector;

/// Pools some channels of one item, whose planes lie in `input` at `cells`.
///
/// # Safety
/// `input` and `output` must have the lengths of the plan for this item, and `scratch` the plan's `forward_scratch` and no
/// other holder.
#[inline(never)]
pub(crate) unsafe fn pool<V: Vector, A: Accumulator<V>>(
    plan: &PyramidPlan,
    input: &[f32],
    cells: PlaneStrides,
    output: ItemOutput,
    channels: Range<usize>,
    scratch: Span<f32>,
) {
    let (height, width) = plan.size();
    let size = height * width;
    let block = FeatureMap { batch: 1, channels: BLOCK, height, width };
    for block_planes in blocks(channels, BLOCK) {
        let (first, count) = (block_planes.start, block_planes.len());
        // SAFETY: the plan counts these three parts, and planes and bins lie inside input and output.
        unsafe {
            let (item, pooled) = plan.transposed_scratch(&mut Parts::cut(scratch));
            let planes = input.get_unchecked(cells.at(first, 0)..);
            if input.len() >= STREAMED_MAP {
                // Memory comes fastest in the order in which it lies, which is not that in which it is transposed.
                span::prefetch(planes.as_ptr(), count * size);
            }
            transpose_planes::<V>(planes.as_ptr(), item.as_mut_ptr(), (count, size));
            let pooled = pooled_output::<A>(pooled, BLOCK);
            nhwc::pool::<V, A>(plan, item.shared(), Layout::Nhwc.cells(&block, 0), pooled, 0..padded(count));
            transpose_levels::<V, A>(plan, pooled, output, block_planes);
        }
    }
}

/// Pools some channels of one NHWC item, whose cells lie in `input` at `cells`, into an output in the order of channels.
///
/// # Safety
/// As [`pool`].
#[inline(never)]
pub(crate) unsafe fn pool_output<V: Vector, A: Accumulator<V>>(
    plan: &PyramidPlan,
    input: &[f32],
    cells: PlaneStrides,
    output: ItemOutput,
    channels: Range<usize>,
    scratch: Span<f32>,
) {
    let block = plan.output_block();
    for channels in blocks(channels, block) {
        // SAFETY: the plan counts the pooled bins of a block, and channels and bins lie inside input and output.
        unsafe {
            let pooled = pooled_output::<A>(plan.output_scratch(&mut Parts::cut(scratch)), block);
            let cells = PlaneStrides { first: cells.at(channels.start, 0), ..cells };
            nhwc::pool::<V, A>(plan, input, cells, pooled, 0..channels.len());
            transpose_levels::<V, A>(plan, pooled, output, channels);
        }
    }
}

/// Working memory as the output of an NHWC map of some channels.
fn pooled_output<A: Indexed>(maxima: Maxima, channels: usize) -> ItemOutput {
    let maxima = if A::INDEXED { maxima } else { Maxima { indices: Span::empty(), ..maxima } };
    ItemOutput { maxima, channels, item: 0, arrangement: Layout::Nhwc.into() }
}

/// Transposes the pooled bins of a block of channels into some channels of the output.
///
/// # Safety
/// `pooled` must have as many channels, and these lie inside the output.
#[inline(never)]
unsafe fn transpose_levels<V: Vector, A: Accumulator<V>>(
    plan: &PyramidPlan,
    pooled: ItemOutput,
    output: ItemOutput,
    channels: Range<usize>,
) {
    for level in plan.levels() {
        let (bins, count) = (level.bins(), channels.len());
        let (from, to) = (pooled.bins(plan, level), output.bins(plan, level));
        let apart = (from.step, to.plane);
        // SAFETY: the bins of these channels, by the caller's promise.
        unsafe {
            let from = pooled.maxima.part::<A>(from.first, bins * from.step);
            let to = output.maxima.part::<A>(to.at(channels.start, 0), to.extent(count, bins));
            transpose_any::<V>(from.values.as_mut_ptr(), to.values.as_mut_ptr(), apart, (bins, count));
            if A::INDEXED {
                let (from, to) = (from.indices.as_mut_ptr(), to.indices.as_mut_ptr());
                transpose_any::<V>(from.cast(), to.cast(), apart, (bins, count));
            }
        }
    }
}

/// As many planes as NHWC kernels take at once.
fn padded(planes: usize) -> usize {
    planes.next_multiple_of(CHANNEL_BLOCK)
}

/// Transposes planes of as many cells into cells of a block's channels, [`padded`] with copies of the last.
///
/// What is written is written cell after cell: plane after plane, every line of the cache would be reached for again and
/// again.
///
/// # Safety
/// `from` must be readable for the planes, and `to` writable for a block of them.
#[inline(never)]
unsafe fn transpose_planes<V: Vector>(from: *const f32, to: *mut f32, (planes, cells): (usize, usize)) {
    let whole = planes - planes % V::LANES;
    // SAFETY: cells of these planes, and of the block.
    unsafe {
        let transpose = |planes: [usize; 4], channel: usize, cell: usize| {
            let from = planes.map(|plane| from.add(plane * cells + cell));
            let to = to.add(cell * BLOCK + channel);
            transpose_four::<V>(from, to, BLOCK);
            transpose_four::<V>(from.map(|from| from.add(V::LANES)), to.add(V::LANES * BLOCK), BLOCK);
        };
        for cell in (0..cells).step_by(CELLS) {
            // The last overlap those before.
            let cell = cell.min(cells - CELLS);
            for channel in (0..whole).step_by(V::LANES) {
                transpose(core::array::from_fn(|i| channel + i), channel, cell);
            }
            for channel in (whole..padded(planes)).step_by(V::LANES) {
                transpose(core::array::from_fn(|i| (channel + i).min(planes - 1)), channel, cell);
            }
        }
    }
}

/// [`transpose_bins`] for any strides, as a function of its own.
///
/// # Safety
/// As [`transpose_bins`].
#[inline(never)]
pub(super) unsafe fn transpose_any<V: Vector>(
    from: *const f32,
    to: *mut f32,
    apart: (usize, usize),
    counts: (usize, usize),
) {
    // SAFETY: the caller's promise is the same.
    unsafe { transpose_bins::<V>(from, to, apart, counts) }
}

/// Transposes bins of channels into planes of bins; bins lie `bin_apart` elements apart, and planes `plane_apart`. Indices are moved like
/// values.
///
/// Inlined, for the compiler to see what is constant.
///
/// # Safety
/// `from` must be readable for the bins, and `to` writable for the planes, of which there are at most `bin_apart`.
#[inline(always)]
pub(super) unsafe fn transpose_bins<V: Vector>(
    from: *const f32,
    to: *mut f32,
    (bin_apart, plane_apart): (usize, usize),
    (bins, planes): (usize, usize),
) {
    let (whole_bins, whole_planes) = (bins - bins % V::LANES, planes - planes % V::LANES);
    // SAFETY: bins of these channels.
    unsafe {
        for channel in (0..whole_planes).step_by(V::LANES) {
            for bin in (0..whole_bins).step_by(V::LANES) {
                let bins_of = core::array::from_fn(|i| from.add((bin + i) * bin_apart + channel));
                transpose_four::<V>(bins_of, to.add(channel * plane_apart + bin), plane_apart);
            }
        }
        let rest = |all: Range<usize>, channels: Range<usize>| {
            for bin in all {
                for channel in channels.clone() {
                    *to.add(channel * plane_apart + bin) = *from.add(bin * bin_apart + channel);
                }
            }
        };
        rest(whole_bins..bins, 0..planes);
        rest(0..whole_bins, whole_planes..planes);
    }
}

/// Transposes four rows of four elements into columns, as rows that lie `apart`.
///
/// # Safety
/// `from` must be readable and `to` writable for them.
#[inline(always)]
unsafe fn transpose_four<V: Vector>(from: [*const f32; 4], to: *mut f32, apart: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        for (i, column) in V::transpose(from.map(|row| V::load(row))).into_iter().enumerate() {
            column.store(to.add(i * apart));
        }
    }
}
