//! Forward over a range of units: planes in NCHW, blocks of channels of one item in NHWC.

use core::ops::Range;

use crate::kernels::{self, Best, CHANNEL_BLOCK, ItemOutput, Slots, WithIndex, WithoutIndex, nchw, nhwc};
use crate::span::Span;
use crate::vector::Native;
use crate::{FeatureMap, Layout, PoolError, PyramidPlan};

/// Pools `input` into `output`: for each item a row of `channels * sum(nh * nw)` values, level after level.
///
/// # Errors
/// [`PoolError::WrongMap`] or [`PoolError::WrongLength`] where the arguments do not fit, and nothing is written.
pub fn forward(plan: &PyramidPlan, map: &FeatureMap, input: &[f32], output: &mut [f32]) -> Result<(), PoolError> {
    run(plan, map, input, output, &mut [])
}

/// Pools `input` into `output`, and says for each value which cell it came from: `row * width + column` in its plane.
///
/// # Errors
/// As [`forward()`].
pub fn forward_with_indices(
    plan: &PyramidPlan,
    map: &FeatureMap,
    input: &[f32],
    output: &mut [f32],
    indices: &mut [u32],
) -> Result<(), PoolError> {
    check_length("indices", indices.len(), plan.output_len(map.batch, map.channels))?;
    run(plan, map, input, output, indices)
}

fn run(
    plan: &PyramidPlan,
    map: &FeatureMap,
    input: &[f32],
    output: &mut [f32],
    indices: &mut [u32],
) -> Result<(), PoolError> {
    check_buffers(plan, map, input, output)?;
    let mut scratch = vec![0.0; plan.forward_scratch()];
    let slots = Slots { values: Span::new(output), indices: Span::new(indices) };
    // SAFETY: the lengths were checked, and nobody else holds the buffers.
    unsafe { forward_units(plan, map, input, slots, 0..units(plan, map), Span::new(&mut scratch)) };
    Ok(())
}

/// Averages `input` over the bins of `plan` into `output`, which is laid out as that of [`forward()`].
///
/// # Errors
/// As [`forward()`].
pub fn average(plan: &PyramidPlan, map: &FeatureMap, input: &[f32], output: &mut [f32]) -> Result<(), PoolError> {
    check_buffers(plan, map, input, output)?;
    let mut scratch = vec![0.0; plan.average_scratch()];
    // SAFETY: the lengths were checked, and nobody else holds the buffers.
    unsafe { average_units(plan, map, input, Span::new(output), 0..units(plan, map), Span::new(&mut scratch)) };
    Ok(())
}

fn check_buffers(plan: &PyramidPlan, map: &FeatureMap, input: &[f32], output: &[f32]) -> Result<(), PoolError> {
    plan.check_map(map)?;
    check_length("input", input.len(), map.len())?;
    check_length("output", output.len(), plan.output_len(map.batch, map.channels))
}

pub(crate) fn check_length(buffer: &'static str, found: usize, needed: usize) -> Result<(), PoolError> {
    if found == needed { Ok(()) } else { Err(PoolError::WrongLength { buffer, found, needed }) }
}

/// Number of units that a call over `map` is made of. Threads may run them in any order.
pub(crate) fn units(plan: &PyramidPlan, map: &FeatureMap) -> usize {
    map.batch * units_per_item(plan, map)
}

fn units_per_item(plan: &PyramidPlan, map: &FeatureMap) -> usize {
    match plan.layout() {
        Layout::Nchw => map.channels,
        Layout::Nhwc => map.channels.div_ceil(CHANNEL_BLOCK),
    }
}

/// A range of units as items and the channels of each.
pub(crate) fn items(
    plan: &PyramidPlan,
    map: &FeatureMap,
    units: Range<usize>,
) -> impl Iterator<Item = (usize, Range<usize>)> {
    let (each, channels) = (units_per_item(plan, map), map.channels);
    let width = if plan.layout() == Layout::Nchw { 1 } else { CHANNEL_BLOCK };
    let mut first = units.start;
    core::iter::from_fn(move || {
        (first < units.end).then(|| {
            let item = first / each;
            let end = units.end.min((item + 1) * each);
            let range = (first - item * each) * width..((end - item * each) * width).min(channels);
            first = end;
            (item, range)
        })
    })
}

/// Runs a range of units. Indices are found where `output` has room for them.
///
/// # Safety
/// `map` must have passed the plan's check, `input` and `output` must have its lengths, `scratch` the plan's
/// `forward_scratch`, and no other thread may hold this scratch or run one of these units.
pub(crate) unsafe fn forward_units(
    plan: &PyramidPlan,
    map: &FeatureMap,
    input: &[f32],
    output: Slots,
    units: Range<usize>,
    scratch: Span<f32>,
) {
    // SAFETY: the caller's promise is the same.
    unsafe {
        if output.indices.len() > 0 {
            run_units::<WithIndex<Native>>(plan, map, input, output, units, scratch);
        } else {
            run_units::<WithoutIndex<Native>>(plan, map, input, output, units, scratch);
        }
    }
}

unsafe fn run_units<B: Best<Native>>(
    plan: &PyramidPlan,
    map: &FeatureMap,
    input: &[f32],
    slots: Slots,
    units: Range<usize>,
    scratch: Span<f32>,
) {
    let layout = plan.layout();
    for (item, channels) in items(plan, map, units) {
        let cells = layout.cells(map, item);
        let output = ItemOutput { slots, layout, channels: map.channels, item };
        // SAFETY: the caller's promise is the same, item by item.
        unsafe {
            match layout {
                Layout::Nchw => nchw::channels::<Native, B>(plan, input, cells, output, channels, scratch),
                Layout::Nhwc => nhwc::channels::<Native, B>(plan, input, cells, output, channels),
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
    input: &[f32],
    output: Span<f32>,
    units: Range<usize>,
    scratch: Span<f32>,
) {
    for part in items(plan, map, units) {
        // SAFETY: the caller's promise is the same, item by item.
        unsafe { kernels::average::forward(plan, map, part, input, output, scratch) };
    }
}
