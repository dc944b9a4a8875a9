//! Backward over a range of units: zeroes planes, and adds the gradient of every bin to its cell, or shares it out.

use core::ops::Range;

use crate::element::{Elements, Real};
use crate::error::PoolError;
use crate::geometry::pyramid::Pyramid;
use crate::geometry::shape::{FeatureMap, Layout};
use crate::geometry::units::blocks;
use crate::kernels::average as averages;
use crate::kernels::scatter::{GradientBlock, Gradients};
use crate::memory::scratch::{self, Parts};
use crate::memory::span::Span;
use crate::plan::PyramidPlan;
use crate::plan::gradient_scratch;
use crate::pool::check::{check_gradients, check_length};

/// The gradient with respect to the input, from the gradient with respect to the output and the indices of the forward
/// pass. Every element of `grad_input` is written.
///
/// # Errors
/// [`PoolError::WrongMap`] or [`PoolError::WrongLength`] where the arguments do not fit, [`PoolError::IndexOutOfRange`] where the
/// indices belong to another shape, [`PoolError::OutOfMemory`] where memory for the kernels cannot be had. Nothing is written then.
pub fn backward<T: Real>(
    plan: &PyramidPlan,
    map: &FeatureMap,
    grad_output: &[T],
    indices: &[u32],
    grad_input: &mut [T],
) -> Result<(), PoolError> {
    plan.check_map(map)?;
    let len = plan.output_len(map.batch, map.channels);
    check_gradients(map, len, (grad_output, indices, grad_input), false)?;
    let mut scratch = scratch::allocate(plan.backward_scratch())?;
    let gradients = Gradients { output: grad_output, indices, input: Span::new(grad_input) };
    // SAFETY: the lengths were checked, and nobody else holds the buffers.
    unsafe { backward_units(plan, map, gradients, plan.units(map).all(), Span::new(&mut scratch)) };
    Ok(())
}

/// The gradient of [`average`](crate::average()) with respect to its input: each bin's is shared out evenly among its
/// cells. Every element of `grad_input` is written.
///
/// # Errors
/// [`PoolError::WrongMap`] or [`PoolError::WrongLength`] where the arguments do not fit, [`PoolError::OutOfMemory`] where memory for
/// the kernels cannot be had. Nothing is written then.
pub fn average_backward<T: Real>(
    plan: &PyramidPlan,
    map: &FeatureMap,
    grad_output: &[T],
    grad_input: &mut [T],
) -> Result<(), PoolError> {
    plan.check_map(map)?;
    check_length("grad_output", grad_output.len(), plan.output_len(map.batch, map.channels))?;
    check_length("grad_input", grad_input.len(), map.len())?;
    let mut scratch = scratch::allocate(plan.average_scratch())?;
    let (output, input) = (Elements::of(grad_output), Elements::of_mut(grad_input));
    // SAFETY: the lengths were checked, and nobody else holds the buffers.
    unsafe { average_backward_units(plan, map, output, input, plan.units(map).all(), Span::new(&mut scratch)) };
    Ok(())
}

/// Runs a range of units.
///
/// # Safety
/// `map` must have passed the plan's check, the gradients must have its lengths, `scratch` the plan's `backward_scratch`,
/// and no other thread may hold this scratch or run one of these units.
#[inline(never)]
pub(crate) unsafe fn backward_units<T: Real>(
    plan: &PyramidPlan,
    map: &FeatureMap,
    gradients: Gradients<T>,
    units: Range<usize>,
    scratch: Span<f32>,
) {
    let scratch = BackwardScratch::cut(plan.pyramid(), map, plan.backward_block(), true, scratch);
    for (item, channels) in plan.units(map).items(units) {
        // SAFETY: the caller's promise; each item is pooled into the row of its number.
        unsafe { scratch.backward(plan.pyramid(), map, gradients, (item, &[item as u32]), channels) };
    }
}

