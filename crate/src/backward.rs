//! Backward over a range of units: the gradient of every bin is added to the cell its index names.
//!
//! PyTorch gathers each level in a zeroed plane of its own, bins in row-major order, and adds the planes, last level
//! first. Addition commutes, so one level at the end of that sum may be scattered straight into the result; the others
//! go through a scratch plane that is merged at the touched cells only. A plane is one thread's, so the bits do not
//! depend on the number of threads.

use core::ops::Range;

use crate::forward::{check_length, items, units};
use crate::kernels::average;
use crate::plan::{Level, PyramidPlan};
use crate::shape::Planes;
use crate::span::Span;
use crate::{FeatureMap, Layout, PoolError};

/// The gradient with respect to the input, from the gradient with respect to the output and the indices of the forward
/// pass. Every element of `grad_input` is written.
///
/// # Errors
/// [`PoolError::WrongMap`], [`PoolError::WrongLength`], or [`PoolError::IndexOutOfRange`] where the indices belong to
/// another shape; nothing is written then.
pub fn backward(
    plan: &PyramidPlan,
    map: &FeatureMap,
    grad_output: &[f32],
    indices: &[u32],
    grad_input: &mut [f32],
) -> Result<(), PoolError> {
    plan.check_map(map)?;
    let len = plan.output_len(map.batch, map.channels);
    check_length("grad_output", grad_output.len(), len)?;
    check_length("indices", indices.len(), len)?;
    check_length("grad_input", grad_input.len(), map.len())?;
    if let Some(position) = first_outside(indices, map.cells()) {
        return Err(PoolError::IndexOutOfRange { position, index: indices[position], cells: map.cells() });
    }
    let mut scratch = vec![0.0; plan.backward_scratch()];
    let gradients = Gradients { output: grad_output, indices, input: Span::new(grad_input) };
    // SAFETY: the lengths were checked, and nobody else holds the buffers.
    unsafe { backward_units(plan, map, gradients, 0..units(plan, map), Span::new(&mut scratch)) };
    Ok(())
}

/// The gradient of [`average`](crate::average()) with respect to its input: each bin's is shared out evenly among its
/// cells. Every element of `grad_input` is written.
///
/// # Errors
/// [`PoolError::WrongMap`] or [`PoolError::WrongLength`]; nothing is written then.
pub fn average_backward(
    plan: &PyramidPlan,
    map: &FeatureMap,
    grad_output: &[f32],
    grad_input: &mut [f32],
) -> Result<(), PoolError> {
    plan.check_map(map)?;
    check_length("grad_output", grad_output.len(), plan.output_len(map.batch, map.channels))?;
    check_length("grad_input", grad_input.len(), map.len())?;
    let mut scratch = vec![0.0; plan.average_scratch()];
    let (cells, scratch) = (Span::new(grad_input), Span::new(&mut scratch));
    // SAFETY: the lengths were checked, and nobody else holds the buffers.
    unsafe { average_backward_units(plan, map, grad_output, cells, 0..units(plan, map), scratch) };
    Ok(())
}

/// Runs a range of units of [`average_backward`].
///
/// # Safety
/// As [`backward_units`], with the plan's `average_scratch`.
pub(crate) unsafe fn average_backward_units(
    plan: &PyramidPlan,
    map: &FeatureMap,
    grad_output: &[f32],
    grad_input: Span<f32>,
    units: Range<usize>,
    scratch: Span<f32>,
) {
    for (item, channels) in items(plan, map, units) {
        zero(plan.layout(), map, grad_input, item, channels.clone());
        // SAFETY: the caller's promise is the same, item by item.
        unsafe { average::backward(plan, map, (item, channels), grad_output, grad_input, scratch) };
    }
}

/// Position of the first index that is not below `cells`.
pub(crate) fn first_outside(indices: &[u32], cells: usize) -> Option<usize> {
    let cells = cells as u32;
    // The highest of a run is found without branches; the place is looked for only where there is one.
    indices
        .chunks(1024)
        .position(|run| run.iter().fold(0, |highest, &index| index.max(highest)) >= cells)
        .and_then(|run| indices[1024 * run..].iter().position(|&index| index >= cells).map(|i| 1024 * run + i))
}

/// What backward reads and writes.
#[derive(Clone, Copy)]
pub(crate) struct Gradients<'a> {
    pub output: &'a [f32],
    pub indices: &'a [u32],
    pub input: Span<'a, f32>,
}

/// Runs a range of units.
///
/// # Safety
/// `map` must have passed the plan's check, the gradients must have its lengths, `scratch` the plan's `backward_scratch`,
/// and no other thread may hold this scratch or run one of these units.
#[inline(never)]
pub(crate) unsafe fn backward_units(
    plan: &PyramidPlan,
    map: &FeatureMap,
    gradients: Gradients,
    units: Range<usize>,
    scratch: Span<f32>,
) {
    let block = plan.backward_block();
    let len = if plan.levels().len() > 1 { block * map.cells() } else { 0 };
    // SAFETY: where there are several levels the plan counts two blocks of planes in its `backward_scratch`.
    let scratch = unsafe { [scratch.part(0, len), scratch.part(len, len)] };
    for (item, channels) in items(plan, map, units) {
        zero(plan.layout(), map, gradients.input, item, channels.clone());
        for first in channels.clone().step_by(block) {
            let block = Block { plan, map, gradients, item, channels: (first, channels.end.min(first + block)) };
            block.add(scratch);
        }
    }
}

