//! The same pyramid over regions of a feature map, as detection does: the map is made once, and every region of it
//! becomes a row of fixed length.

use core::ops::Range;

use crate::element::{Element, Elements, Real};
use crate::error::PoolError;
use crate::geometry::shape::FeatureMap;
use crate::geometry::units::blocks;
use crate::kernels::regions as kernels;
use crate::kernels::scatter::Gradients;
use crate::memory::scratch;
use crate::memory::span::Span;
use crate::plan::regions::RegionPlan;
use crate::pool::backward::BackwardScratch;
use crate::pool::check::{check_gradients, check_length};
use crate::tuning::{REGION_CHANNELS, REGION_GROUP};

/// Pools the regions of `plan` into `output`: for each region a row of `channels * sum(nh * nw)` values, level after level.
///
/// # Errors
/// [`PoolError::WrongMap`] or [`PoolError::WrongLength`] where the arguments do not fit, [`PoolError::OutOfMemory`] where memory for
/// the kernels cannot be had. Nothing is written then.
pub fn forward_regions<T: Element>(
    plan: &RegionPlan,
    map: &FeatureMap,
    input: &[T],
    output: &mut [T],
) -> Result<(), PoolError> {
    run(plan, map, input, output, &mut [])
}

/// Pools regions, and says for each value which cell it came from: `row * width + column` in its plane, or [`NOWHERE`](crate::NOWHERE).
///
/// # Errors
/// As [`forward_regions`].
pub fn forward_regions_with_indices<T: Element>(
    plan: &RegionPlan,
    map: &FeatureMap,
    input: &[T],
    output: &mut [T],
    indices: &mut [u32],
) -> Result<(), PoolError> {
    check_length("indices", indices.len(), plan.output_len(map.channels))?;
    run(plan, map, input, output, indices)
}

fn run<T: Element>(
    plan: &RegionPlan,
    map: &FeatureMap,
    input: &[T],
    output: &mut [T],
    indices: &mut [u32],
) -> Result<(), PoolError> {
    plan.set().check_map(map)?;
    check_length("input", input.len(), map.len())?;
    check_length("output", output.len(), plan.output_len(map.channels))?;
    let mut scratch = scratch::allocate(plan.forward_scratch())?;
    let to = (Elements::of_mut(output), Span::new(indices));
    // SAFETY: the lengths were checked, and nobody else holds the buffers.
    unsafe { region_units(plan, map, Elements::of(input), to, plan.set().units(map).all(), Span::new(&mut scratch)) };
    Ok(())
}

/// The gradient with respect to the map, from that of the output and the indices of the forward pass. For each level, the
/// gradients of regions are added in their order, and levels from the last to the first. Every element of `grad_input` is
/// written.
///
/// # Errors
/// [`PoolError::WrongMap`] or [`PoolError::WrongLength`] where the arguments do not fit, [`PoolError::IndexOutOfRange`] where the
/// indices belong to another shape, [`PoolError::OutOfMemory`] where memory for the kernels cannot be had. Nothing is written then.
pub fn backward_regions<T: Real>(
    plan: &RegionPlan,
    map: &FeatureMap,
    grad_output: &[T],
    indices: &[u32],
    grad_input: &mut [T],
) -> Result<(), PoolError> {
    plan.set().check_map(map)?;
    check_gradients(map, plan.output_len(map.channels), (grad_output, indices, grad_input), true)?;
    let mut scratch = scratch::allocate(plan.backward_scratch())?;
    let gradients = Gradients { output: grad_output, indices, input: Span::new(grad_input) };
    // SAFETY: the lengths were checked, and nobody else holds the buffers.
    unsafe { region_backward_units(plan, map, gradients, plan.set().units(map).all(), Span::new(&mut scratch)) };
    Ok(())
}

/// Pools a range of units. Indices are found where there is room for them.
///
/// # Safety
/// `map` must have passed the plan's check, the buffers must have its lengths, `scratch` the plan's `forward_scratch` for
/// the type, and no other thread may hold this scratch or run one of these units.
pub(crate) unsafe fn region_units(
    plan: &RegionPlan,
    map: &FeatureMap,
    input: Elements,
    output: (Elements, Span<u32>),
    units: Range<usize>,
    scratch: Span<f32>,
) {
    let outputs = if output.1.len() > 0 { 2 } else { 1 };
    for (item, channels) in plan.set().units(map).items(units) {
        for rows in plan.set().rows(item).chunks(REGION_GROUP / outputs) {
            for channels in blocks(channels.clone(), REGION_CHANNELS) {
                // SAFETY: the caller's promise is the same, block by block.
                unsafe { kernels::pool(plan, map, input, output, (item, channels, rows), scratch) };
            }
        }
    }
}

/// The gradient for a range of units.
///
/// # Safety
/// As [`region_units`], with the plan's `backward_scratch`.
pub(crate) unsafe fn region_backward_units<T: Real>(
    plan: &RegionPlan,
    map: &FeatureMap,
    gradients: Gradients<T>,
    units: Range<usize>,
    scratch: Span<f32>,
) {
    let scratch = BackwardScratch::cut(plan.pyramid(), map, plan.backward_block(), false, scratch);
    for (item, channels) in plan.set().units(map).items(units) {
        let rows = (item, plan.set().rows(item));
        // SAFETY: the caller's promise is the same, item by item.
        unsafe { scratch.backward(plan.pyramid(), map, gradients, rows, channels) };
    }
}
