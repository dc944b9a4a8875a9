//! Forward over NCHW planes, lanes along the width.
//!
//! Bins wide enough are read on their own ([`wide_bins`]), those of some small maps in registers ([`square`]). Otherwise the
//! rows of every row of bins are reduced first, a strip of column vectors at a time in registers. Only then are
//! the bins brought together across columns, four at a time, by one transposing step. Nested levels are brought
//! together in the same way from the finer level's bins, and read no cell.

use core::ops::Range;

use super::square::{self, Outputs};
use super::wide_bins;
use super::{Accumulator, Flags, ItemOutput, Stack, repair};
use crate::geometry::bins::Bin;
use crate::geometry::shape::PlaneStrides;
use crate::geometry::units::blocks;
use crate::memory::maxima::{Indexed, Maxima};
use crate::memory::scratch::Parts;
use crate::memory::span::{self, Span};
use crate::plan::{Gather, Level, LevelKernel, NchwScratch, PyramidPlan, Source, Strip, group_start};
use crate::tuning::FORWARD_BLOCK;
use crate::vector::{IN_REGISTERS, Vector};

/// The cells of a plane, with rows `stride` apart.
#[derive(Clone, Copy)]
struct Rows<'a> {
    cells: &'a [f32],
    stride: usize,
    width: usize,
}

/// Pools some channels of one item, whose planes lie in `input` at `cells`.
///
/// Level by level over a block of planes: what a level takes to set up is shared, and while one plane waits for a
/// result to be stored the next goes on. Levels that read the map take no more planes at a time than stay in the cache.
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
    let scratch = plan.nchw_scratch(&mut Parts::cut(scratch));
    let item = Item { plan, input, cells, output };
    for planes in blocks(channels, FORWARD_BLOCK) {
        let mut flags = [Flags::none(); FORWARD_BLOCK];
        let flags = &mut flags[..planes.len()];
        // SAFETY: strips, bands and gathers of the plan lie inside the planes, the scratch made for them, and the
        // bins of these planes, which lie inside the output.
        unsafe {
            for some in blocks(planes.clone(), plan.forward_block()) {
                let flags = &mut flags[some.start - planes.start..][..some.len()];
                for level in plan.in_order().filter(|level| level.source == Source::Map) {
                    item.pool_map::<V, A>(level, some.clone(), scratch, flags);
                }
            }
            for level in plan.in_order() {
                if let (LevelKernel::Nested(gathered), Source::Level { parent, rows, .. }) =
                    (&level.kernel, level.source)
                {
                    let parent = &plan.levels()[parent];
                    let (from, out) = (item.stack::<A>(parent, &planes), item.stack::<A>(level, &planes));
                    let (stride, across) = (rows * parent.columns.len(), level.columns.len());
                    for first in gathered.blocks(level.rows.len()) {
                        let (from, out) = (from.after::<A>(first * stride), out.after::<A>(first * across));
                        gather::<V, A>(gathered, gathered.rows * across, from, out, flags);
                    }
                }
            }
        }
        // Looked at together first: as a rule there is nothing to mend.
        let all = flags.iter().fold(Flags::<V>::none(), |all, &flags| all.join(flags));
        if !all.has_nan() && !all.has_zero() {
            continue;
        }
        for (channel, flags) in planes.zip(flags) {
            let nan = flags.has_nan();
            // SAFETY: a channel of the item.
            let zero = flags.has_zero() && has_negative_zero::<V>(unsafe { item.plane(channel) });
            if nan || zero {
                repair::plane(plan, input, cells, output, channel, nan, zero);
            }
        }
    }
}

/// One item of a batch, and its output.
#[derive(Clone, Copy)]
struct Item<'a> {
    plan: &'a PyramidPlan,
    input: &'a [f32],
    cells: PlaneStrides,
    output: ItemOutput<'a>,
}

