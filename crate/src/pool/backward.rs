//! Backward over a range of units: zeroes planes, and adds the gradient of every bin to its cell, or shares it out.

use core::ops::Range;

use crate::element::{Elements, Real};
use crate::error::PoolError;
use crate::geometry::pyramid::Pyramid;
use crate::geometry::shape::{FeatureMap, Layout};
use crate::geometry::units::blocks;
use crate::kernels::scatter::{GradientBlock, Gradients};
use crate::memory::scratch::{self, Parts};
use crate::memory::span::Span;
use crate::plan::PyramidPlan;
use crate::plan::gradient_scratch;
use crate::pool::check::{check_gradients, check_length};
use crate::pool::{convert, floats};

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
    let mut scratch = scratch::allocate(plan.average_scratch(T::TYPE))?;
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
    let block = plan.backward_block();
    clear(scratch);
    for (item, channels) in plan.units(map).items(units) {
        // SAFETY: the caller's promise; each item is pooled into the row of its number.
        unsafe {
            backward_channels(plan.pyramid(), map, gradients, (item, &[item as u32]), channels, (block, scratch))
        };
    }
}

/// Zeroes the working memory of a thread, which is left so by every block of planes.
pub(crate) fn clear(scratch: Span<f32>) {
    // SAFETY: this thread's alone.
    unsafe { scratch.exclusive() }.fill(0.0);
}

/// The gradient of some channels of an item, which `rows` of the output were pooled from, `block` channels at a time.
///
/// # Safety
/// The gradients must have the lengths of `map` and of all rows, the channels be this thread's, and `scratch` be zero
/// and have room for two blocks of planes where there are several levels.
pub(crate) unsafe fn backward_channels<T: Real>(
    pyramid: &Pyramid,
    map: &FeatureMap,
    gradients: Gradients<T>,
    (item, rows): (usize, &[u32]),
    channels: Range<usize>,
    (block, scratch): (usize, Span<f32>),
) {
    let scratch = gradient_scratch(pyramid, (block, map.cells()), &mut Parts::cut(scratch)).map(Span::cast);
    // SAFETY: the caller's promise.
    unsafe {
        zero(pyramid.arrangement.layout, map, gradients.input, item, channels.clone());
        for channels in blocks(channels, block) {
            let channels = (channels.start, channels.end);
            GradientBlock { pyramid, map, gradients, item, rows, channels }.add(scratch);
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
    // SAFETY: the caller's promise is the same.
    unsafe {
        match (grad_output.as_f32(), grad_input.as_f32()) {
            (Some(output), Some(input)) => floats::average_backward(plan, map, output.shared(), input, units, scratch),
            _ => convert::average_backward(plan, map, grad_output, grad_input, units, scratch),
        }
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
