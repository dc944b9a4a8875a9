//! Averages over the bins of regions, forward and backward.

use core::ops::Range;

use crate::element::{Elements, Real};
use crate::error::PoolError;
use crate::geometry::shape::FeatureMap;
use crate::kernels::regions::average as kernels;
use crate::memory::scratch;
use crate::memory::span::Span;
use crate::plan::regions::RegionPlan;
use crate::pool::check::check_length;

/// Averages the regions of `plan` into `output`: for each region a row of `channels * sum(nh * nw)` averages, level after level. Each is
/// within 1e-6 of the largest magnitude in its bin from the true mean; one without cells is 0.
///
/// # Errors
/// [`PoolError::WrongMap`] or [`PoolError::WrongLength`] where the arguments do not fit, [`PoolError::OutOfMemory`] where memory for
/// the kernels cannot be had. Nothing is written then.
pub fn average_regions<T: Real>(
    plan: &RegionPlan,
    map: &FeatureMap,
    input: &[T],
    output: &mut [T],
) -> Result<(), PoolError> {
    plan.set().check_map(map)?;
    check_length("input", input.len(), map.len())?;
    check_length("output", output.len(), plan.output_len(map.channels))?;
    let mut scratch = scratch::allocate(plan.average_scratch(false))?;
    let (input, output) = (Elements::of(input), Elements::of_mut(output));
    // SAFETY: the lengths were checked, and nobody else holds the buffers.
    unsafe { average_region_units(plan, map, input, output, plan.set().units(map).all(), Span::new(&mut scratch)) };
    Ok(())
}

/// The gradient of [`average_regions`] with respect to the map: each bin's is shared out evenly among its cells. Every element of
/// `grad_input` is written.
///
/// # Errors
/// As [`average_regions`].
pub fn average_regions_backward<T: Real>(
    plan: &RegionPlan,
    map: &FeatureMap,
    grad_output: &[T],
    grad_input: &mut [T],
) -> Result<(), PoolError> {
    plan.set().check_map(map)?;
    check_length("grad_output", grad_output.len(), plan.output_len(map.channels))?;
    check_length("grad_input", grad_input.len(), map.len())?;
    let mut scratch = scratch::allocate(plan.average_scratch(true))?;
    let (output, input) = (Elements::of(grad_output), Elements::of_mut(grad_input));
    // SAFETY: the lengths were checked, and nobody else holds the buffers.
    unsafe {
        average_region_backward_units(plan, map, output, input, plan.set().units(map).all(), Span::new(&mut scratch))
    };
    Ok(())
}

/// Averages a range of units.
///
/// # Safety
/// `map` must have passed the plan's check, the buffers must have its lengths, `scratch` the plan's `average_scratch` for the type, and
/// no other thread may hold this scratch or run one of these units.
pub(crate) unsafe fn average_region_units(
    plan: &RegionPlan,
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
/// As [`average_region_units`].
pub(crate) unsafe fn average_region_backward_units(
    plan: &RegionPlan,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::region_rule::RegionRule;
    use crate::geometry::shape::Layout;

    #[test]
    fn what_working_memory_held_changes_no_average() {
        let map = FeatureMap { batch: 1, channels: 5, height: 9, width: 11 };
        let rule = RegionRule::RoiPool { spatial_scale: 1.0 };
        let regions = [0.0, 0.0, 0.0, 10.0, 8.0];
        let plan = RegionPlan::new((1, 9, 11), &[(1, 1), (2, 3)], rule, Layout::Nhwc, &regions).unwrap();
        let input: Vec<f32> = (0..map.len()).map(|i| (i as f32 * 0.7).sin()).collect();
        let averages = |held: f32| {
            let mut scratch = vec![held; plan.average_scratch(false)];
            let mut output = vec![0.0; plan.output_len(map.channels)];
            let (from, to) = (Elements::of(&input), Elements::of_mut(&mut output));
            // SAFETY: the lengths are the plan's, and nobody else holds the buffers.
            unsafe {
                average_region_units(&plan, &map, from, to, plan.set().units(&map).all(), Span::new(&mut scratch))
            };
            output.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        assert_eq!(averages(f32::NAN), averages(0.0));
        assert_eq!(averages(f32::MAX), averages(0.0));
    }
}
