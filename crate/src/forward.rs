//! Forward over a range of units: planes in NCHW, blocks of channels of one item in NHWC.

use core::ops::Range;

use crate::kernels::nchw::Scratch;
use crate::kernels::{Best, CHANNEL_BLOCK, Slots, WithIndex, WithoutIndex, nchw, nhwc};
use crate::plan::Level;
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
    plan.check_map(map)?;
    check_length("input", input.len(), map.len())?;
    check_length("output", output.len(), plan.output_len(map.batch, map.channels))?;
    let mut scratch = vec![0.0; plan.scratch_len()];
    let slots = Slots { values: Span::new(output), indices: Span::new(indices) };
    // SAFETY: the lengths were checked, and nobody else holds the buffers.
    unsafe { forward_units(plan, map, input, slots, 0..units(plan, map), Span::new(&mut scratch)) };
    Ok(())
}

pub(crate) fn check_length(buffer: &'static str, found: usize, needed: usize) -> Result<(), PoolError> {
    if found == needed { Ok(()) } else { Err(PoolError::WrongLength { buffer, found, needed }) }
}

/// Number of units that a call over `map` is made of. Threads may run them in any order.
pub(crate) fn units(plan: &PyramidPlan, map: &FeatureMap) -> usize {
    match plan.layout() {
        Layout::Nchw => map.batch * map.channels,
        Layout::Nhwc => map.batch * map.channels.div_ceil(CHANNEL_BLOCK),
    }
}

/// Channels of unit `unit`: its item, its first channel, how many.
pub(crate) fn unit_channels(plan: &PyramidPlan, map: &FeatureMap, unit: usize) -> (usize, usize, usize) {
    match plan.layout() {
        Layout::Nchw => (unit / map.channels, unit % map.channels, 1),
        Layout::Nhwc => {
            let blocks = map.channels.div_ceil(CHANNEL_BLOCK);
            let first = unit % blocks * CHANNEL_BLOCK;
            (unit / blocks, first, CHANNEL_BLOCK.min(map.channels - first))
        }
    }
}

/// Runs a range of units. Indices are found where `output` has room for them.
///
/// # Safety
/// `map` must have passed the plan's check, `input` and `output` must have its lengths, `scratch` the plan's
/// `scratch_len`, and no other thread may hold this scratch or run one of these units.
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
            by_layout::<WithIndex<Native>>(plan, map, input, output, units, scratch);
        } else {
            by_layout::<WithoutIndex<Native>>(plan, map, input, output, units, scratch);
        }
    }
}

unsafe fn by_layout<B: Best<Native>>(
    plan: &PyramidPlan,
    map: &FeatureMap,
    input: &[f32],
    output: Slots,
    units: Range<usize>,
    scratch: Span<f32>,
) {
    // SAFETY: the caller's promise is the same.
    unsafe {
        match plan.layout() {
            Layout::Nchw => planes::<B>(plan, map, input, output, units, Scratch::new(plan, scratch)),
            Layout::Nhwc => blocks::<B>(plan, map, input, output, units),
        }
    }
}

unsafe fn planes<B: Best<Native>>(
    plan: &PyramidPlan,
    map: &FeatureMap,
    input: &[f32],
    output: Slots,
    planes: Range<usize>,
    scratch: Scratch,
) {
    for unit in planes {
        let (item, channel, _) = unit_channels(plan, map, unit);
        let first = map.cells() * unit;
        let slots = |level: &Level| {
            let bins = plan.layout().bins(map.channels, plan.bins(), level.place(), (item, channel));
            // SAFETY: the level's bins of this plane lie inside the output.
            unsafe { output.part::<B>(bins.first, level.bins()) }
        };
        // SAFETY: the plane lies inside the input; the scratch was made for the plan.
        unsafe {
            let cells = input.get_unchecked(first..first + map.cells());
            nchw::plane::<Native, B>(plan, cells, slots, scratch);
        }
    }
}

unsafe fn blocks<B: Best<Native>>(
    plan: &PyramidPlan,
    map: &FeatureMap,
    input: &[f32],
    output: Slots,
    blocks: Range<usize>,
) {
    for unit in blocks {
        let (item, first, len) = unit_channels(plan, map, unit);
        let start = map.channels * map.cells() * item;
        let slots = |level: &Level| {
            let (before, bins) = level.place();
            // SAFETY: the level's bins of this item lie inside the output.
            unsafe { output.part::<B>((item * plan.bins() + before) * map.channels, bins * map.channels) }
        };
        // SAFETY: the item lies inside the input, the block inside its channels.
        unsafe {
            let cells = input.get_unchecked(start..start + map.channels * map.cells());
            let channels = nhwc::Channels { first, len, all: map.channels };
            nhwc::block::<Native, B>(plan, cells, channels, slots);
        }
    }
}
