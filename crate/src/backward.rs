//! Backward over a range of units: the gradient of every bin is added to the cell its index names.
//!
//! PyTorch gathers each level in a zeroed plane of its own, bins in row-major order, and adds the planes, last level
//! first. Addition commutes, so one level at the end of that sum may be scattered straight into the result; the others
//! go through a scratch plane that is merged at the touched cells only. A plane is one thread's, so the bits do not
//! depend on the number of threads.

use core::ops::Range;

use crate::forward::{check_length, unit_channels, units};
use crate::plan::{Level, PyramidPlan};
use crate::shape::Stride;
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
    let mut scratch = vec![0.0; plan.scratch_len()];
    let gradients = Gradients { output: grad_output, indices, input: Span::new(grad_input) };
    // SAFETY: the lengths were checked, and nobody else holds the buffers.
    unsafe { backward_units(plan, map, gradients, 0..units(plan, map), Span::new(&mut scratch)) };
    Ok(())
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
/// `map` must have passed the plan's check, the gradients must have its lengths, `scratch` the plan's `scratch_len`,
/// and no other thread may hold this scratch or run one of these units.
pub(crate) unsafe fn backward_units(
    plan: &PyramidPlan,
    map: &FeatureMap,
    gradients: Gradients,
    units: Range<usize>,
    scratch: Span<f32>,
) {
    let block = plan.backward_block();
    let len = block * map.cells();
    // SAFETY: the plan counts two blocks of planes in its `scratch_len`.
    let scratch = unsafe { [scratch.part(0, len), scratch.part(len, len)] };
    let pass = Pass { plan, map, gradients };
    match plan.layout() {
        Layout::Nchw => {
            for first in units.clone().step_by(block) {
                let planes = first..units.end.min(first + block);
                // SAFETY: these planes are this thread's.
                unsafe { gradients.input.part(first * map.cells(), planes.len() * map.cells()).slice() }.fill(0.0);
                pass.planes(planes, scratch);
            }
        }
        Layout::Nhwc => {
            for unit in units {
                let (item, first, len) = unit_channels(plan, map, unit);
                for cell in 0..map.cells() {
                    let at = (item * map.cells() + cell) * map.channels + first;
                    // SAFETY: these channels are this thread's.
                    unsafe { gradients.input.part(at, len).slice() }.fill(0.0);
                }
                let (first, end) = (item * map.channels + first, item * map.channels + first + len);
                for first in (first..end).step_by(block) {
                    pass.planes(first..end.min(first + block), scratch);
                }
            }
        }
    }
}

/// One call's constants.
#[derive(Clone, Copy)]
struct Pass<'a> {
    plan: &'a PyramidPlan,
    map: &'a FeatureMap,
    gradients: Gradients<'a>,
}

/// Planes to add to: plane `p` of a block stands at `stride(p)`.
#[derive(Clone, Copy)]
struct Planes<'a, F: Fn(usize) -> Stride> {
    memory: Span<'a, f32>,
    stride: F,
}

impl Pass<'_> {
    /// Adds the gradients of a block of planes, `item * channels + channel`, whose cells are zero.
    ///
    /// Level by level over the whole block, so that a cell is seldom added to twice in a row.
    #[inline(always)]
    fn planes(self, block: Range<usize>, scratch: [Span<f32>; 2]) {
        let layout = self.plan.layout();
        let at = |plane: usize| (plane / self.map.channels, plane % self.map.channels);
        let result =
            Planes { memory: self.gradients.input, stride: |plane| layout.cells(self.map, at(plane).0, at(plane).1) };
        let first = block.start;
        let stride = |plane| Stride { first: (plane - first) * self.map.cells(), step: 1 };
        let [rest, one] = scratch.map(|memory| Planes { memory, stride });
        let levels = self.plan.levels();
        match levels {
            // The level with most bins goes straight in, whether the list begins or ends with it.
            [finest, others @ .., last] if finest.bins() > last.bins() => {
                self.scatter(finest, &block, result);
                let others = &levels[levels.len() - others.len() - 1..];
                others.iter().for_each(|level| self.clear(level, &block, rest));
                self.fold(others, &block, rest, one);
                others.iter().for_each(|level| self.merge(level, &block, rest, result));
            }
            _ => self.fold(levels, &block, result, one),
        }
    }

    /// Adds levels to `to`, whose touched cells are zero, the last level first.
    fn fold(
        self,
        levels: &[Level],
        block: &Range<usize>,
        to: Planes<impl Fn(usize) -> Stride + Copy>,
        one: Planes<impl Fn(usize) -> Stride + Copy>,
    ) {
        for (i, level) in levels.iter().enumerate().rev() {
            // A single bin touches a cell once: it needs no plane of its own, and neither does the first to be added.
            if i + 1 == levels.len() || level.bins() == 1 {
                self.scatter(level, block, to);
            } else {
                self.clear(level, block, one);
                self.scatter(level, block, one);
                self.merge(level, block, one, to);
            }
        }
    }

    /// Adds every bin's gradient to its cell.
    fn scatter(self, level: &Level, block: &Range<usize>, to: Planes<impl Fn(usize) -> Stride + Copy>) {
        self.visit(level, block, |plane, cell, bin| {
            let at = (to.stride)(plane).at(cell);
            // SAFETY: a cell of the plane, and a bin of the output.
            unsafe { to.memory.set(at, to.memory.get(at) + *self.gradients.output.get_unchecked(bin)) }
        });
    }

    /// Moves what the level's cells hold, adding it to the same cells of `to`.
    fn merge(
        self,
        level: &Level,
        block: &Range<usize>,
        from: Planes<impl Fn(usize) -> Stride + Copy>,
        to: Planes<impl Fn(usize) -> Stride + Copy>,
    ) {
        self.visit(level, block, |plane, cell, _| {
            let (source, target) = ((from.stride)(plane).at(cell), (to.stride)(plane).at(cell));
            // SAFETY: cells of the plane. A cell that several bins name is moved once: afterwards it is zero.
            unsafe {
                to.memory.set(target, to.memory.get(target) + from.memory.get(source));
                from.memory.set(source, 0.0);
            }
        });
    }

    /// Zeroes the cells that the level touches.
    fn clear(self, level: &Level, block: &Range<usize>, planes: Planes<impl Fn(usize) -> Stride + Copy>) {
        // SAFETY: a cell of the plane.
        self.visit(level, block, |plane, cell, _| unsafe { planes.memory.set((planes.stride)(plane).at(cell), 0.0) });
    }

    /// Calls `touch(plane, cell, place of the bin in the output)` for every bin of a level, planes outermost.
    #[inline(always)]
    fn visit(self, level: &Level, block: &Range<usize>, mut touch: impl FnMut(usize, usize, usize)) {
        let (channels, cells) = (self.map.channels, self.map.cells());
        for plane in block.clone() {
            let at = (plane / channels, plane % channels);
            let bins = self.plan.layout().bins(channels, self.plan.bins(), level.place(), at);
            for bin in 0..level.bins() {
                // SAFETY: a bin of the output, which has as many indices.
                let cell = unsafe { *self.gradients.indices.get_unchecked(bins.at(bin)) } as usize;
                // Indices were checked, but another thread may write shared memory while we read it.
                if cell < cells {
                    touch(plane, cell, bins.at(bin));
                }
            }
        }
    }
}