/// Working memory of a thread for blocks of channels.
pub(crate) struct BackwardScratch<'a, T> {
    /// Channels of a block at most.
    channels: usize,
    /// Blocks of planes, where there are several levels. They are zero before and after every block.
    planes: [Span<'a, T>; 2],
}

impl<'a, T: Real> BackwardScratch<'a, T> {
    /// Cuts working memory that has room for blocks of `most` channels. No more is zeroed than the channels of the map take. `only_row`: each
    /// item has a single row of the output.
    pub fn cut(pyramid: &Pyramid, map: &FeatureMap, most: usize, only_row: bool, scratch: Span<'a, f32>) -> Self {
        let channels = most.min(map.channels);
        let planes =
            gradient_scratch(pyramid, (channels, map.cells()), only_row, &mut Parts::cut(scratch)).map(Span::cast);
        // SAFETY: this thread's alone.
        planes.iter().for_each(|planes| unsafe { planes.exclusive() }.fill(T::ZERO));
        BackwardScratch { channels, planes }
    }

    /// The gradient of some channels of an item, which `rows` of the output were pooled from, a block at a time.
    ///
    /// # Safety
    /// The gradients must have the lengths of `map` and of all rows, and the channels be this thread's.
    pub unsafe fn backward(
        &self,
        pyramid: &Pyramid,
        map: &FeatureMap,
        gradients: Gradients<T>,
        (item, rows): (usize, &[u32]),
        channels: Range<usize>,
    ) {
        // SAFETY: the caller's promise.
        unsafe { zero(pyramid.arrangement.layout, map, gradients.input, item, channels.clone()) };
        for channels in blocks(channels, self.channels) {
            let channels = (channels.start, channels.end);
            GradientBlock { pyramid, map, gradients, item, rows, channels }.add(self.planes);
        }
    }
}

/// Runs a range of units of [`average_backward`].
///
/// # Safety
/// As [`backward_units`], with the plan's `average_scratch`.
pub(crate) unsafe fn average_backward_units(
    plan: &PyramidPlan,
    map: &FeatureMap,
    grad_output: Elements,
    grad_input: Elements,
    units: Range<usize>,
    scratch: Span<f32>,
) {
    for item in plan.units(map).items(units) {
        // SAFETY: the caller's promise is the same, item by item.
        unsafe { averages::backward(plan, map, item, grad_output, grad_input, scratch) };
    }
}

/// Zeroes some channels of an item.
///
/// # Safety
/// They must lie inside the memory and be this thread's.
unsafe fn zero<T: Real>(layout: Layout, map: &FeatureMap, memory: Span<T>, item: usize, channels: Range<usize>) {
    for run in layout.cells(map, item).runs(channels, map.cells()) {
        // SAFETY: the caller's promise.
        unsafe { memory.part(run.start, run.len()).exclusive() }.fill(T::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::bins::Rule;

    #[test]
    fn no_more_working_memory_is_zeroed_than_the_channels_take() {
        let plan = PyramidPlan::new(3, 4, &[(2, 2), (1, 1)], Rule::Adaptive, Layout::Nhwc).unwrap();
        let map = FeatureMap { batch: 2, channels: 5, height: 3, width: 4 };
        let mut scratch = vec![7.0; plan.backward_scratch()];
        let len = plan.output_len(map.batch, map.channels);
        let (output, indices) = (vec![1.0_f32; len], vec![0_u32; len]);
        let mut input = vec![0.0; map.len()];
        let gradients = Gradients { output: &output, indices: &indices, input: Span::new(&mut input) };
        // SAFETY: the lengths are the plan's, and nobody else holds the buffers.
        unsafe { backward_units(&plan, &map, gradients, plan.units(&map).all(), Span::new(&mut scratch)) };
        let blocks = map.channels * map.cells();
        assert!(scratch[..blocks].iter().all(|&word| word == 0.0));
        assert!(scratch[blocks..].iter().all(|&word| word == 7.0) && scratch.len() > blocks);
        assert_eq!(input.iter().sum::<f32>(), len as f32);
    }
}