/// Zeroes some channels of an item.
fn zero(layout: Layout, map: &FeatureMap, memory: Span<f32>, item: usize, channels: Range<usize>) {
    let cells = layout.cells(map, item);
    let whole = layout == Layout::Nchw || channels.len() == map.channels;
    let (runs, len) = if whole { (1, channels.len() * map.cells()) } else { (map.cells(), channels.len()) };
    for run in 0..runs {
        // SAFETY: these channels are this thread's.
        unsafe { memory.part(cells.at(channels.start, run), len).slice() }.fill(0.0);
    }
}

/// Neighbouring channels of one item, whose gradients are gathered together: level by level over all of them, so that a
/// cell is seldom added to twice in a row.
#[derive(Clone, Copy)]
struct Block<'a> {
    plan: &'a PyramidPlan,
    map: &'a FeatureMap,
    gradients: Gradients<'a>,
    item: usize,
    channels: (usize, usize),
}

/// Planes that gather gradients, the block's first channel being plane 0.
#[derive(Clone, Copy)]
struct Sums<'a> {
    memory: Span<'a, f32>,
    cells: Planes,
}

impl Block<'_> {
    /// Adds the gradients of all levels to the result, whose cells are zero.
    fn add(self, scratch: [Span<f32>; 2]) {
        let cells = self.plan.layout().cells(self.map, self.item);
        let result =
            Sums { memory: self.gradients.input, cells: Planes { first: cells.at(self.channels.0, 0), ..cells } };
        let cells = Planes { first: 0, plane: self.map.cells(), step: 1 };
        let [rest, one] = scratch.map(|memory| Sums { memory, cells });
        match self.plan.levels() {
            // Either end of the list may go straight in: take the one with more bins.
            [first, others @ ..] if others.last().is_some_and(|last| first.bins() > last.bins()) => {
                self.scatter(first, result);
                others.iter().for_each(|level| self.clear(level, rest));
                self.fold(others, rest, one);
                others.iter().for_each(|level| self.merge(level, rest, result));
            }
            levels => self.fold(levels, result, one),
        }
    }

    /// Adds levels to `to`, whose touched cells are zero, the last level first.
    ///
    /// The first level to be added needs no plane of its own, and neither does a single bin, which touches a cell once.
    /// So of the last two levels, whose sum may be taken either way, a single bin comes second.
    fn fold(self, levels: &[Level], to: Sums, one: Sums) {
        let (before, last) = match levels {
            [before @ .., second, last] if last.bins() == 1 => {
                self.scatter(second, to);
                (before, last)
            }
            [before @ .., last] => (before, last),
            [] => return,
        };
        self.scatter(last, to);
        for level in before.iter().rev() {
            if level.bins() == 1 {
                self.scatter(level, to);
            } else {
                self.clear(level, one);
                self.scatter(level, one);
                self.merge(level, one, to);
            }
        }
    }

    /// Adds every bin's gradient to its cell.
    #[inline(never)]
    fn scatter(self, level: &Level, to: Sums) {
        self.visit(level, |plane, cell, bin| {
            let at = to.cells.at(plane, cell);
            // SAFETY: a cell of the plane, and a bin of the output.
            unsafe { to.memory.set(at, to.memory.get(at) + *self.gradients.output.get_unchecked(bin)) }
        });
    }

    /// Moves what the level's cells hold, adding it to the same cells of `to`.
    #[inline(never)]
    fn merge(self, level: &Level, from: Sums, to: Sums) {
        self.visit(level, |plane, cell, _| {
            let (source, target) = (from.cells.at(plane, cell), to.cells.at(plane, cell));
            // SAFETY: cells of the plane. A cell that several bins name is moved once: afterwards it is zero.
            unsafe {
                to.memory.set(target, to.memory.get(target) + from.memory.get(source));
                from.memory.set(source, 0.0);
            }
        });
    }

    /// Zeroes the cells that the level touches.
    #[inline(never)]
    fn clear(self, level: &Level, sums: Sums) {
        // SAFETY: a cell of the plane.
        self.visit(level, |plane, cell, _| unsafe { sums.memory.set(sums.cells.at(plane, cell), 0.0) });
    }

    /// Calls `touch(plane, cell, place of the bin in the output)` for every bin of a level, in the order in which the
    /// output lies in memory. Bins of one plane come in row-major order in either.
    #[inline(always)]
    fn visit(self, level: &Level, mut touch: impl FnMut(usize, usize, usize)) {
        let cells = self.map.cells();
        let layout = self.plan.layout();
        let bins = layout.bins(self.map.channels, self.plan.bins(), level.place(), self.item);
        let mut visit_bin = |plane: usize, bin: usize| {
            let at = bins.at(self.channels.0 + plane, bin);
            // Volatile: indices were checked, but another thread may write shared memory, and then the index that is
            // compared must be the one that is used.
            // SAFETY: a bin of the output, which has as many indices.
            let cell = unsafe { self.gradients.indices.as_ptr().add(at).read_volatile() } as usize;
            if cell < cells {
                touch(plane, cell, at);
            }
        };
        let (planes, each) = (self.channels.1 - self.channels.0, level.bins());
        match layout {
            Layout::Nchw => (0..planes).for_each(|plane| (0..each).for_each(|bin| visit_bin(plane, bin))),
            Layout::Nhwc => (0..each).for_each(|bin| (0..planes).for_each(|plane| visit_bin(plane, bin))),
        }
    }
}