impl<'a> Item<'a> {
    /// # Safety
    /// `channel` must be one of the item's.
    #[inline(always)]
    unsafe fn plane(&self, channel: usize) -> &'a [f32] {
        let first = self.cells.at(channel, 0);
        // SAFETY: the plane lies inside the input.
        unsafe { self.input.get_unchecked(first..first + self.cells.plane) }
    }

    /// A level's bins of some planes.
    ///
    /// # Safety
    /// `planes` must be some of the item's.
    #[inline(always)]
    unsafe fn stack<A: Indexed>(&self, level: &Level, planes: &Range<usize>) -> Stack<'a> {
        let bins = self.output.bins(self.plan, level);
        let (first, len) = (bins.at(planes.start, 0), bins.extent(planes.len(), level.bins()));
        // SAFETY: these bins lie inside the output.
        Stack { maxima: unsafe { self.output.maxima.part::<A>(first, len) }, stride: bins.plane }
    }

    /// Makes a level, of some planes, that reads the map, and those that are made along with it.
    ///
    /// # Safety
    /// As [`pool`], for a block of `planes` that the scratch was made for.
    #[inline(always)]
    unsafe fn pool_map<V: Vector, A: Accumulator<V>>(
        &self,
        level: &Level,
        planes: Range<usize>,
        scratch: NchwScratch,
        flags: &mut [Flags<V>],
    ) {
        let plan = self.plan;
        // SAFETY: the caller's promise is the same.
        unsafe {
            let out = self.stack::<A>(level, &planes);
            match &level.kernel {
                // Planned only there; said here too, so that other builds have no such kernel.
                &LevelKernel::Square([four, one]) if IN_REGISTERS => {
                    let first = self.cells.at(planes.start, 0);
                    let cells = self.input.get_unchecked(first..first + planes.len() * self.cells.plane);
                    let along = |i: Option<usize>| i.map(|i| self.stack::<A>(&plan.levels()[i], &planes));
                    let out = Outputs { sixteen: out, four: along(four), one: along(one) };
                    square::reduce::<V, A>(plan.size().0, cells, out, flags);
                }
                LevelKernel::WideBins(groups) => {
                    for (i, flags) in flags.iter_mut().enumerate() {
                        let out = out.maxima.part::<A>(i * out.stride, level.bins());
                        let cells = (self.plane(planes.start + i), plan.size().1);
                        wide_bins::reduce::<V, A>((&level.rows, &level.columns, groups), cells, out, flags);
                    }
                }
                LevelKernel::ReducedRows(gathered) => {
                    let (values, indices) = scratch.reduced;
                    let (across, stride) = (level.columns.len(), gathered.rows * plan.row_stride());
                    let reduced = Stack { maxima: Maxima { values, indices }, stride };
                    for first in gathered.blocks(level.rows.len()) {
                        let bins = level.rows.get_unchecked(first..first + gathered.rows);
                        for (i, flags) in flags.iter_mut().enumerate() {
                            let rows = rows_of::<V>(plan, self.plane(planes.start + i), scratch.widened);
                            let to = reduced.maxima.part::<A>(i * stride, stride);
                            flags.sum = flags.sum.add(reduce_rows::<V, A>(plan, bins, rows, to));
                        }
                        let out = out.after::<A>(first * across);
                        gather::<V, A>(gathered, gathered.rows * across, reduced, out, flags);
                    }
                }
                LevelKernel::Nested(_) | LevelKernel::WithRoot | LevelKernel::Square(_) => {}
            }
        }
    }
}

/// Whether there may be zeros of both signs. Maps behind a ReLU are full of zeros, but of one sign.
#[inline(never)]
fn has_negative_zero<V: Vector>(cells: &[f32]) -> bool {
    let others = V::splat(-0.0);
    let mut all = V::splat_index(u32::MAX);
    let vectors = cells.len() / V::LANES;
    for i in 0..vectors {
        // SAFETY: whole vectors of the plane.
        all = all.and(unsafe { span::load::<V>(cells, V::LANES * i, V::LANES) }.ne_index(others));
    }
    let rest = &cells[V::LANES * vectors..];
    all.ne_index(V::splat_index(u32::MAX)).any() || rest.iter().any(|cell| cell.to_bits() == 1 << 31)
}

/// The rows of a plane; those narrower than a vector are copied to rows of one vector, filled up with negative
/// infinity.
///
/// # Safety
/// `widened` must have four elements a row where the map is narrow, and no other holder while the rows are in use.
#[inline(always)]
unsafe fn rows_of<'a, V: Vector>(plan: &PyramidPlan, cells: &'a [f32], widened: Span<'a, f32>) -> Rows<'a> {
    let (_, width) = plan.size();
    if width >= V::LANES {
        return Rows { cells, stride: width, width };
    }
    // SAFETY: alone, by the caller's promise. Every element is written before it is read.
    let wide = unsafe { widened.exclusive() };
    for (row, wide) in cells.chunks_exact(width).zip(wide.chunks_exact_mut(V::LANES)) {
        for (i, cell) in wide.iter_mut().enumerate() {
            *cell = if i < width { row[i] } else { f32::NEG_INFINITY };
        }
    }
    Rows { cells: wide, stride: V::LANES, width }
}

