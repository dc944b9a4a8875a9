//! Gradients of averages. Cells that the same bins of every level hold have the same gradient: it is summed once and written to all of
//! them. Where few bins share a cell, their shares are summed in `f32`, which is faster and loses next to nothing in so few additions,
//! and else in `f64`.

use core::ops::Range;

use super::spread::Spread;
use super::{Axis, FEW, Item, Work, add, alike, narrow};
use crate::element::{ElementType, Elements};
use crate::geometry::bins::covering;
use crate::geometry::shape::{FeatureMap, Layout, PlaneStrides};
use crate::geometry::units::blocks;
use crate::kernels::carrier::store_all;
use crate::memory::span::{Span, load};
use crate::plan::{Level, PyramidPlan};
use crate::tuning::{AVERAGE_GATHERED, AVERAGE_SUMS, CACHE_LINE};
use crate::vector::{Native, Vector};

/// The gradient of some channels of one item: each bin's is shared out evenly among its cells. Every cell is written.
///
/// # Safety
/// As [`forward`](super::forward).
#[inline(never)]
pub(crate) unsafe fn backward(
    plan: &PyramidPlan,
    map: &FeatureMap,
    (item, channels): (usize, Range<usize>),
    grad_output: Elements,
    grad_input: Elements,
    scratch: Span<f32>,
) {
    let item = Item { plan, map, item };
    let few = few(plan);
    // SAFETY: the caller's promise is the same.
    unsafe {
        match plan.layout() {
            Layout::Nchw => match Spread::of(plan, map, scratch) {
                Some(spread) if few => spread.planes(item, channels, grad_output, grad_input),
                _ => planes(item, channels, grad_output, grad_input, Work::of(scratch)),
            },
            Layout::Nhwc => {
                let block = match AVERAGE_GATHERED / plan.pyramid().bins / CACHE_LINE * CACHE_LINE {
                    most @ 1.. if !stand_ready(item, grad_output) => most,
                    _ => AVERAGE_SUMS,
                };
                for channels in blocks(channels, block.min(AVERAGE_SUMS / 2)) {
                    cells(item, channels, grad_output, grad_input, Work::of(scratch), few);
                }
            }
        }
    }
}

/// NCHW: sums the gradients of a row of some planes, a stretch of columns at a time, and writes them to all rows that are alike.
unsafe fn planes(item: Item, channels: Range<usize>, grad_output: Elements, grad_input: Elements, work: Work) {
    let Work { sums, staged, .. } = work;
    let (levels, width) = (item.plan.levels(), item.map.width);
    for columns in blocks(0..width, AVERAGE_SUMS) {
        for rows in alike(levels, Axis::Rows, item.map.height) {
            for channels in blocks(channels.clone(), AVERAGE_SUMS / columns.len()) {
                let sums = &mut sums[..channels.len() * columns.len()];
                sums.fill(0.0);
                for level in levels.iter().rev() {
                    // SAFETY: the bins of these planes.
                    unsafe { add_rows(item, level, &channels, (rows.start, &columns), grad_output, sums) };
                }
                for (channel, sums) in channels.zip(sums.chunks_exact(columns.len())) {
                    let staged = &mut staged[..columns.len()];
                    narrow(sums, staged);
                    for row in rows.clone() {
                        // SAFETY: cells of this plane, which is this thread's.
                        unsafe { store_all(staged, grad_input, item.cells().at(channel, row * width + columns.start)) };
                    }
                }
            }
        }
    }
}

/// Adds what some columns of a row get from the bins of a level, plane after plane.
///
/// # Safety
/// The planes must lie inside the output.
unsafe fn add_rows(
    item: Item,
    level: &Level,
    channels: &Range<usize>,
    (row, columns): (usize, &Range<usize>),
    grad_output: Elements,
    sums: &mut [f64],
) {
    let bins = item.bins(level);
    let across = covering(&level.columns, columns.start).start..covering(&level.columns, columns.end - 1).end;
    for i in covering(&level.rows, row) {
        for j in across.clone() {
            let held = level.columns[j].range();
            let held = held.start.max(columns.start) - columns.start..held.end.min(columns.end) - columns.start;
            let bin = bins.at(channels.start, i * level.columns.len() + j);
            let scale = level.scale(i, j);
            for (plane, sums) in sums.chunks_exact_mut(columns.len()).enumerate() {
                // SAFETY: a bin, by the caller's promise.
                let share = f64::from(unsafe { grad_output.get(bin + plane * bins.plane) }) * scale;
                sums[held.clone()].iter_mut().for_each(|sum| *sum += share);
            }
        }
    }
}

