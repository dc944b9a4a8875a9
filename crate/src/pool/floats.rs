//! Runs kernels over a range of units of `f32` elements.

use core::ops::Range;

use crate::element::ElementType;
use crate::geometry::shape::{FeatureMap, Layout};
use crate::kernels::{Accumulator, ItemOutput, WithIndex, WithoutIndex, nchw, nhwc, transposed};
use crate::memory::maxima::Maxima;
use crate::memory::span::Span;
use crate::plan::PyramidPlan;
use crate::vector::Native;

/// Pools a range of units. Indices are found where there is room for them.
///
/// # Safety
/// `map` must have passed the plan's check, the buffers must have its lengths, `scratch` the plan's `forward_scratch`, and no other
/// thread may hold this scratch or run one of these units.
#[inline(never)]
pub(crate) unsafe fn forward(
    plan: &PyramidPlan,
    map: &FeatureMap,
    input: &[f32],
    output: Maxima,
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

unsafe fn run_units<A: Accumulator<Native>>(
    plan: &PyramidPlan,
    map: &FeatureMap,
    input: &[f32],
    maxima: Maxima,
    units: Range<usize>,
    scratch: Span<f32>,
) {
    let arrangement = plan.pyramid().arrangement;
    let layout = arrangement.layout;
    for (item, channels) in plan.forward_units(map, ElementType::F32).items(units) {
        let cells = layout.cells(map, item);
        let output = ItemOutput { maxima, channels: map.channels, item, arrangement };
        // SAFETY: the caller's promise is the same, item by item.
        unsafe {
            match layout {
                Layout::Nchw if plan.transposes(channels.len()) => {
                    transposed::pool::<Native, A>(plan, input, cells, output, channels, scratch)
                }
                Layout::Nchw => nchw::pool::<Native, A>(plan, input, cells, output, channels, scratch),
                Layout::Nhwc if plan.transposes_output() => {
                    transposed::pool_output::<Native, A>(plan, input, cells, output, channels, scratch)
                }
                Layout::Nhwc => nhwc::pool::<Native, A>(plan, input, cells, output, channels),
            }
        }
    }
}
