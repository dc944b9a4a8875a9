//! Forward over a range of units: planes in NCHW, blocks of channels of one item in NHWC.

use core::ops::Range;

use crate::element::{Element, Elements, Real};
use crate::error::PoolError;
use crate::geometry::shape::FeatureMap;
use crate::kernels::average as averages;
use crate::memory::maxima::Maxima;
use crate::memory::scratch;
use crate::memory::span::Span;
use crate::plan::PyramidPlan;
use crate::pool::check::check_length;
use crate::pool::{floats, narrow};

/// Pools `input` into `output`: for each item a row of `channels * sum(nh * nw)` values, level after level.
///
/// # Errors
/// [`PoolError::WrongMap`] or [`PoolError::WrongLength`] where the arguments do not fit, [`PoolError::OutOfMemory`] where memory for
/// the kernels cannot be had. Nothing is written then.
pub fn forward<T: Element>(
    plan: &PyramidPlan,
    map: &FeatureMap,
    input: &[T],
    output: &mut [T],
) -> Result<(), PoolError> {
    run(plan, map, input, output, &mut [])
}

/// Pools `input` into `output`, and says for each value which cell it came from: `row * width + column` in its plane.
///
/// # Errors
/// As [`forward()`].
pub fn forward_with_indices<T: Element>(
    plan: &PyramidPlan,
    map: &FeatureMap,
    input: &[T],
    output: &mut [T],
    indices: &mut [u32],
) -> Result<(), PoolError> {
    check_length("indices", indices.len(), plan.output_len(map.batch, map.channels))?;
    run(plan, map, input, output, indices)
}

fn run<T: Element>(
    plan: &PyramidPlan,
    map: &FeatureMap,
    input: &[T],
    output: &mut [T],
    indices: &mut [u32],
) -> Result<(), PoolError> {
    check_buffers(plan, map, input, output)?;
    let mut scratch = scratch::allocate(plan.forward_scratch(T::TYPE))?;
    let to = (Elements::of_mut(output), Span::new(indices));
    // SAFETY: the lengths were checked, and nobody else holds the buffers.
    unsafe {
        forward_units(
            plan,
            map,
            Elements::of(input),
            to,
            plan.forward_units(map, T::TYPE).all(),
            Span::new(&mut scratch),
        )
    };
    Ok(())
}

/// Averages `input` over the bins of `plan` into `output`, which is laid out as that of [`forward()`].
///
/// # Errors
/// As [`forward()`].
pub fn average<T: Real>(plan: &PyramidPlan, map: &FeatureMap, input: &[T], output: &mut [T]) -> Result<(), PoolError> {
    check_buffers(plan, map, input, output)?;
    let mut scratch = scratch::allocate(plan.average_scratch())?;
    let (from, to) = (Elements::of(input), Elements::of_mut(output));
    // SAFETY: the lengths were checked, and nobody else holds the buffers.
    unsafe { average_units(plan, map, from, to, plan.units(map).all(), Span::new(&mut scratch)) };
    Ok(())
}

fn check_buffers<T>(plan: &PyramidPlan, map: &FeatureMap, input: &[T], output: &[T]) -> Result<(), PoolError> {
    plan.check_map(map)?;
    check_length("input", input.len(), map.len())?;
    check_length("output", output.len(), plan.output_len(map.batch, map.channels))
}

/// Runs a range of units. Indices are found where there is room for them.
///
/// # Safety
/// `map` must have passed the plan's check, the buffers must have its lengths, `scratch` the plan's `forward_scratch` for
/// the type, and no other thread may hold this scratch or run one of these units.
pub(crate) unsafe fn forward_units(
    plan: &PyramidPlan,
    map: &FeatureMap,
    input: Elements,
    (output, indices): (Elements, Span<u32>),
    units: Range<usize>,
    scratch: Span<f32>,
) {
    // SAFETY: the caller's promise is the same.
    unsafe {
        if let (Some(input), Some(values)) = (input.as_f32(), output.as_f32()) {
            floats::forward(plan, map, input.shared(), Maxima { values, indices }, units, scratch);
        } else {
            for part in plan.forward_units(map, input.kind()).items(units) {
                narrow::forward(plan, map, input, (output, indices), part, scratch);
            }
        }
    }
}

/// Averages a range of units.
///
/// # Safety
/// As [`forward_units`], with the plan's `average_scratch`.
pub(crate) unsafe fn average_units(
    plan: &PyramidPlan,
    map: &FeatureMap,
    input: Elements,
    output: Elements,
    units: Range<usize>,
    scratch: Span<f32>,
) {
    for item in plan.units(map).items(units) {
        // SAFETY: the caller's promise is the same, item by item.
        unsafe { averages::forward(plan, map, item, input, output, scratch) };
    }
}