/// NHWC: sums the gradients of the channels of a cell, and writes them to all cells that are alike.
unsafe fn cells(
    item: Item,
    channels: Range<usize>,
    grad_output: Elements,
    grad_input: Elements,
    work: Work,
    few: bool,
) {
    let levels = item.plan.levels();
    let (sums, staged) = (&mut work.sums[..channels.len()], &mut work.staged[..channels.len()]);
    // Each bin is in many cells. So what must be converted or gathered is once, if there is room for all bins.
    let (count, room) = (channels.len(), work.gathered);
    let once = item.plan.pyramid().bins.saturating_mul(count) <= room.len() && !stand_ready(item, grad_output);
    let place = |level: &Level, bin: usize| {
        let first = if once { (level.range.first + bin) * count } else { 0 };
        // SAFETY: there is room for all bins, or for one.
        unsafe { room.part(first, count) }
    };
    let bring = |level: &Level, bin: usize| {
        // SAFETY: a bin of the item, and this thread's working memory.
        unsafe { gradients_of(grad_output, (item.bins(level), bin), &channels, place(level, bin)) }
    };
    if once {
        for level in levels {
            (0..level.range.bins).for_each(|bin| _ = bring(level, bin));
        }
    }
    for rows in alike(levels, Axis::Rows, item.map.height) {
        for columns in alike(levels, Axis::Columns, item.map.width) {
            sums.fill(0.0);
            staged.fill(0.0);
            for level in levels.iter().rev() {
                for i in covering(&level.rows, rows.start) {
                    for j in covering(&level.columns, columns.start) {
                        let bin = i * level.columns.len() + j;
                        // SAFETY: they are not written any more.
                        let gradients = if once { unsafe { place(level, bin).shared() } } else { bring(level, bin) };
                        if few {
                            add_shares(staged, gradients, level.divisor(i, j) as f32);
                        } else {
                            add(sums, gradients, level.scale(i, j));
                        }
                    }
                }
            }
            if !few {
                narrow(sums, staged);
            }
            let place = |row: usize, column: usize| item.cells().at(channels.start, row * item.map.width + column);
            let first = place(rows.start, columns.start);
            // SAFETY: these channels of the cells are this thread's.
            unsafe { store_all(staged, grad_input, first) };
            let others = rows.clone().flat_map(|row| columns.clone().map(move |column| place(row, column))).skip(1);
            // SAFETY: these channels of the other cells likewise.
            others.for_each(|cell| unsafe { grad_input.copy(first, cell, channels.len()) });
        }
    }
}

/// Whether the gradients of the channels of a bin are `f32` and stand side by side.
fn stand_ready(item: Item, grad_output: Elements) -> bool {
    grad_output.kind() == ElementType::F32 && item.plan.levels().iter().all(|level| item.bins(level).plane == 1)
}

/// The gradients of a bin for some channels, side by side as `f32`: as they stand in the output, or brought to `to`.
///
/// # Safety
/// The bin must lie inside the output, and `to` have room for as many and no other holder.
#[inline(always)]
unsafe fn gradients_of<'a>(
    grad_output: Elements<'a>,
    (bins, bin): (PlaneStrides, usize),
    channels: &Range<usize>,
    to: Span<'a, f32>,
) -> &'a [f32] {
    let first = bins.at(channels.start, bin);
    // SAFETY: gradients of these channels, by the caller's promise.
    unsafe {
        match grad_output.as_f32() {
            Some(gradients) if bins.plane == 1 => gradients.part(first, channels.len()).shared(),
            _ => {
                gather(grad_output, first, bins.plane, to.exclusive());
                to.shared()
            }
        }
    }
}

/// Brings elements that lie `apart` side by side.
///
/// # Safety
/// There must be as many.
#[inline(never)]
unsafe fn gather(from: Elements, first: usize, apart: usize, to: &mut [f32]) {
    // SAFETY: the caller's promise.
    unsafe {
        if apart == 1 {
            return from.widen(first, to);
        }
        to.iter_mut().enumerate().for_each(|(k, to)| *to = from.get(first + k * apart));
    }
}

/// Adds gradients, each divided by `cells`, to sums. Not inlined, as [`narrow`].
#[inline(never)]
fn add_shares(sums: &mut [f32], gradients: &[f32], cells: f32) {
    let whole = sums.len() / Native::LANES * Native::LANES;
    let (vectors, rest) = sums.split_at_mut(whole);
    for (i, sums) in vectors.chunks_exact_mut(Native::LANES).enumerate() {
        // SAFETY: there are as many gradients as sums, and as many sums as lanes.
        unsafe {
            let share = load::<Native>(gradients, i * Native::LANES, Native::LANES).div(Native::splat(cells));
            Native::load(sums.as_ptr()).add(share).store(sums.as_mut_ptr());
        }
    }
    rest.iter_mut().zip(&gradients[whole..]).for_each(|(sum, gradient)| *sum += gradient / cells);
}

/// Whether few bins share a cell, and `f32` holds the number of cells of each. Neighbouring bins of a level overlap by a cell, and where
/// there are more bins than cells, many hold the same.
fn few(plan: &PyramidPlan) -> bool {
    let (height, width) = plan.size();
    let most = |bins: usize, size: usize| if size == 1 { bins } else { bins.div_ceil(size) + 1 };
    let of = |level: &Level| most(level.rows.len(), height).saturating_mul(most(level.columns.len(), width));
    height * width <= 1 << f32::MANTISSA_DIGITS && plan.levels().iter().map(of).fold(0, usize::saturating_add) <= FEW
}
