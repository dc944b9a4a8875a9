//! Plans for regions of maps.

use std::slice::from_raw_parts;

use wasm_bindgen::prelude::wasm_bindgen;

use super::memory::{drop_kept, keep};
use super::{code, element, layout};
use crate::geometry::region_rule::RegionRule;
use crate::plan::regions::RegionPlan;

/// What regions are planned from, as the TypeScript side writes it to memory: ten words and three doubles.
#[repr(C)]
pub struct Request {
    /// Number of items.
    pub batch: usize,
    /// Rows of the map.
    pub height: usize,
    /// Columns of the map.
    pub width: usize,
    /// Address of pairs of words: rows and columns of bins.
    pub levels: usize,
    /// Number of levels.
    pub level_count: usize,
    /// 0: NCHW; 1: NHWC.
    pub layout: usize,
    /// 0: RoI pooling; 1: SPP-net's windows.
    pub rule: usize,
    /// Address of the regions, five `f32` each.
    pub regions: usize,
    /// Number of regions.
    pub region_count: usize,
    /// Keeps the doubles aligned.
    pub unused: usize,
    /// The numbers of the rule: `spatial_scale`, or `offset0`, `offset` and `step`.
    pub numbers: [f64; 3],
}

/// Plans what the request at an address asks for. Gives the plan's address, 0 where memory is exhausted, 1 where sizes are
/// beyond what can be counted, or 2 where a region is wrong.
#[wasm_bindgen]
pub fn regions_new(request: usize) -> usize {
    // SAFETY: the caller's promise: a request in memory, whose levels and regions are as many as it says.
    let (request, levels, regions) = unsafe {
        let request = &*(request as *const Request);
        let levels = from_raw_parts(request.levels as *const (usize, usize), request.level_count);
        (request, levels, from_raw_parts(request.regions as *const f32, 5 * request.region_count))
    };
    let [a, offset, step] = request.numbers;
    let rule = match request.rule {
        0 => RegionRule::RoiPool { spatial_scale: a as f32 },
        _ => RegionRule::SppNet { offset0: a, offset, step },
    };
    let size = (request.batch, request.height, request.width);
    RegionPlan::new(size, levels, rule, layout(request.layout), regions).map_or_else(code, keep)
}

/// Frees a plan.
#[wasm_bindgen]
pub fn regions_free(plan: usize) {
    // SAFETY: the caller's promise: from `regions_new`, and not in use any more.
    unsafe { drop_kept::<RegionPlan>(plan) }
}

/// Number of words of working memory that a thread needs for an operation, by the number it has in a job, over elements
/// of a type, likewise.
#[wasm_bindgen]
pub fn regions_scratch(plan: usize, operation: usize, element_number: usize) -> usize {
    // SAFETY: the caller's promise: from `regions_new`.
    let plan = unsafe { &*(plan as *const RegionPlan) };
    if operation == 7 { plan.backward_scratch() } else { plan.forward_scratch(element(element_number)) }
}

/// Address of the bounds of every bin, two words each: for each region and level those of its rows, then its columns.
#[wasm_bindgen]
pub fn regions_bounds(plan: usize) -> usize {
    // SAFETY: the caller's promise: from `regions_new`.
    unsafe { &*(plan as *const RegionPlan) }.bounds().as_ptr() as usize
}
