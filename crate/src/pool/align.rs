//! RoIAlign of regions, forward and backward.

use core::ops::Range;

use crate::element::{Elements, Real};
use crate::error::PoolError;
use crate::geometry::shape::FeatureMap;
use crate::kernels::regions::align as kernels;
use crate::memory::scratch;
use crate::memory::span::Span;
use crate::plan::align::AlignPlan;
use crate::pool::check::check_length;

/// Samples the regions of `plan` into `output`: for each region a row of `channels * sum(nh * nw)` averages, level after level, each
/// with the bits of torchvision's `roi_align`. Halves are computed in `f32` and rounded at the end.
///
/// # Errors
/// [`PoolError::WrongMap`] or [`PoolError::WrongLength`] where the arguments do not fit, [`PoolError::OutOfMemory`] where memory for
/// the kernels cannot be had. Nothing is written then.
pub fn align_regions<T: Real>(
    plan: &AlignPlan,
    map: &FeatureMap,
    input: &[T],
    output: &mut [T],
) -> Result<(), PoolError> {
    plan.set().check_map(map)?;
    check_length("input", input.len(), map.len())?;
    check_length("output", output.len(), plan.output_len(map.channels))?;
    let mut scratch = scratch::allocate(plan.forward_scratch())?;
    let (input, output) = (Elements::of(input), Elements::of_mut(output));
    // SAFETY: the lengths were checked, and nobody else holds the buffers.
    unsafe { align_units(plan, map, input, output, plan.set().units(map).all(), Span::new(&mut scratch)) };
    Ok(())
}

/// The gradient of [`align_regions`] with respect to the map. For each level, the gradients of regions are added in their order; the
/// levels' gradients are rounded to the type, and added from the last level to the first. Every element of `grad_input` is written.
///
/// # Errors
/// As [`align_regions`].
pub fn align_regions_backward<T: Real>(
    plan: &AlignPlan,
    map: &FeatureMap,
    grad_output: &[T],
    grad_input: &mut [T],
) -> Result<(), PoolError> {
    plan.set().check_map(map)?;
    check_length("grad_output", grad_output.len(), plan.output_len(map.channels))?;
    check_length("grad_input", grad_input.len(), map.len())?;
    let mut scratch = scratch::allocate(plan.backward_scratch())?;
    let (output, input) = (Elements::of(grad_output), Elements::of_mut(grad_input));
    // SAFETY: the lengths were checked, and nobody else holds the buffers.
    unsafe { align_backward_units(plan, map, output, input, plan.set().units(map).all(), Span::new(&mut scratch)) };
    Ok(())
}

/// Samples a range of units.
///
/// # Safety
/// `map` must have passed the plan's check, the buffers must have its lengths, `scratch` the plan's `forward_scratch` for the type, and
/// no other thread may hold this scratch or run one of these units.
pub(crate) unsafe fn align_units(
    plan: &AlignPlan,
    map: &FeatureMap,
    input: Elements,
    output: Elements,
    units: Range<usize>,
    scratch: Span<f32>,
) {
    // SAFETY: the caller's promise is the same, block by block.
    plan.set().for_each_interleaved(map, units, |channels| unsafe {
        kernels::forward(plan, map, input, output, channels, scratch)
    });
}

/// The gradient for a range of units.
///
/// # Safety
/// As [`align_units`], with the plan's `backward_scratch`.
pub(crate) unsafe fn align_backward_units(
    plan: &AlignPlan,
    map: &FeatureMap,
    grad_output: Elements,
    grad_input: Elements,
    units: Range<usize>,
    scratch: Span<f32>,
) {
    // SAFETY: the caller's promise is the same, block by block.
    plan.set().for_each_interleaved(map, units, |channels| unsafe {
        kernels::backward(plan, map, grad_output, grad_input, channels, scratch)
    });
}
