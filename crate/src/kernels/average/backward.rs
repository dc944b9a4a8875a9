//! Gradients of averages. Cells that the same bins of every level hold have the same gradient: it is summed once and written to all of
//! them. Where few bins share a cell, their shares are summed in `f32`, which is faster and loses next to nothing in so few additions,
//! and else in `f64`.

use core::ops::Range;

use super::shared::Shares;
use super::spread::Spread;
use super::{Axis, FEW, Item, Work, add, alike, divide, narrow};
use crate::element::Elements;
use crate::geometry::bins::covering;
use crate::geometry::shape::{FeatureMap, Layout, PlaneStrides};
use crate::geometry::units::blocks;
use crate::memory::span::Span;
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
                    0 => AVERAGE_SUMS,
                    most => most,
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
                        unsafe { grad_input.narrow(item.cells().at(channel, row * width + columns.start), staged) };
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
    let (count, room) = (channels.len(), work.gathered);
    let (staged, cell) = work.staged.split_at_mut(AVERAGE_SUMS / 2);
    let (sums, staged) = (&mut work.sums[..count], &mut staged[..count]);
    let memory = Elements::in_memory(Span::new(cell), grad_input.kind());
    // SAFETY: half of the working memory has room for as many.
    let cell = unsafe { memory.part(0, count) };
    // Brings what a cell gets of a bin to `at`: the share where few are added, or else the gradient.
    let bring = |level: &Level, (i, j): (usize, usize), at: usize| {
        let bins = item.bins(level);
        let first = bins.at(channels.start, i * level.columns.len() + j);
        // SAFETY: a bin of the item, and this thread's working memory.
        unsafe {
            let to = room.part(at, count).exclusive();
            gather(grad_output, first, bins.plane, to);
            if few {
                divide(to, 1.0, level.divisor(i, j) as f32);
            }
        }
    };
    // Each bin is in many cells. So it is brought once, if there is room for all bins.
    let once = item.plan.pyramid().bins.saturating_mul(count).saturating_add(Native::LANES) <= room.len();
    let place = |level: &Level, (i, j): (usize, usize)| (level.range.first + i * level.columns.len() + j) * count;
    if once {
        for level in levels {
            for i in 0..level.rows.len() {
                (0..level.columns.len()).for_each(|j| bring(level, (i, j), place(level, (i, j))));
            }
        }
    }
    for rows in alike(levels, Axis::Rows, item.map.height) {
        for columns in alike(levels, Axis::Columns, item.map.width) {
            let (mut held, mut shares) = ([0; FEW], 0);
            sums.fill(0.0);
            for level in levels.iter().rev() {
                for i in covering(&level.rows, rows.start) {
                    for j in covering(&level.columns, columns.start) {
                        let at = if once { place(level, (i, j)) } else { shares * count };
                        if !once {
                            bring(level, (i, j), at);
                        }
                        if few {
                            held[shares] = at;
                            shares += 1;
                        } else {
                            // SAFETY: it was brought there.
                            add(sums, unsafe { room.part(at, count).shared() }, level.scale(i, j));
                        }
                    }
                }
            }
            // SAFETY: working memory, and these channels of the cells, which are this thread's.
            unsafe {
                if few {
                    let shares = Shares { words: room, held: &held[..shares], len: count, plane: 0 };
                    shares.write(memory, PlaneStrides { first: 0, plane: 0, step: 0 }, (1, 1));
                } else {
                    narrow(sums, staged);
                    cell.narrow(0, staged);
                }
                for row in rows.clone() {
                    for column in columns.clone() {
                        let first = item.cells().at(channels.start, row * item.map.width + column);
                        grad_input.part(first, count).copy_from(cell);
                    }
                }
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

/// Whether few bins share a cell, and `f32` holds the number of cells of each. Neighbouring bins of a level overlap by a cell, and where
/// there are more bins than cells, many hold the same.
fn few(plan: &PyramidPlan) -> bool {
    let (height, width) = plan.size();
    let most = |bins: usize, size: usize| if size == 1 { bins } else { bins.div_ceil(size) + 1 };
    let of = |level: &Level| most(level.rows.len(), height).saturating_mul(most(level.columns.len(), width));
    height * width <= 1 << f32::MANTISSA_DIGITS && plan.levels().iter().map(of).fold(0, usize::saturating_add) <= FEW
}