/// Reduces the rows of every row of bins into one row of `reduced`, column by column. Gives the sum of all cells.
///
/// # Safety
/// `map` must hold the rows the plan was made for, and `reduced` the plan's `reduced_len`.
#[inline(never)]
unsafe fn reduce_rows<V: Vector, A: Accumulator<V>>(plan: &PyramidPlan, bins: &[Bin], map: Rows, reduced: Maxima) -> V {
    let mut sum = V::splat(0.0);
    let stride = plan.row_stride();
    let together = if plan.strips_whole(A::INDEXED) { bins.len() } else { 1 };
    for (block, bins) in bins.chunks(together).enumerate() {
        // SAFETY: the row of each bin.
        let reduced = unsafe { reduced.part::<A>(block * together * stride, bins.len() * stride) };
        for &strip in plan.strips(A::INDEXED) {
            // SAFETY: the caller's promise is the same.
            let cells = unsafe {
                // One vector is taken twice by a strip of two, which a maximum does not mind.
                match strip.vectors {
                    1 | 2 => reduce_strip::<V, A, 2>(map, bins, strip, reduced, stride),
                    3 => reduce_strip::<V, A, 3>(map, bins, strip, reduced, stride),
                    4 => reduce_strip::<V, A, 4>(map, bins, strip, reduced, stride),
                    _ if !A::INDEXED => reduce_strip::<V, A, 5>(map, bins, strip, reduced, stride),
                    _ => V::splat(0.0),
                }
            };
            sum = sum.add(cells);
        }
    }
    sum
}

/// Reduces rows of bins for one strip of columns, `K` vectors that stay in registers. Gives the sum of all cells.
///
/// # Safety
/// Rows and strip must be those of the plan that `map` and `reduced`, with rows `stride` apart, were made for.
#[inline(always)]
unsafe fn reduce_strip<V: Vector, A: Accumulator<V>, const K: usize>(
    map: Rows,
    bins: &[Bin],
    strip: Strip,
    reduced: Maxima,
    stride: usize,
) -> V {
    let offset = |k: usize| if k + 1 == K { strip.last } else { 4 * k };
    let columns = |k: usize| V::count_from((strip.column + offset(k)) as u32);
    let mut sum = V::splat(0.0);
    for (i, rows) in bins.iter().enumerate() {
        let to = i * stride + strip.column;
        let index = |row: usize| V::splat_index((row * map.width) as u32);
        // Offsets from the strip's first cell are constants, which cost nothing in a load.
        // SAFETY: row and strip lie inside the plane.
        let load = |row: usize| unsafe {
            let cells = map.cells.get_unchecked(row * map.stride + strip.column..);
            core::array::from_fn::<V, K, _>(|k| span::load(cells, offset(k), V::LANES))
        };
        let first = rows.start as usize;
        let cells = load(first);
        let mut best = cells.map(|value| A::first(value, index(first)));
        sum = sum.add(super::tree_sum(&cells));
        for row in first + 1..rows.end as usize {
            let cells = load(row);
            for (best, &value) in best.iter_mut().zip(&cells) {
                best.update(value, index(row));
            }
            sum = sum.add(super::tree_sum(&cells));
        }
        for (k, best) in best.into_iter().enumerate() {
            // SAFETY: the strip lies inside the reduced row.
            unsafe { best.add_index(columns(k)).store(reduced, to + offset(k), V::LANES) }
        }
    }
    sum
}

/// Brings a level's bins together in a block of planes, four at a time in the order of the output.
///
/// # Safety
/// Every plane of `from` must be what the offsets were made for, and every plane of `out` have the level's bins.
#[inline(never)]
unsafe fn gather<V: Vector, A: Accumulator<V>>(
    gather: &Gather,
    bins: usize,
    from: Stack,
    out: Stack,
    planes: &mut [Flags<V>],
) {
    // SAFETY: the caller's promise is the same.
    unsafe {
        match gather.unit {
            4 => gather_units::<V, A, 4>(gather, bins, from, out, planes),
            2 => gather_units::<V, A, 2>(gather, bins, from, out, planes),
            _ => gather_units::<V, A, 1>(gather, bins, from, out, planes),
        }
    }
}

/// The same where a load takes `U` elements.
///
/// # Safety
/// As [`gather`].
#[inline(never)]
unsafe fn gather_units<V: Vector, A: Accumulator<V>, const U: usize>(
    gather: &Gather,
    bins: usize,
    from: Stack,
    out: Stack,
    planes: &mut [Flags<V>],
) {
    for (i, flags) in planes.iter_mut().enumerate() {
        // SAFETY: the plan's offsets lie inside what is gathered from, and every group inside the bins.
        unsafe {
            let first = i * from.stride;
            let from = from.maxima.part::<A>(first, from.maxima.values.len() - first);
            let out = out.maxima.part::<A>(i * out.stride, bins);
            let load = |offset: u32| A::load_unit::<U>(from, offset as usize);
            let mut zeros = V::splat(0.0);
            for (group, offsets) in gather.offsets.chunks_exact(gather.loads).enumerate() {
                let mut best = offsets.get_unchecked(0).map(load);
                for offsets in offsets.get_unchecked(1..) {
                    best = core::array::from_fn(|i| best[i].merge(load(offsets[i])));
                }
                let best = A::reduce(best);
                zeros = zeros.or(best.value().eq(V::splat(0.0)));
                best.store(out, group_start(group, bins), bins.min(V::LANES));
            }
            flags.zeros = flags.zeros.or(zeros);
        }
    }
}
