//! Plans for regions of maps.

use std::slice::from_raw_parts;

use wasm_bindgen::prelude::wasm_bindgen;

use super::memory::{drop_at, into_address};
use super::operation::Operation;
use super::{arrangement, code};
use crate::geometry::region_rule::RegionRule;
use crate::geometry::roi_align::RoiAlign;
use crate::plan::align::AlignPlan;
use crate::plan::region_set::RegionSet;
use crate::plan::regions::RegionPlan;

/// A plan for regions: of bins that hold cells, or of bins that sample the map.
pub(super) enum PlannedRegions {
    Bins(RegionPlan),
    Samples(AlignPlan),
}

impl PlannedRegions {
    /// What `regions_new` gave.
    ///
    /// # Safety
    /// The plan must not have been freed.
    pub unsafe fn at<'a>(plan: usize) -> &'a Self {
        // SAFETY: the caller's promise.
        unsafe { &*(plan as *const Self) }
    }

    pub fn set(&self) -> &RegionSet {
        match self {
            PlannedRegions::Bins(plan) => plan.set(),
            PlannedRegions::Samples(plan) => plan.set(),
        }
    }

    pub fn scratch(&self, operation: Operation) -> usize {
        match (self, operation) {
            (PlannedRegions::Bins(plan), Operation::Forward | Operation::ForwardWithIndices) => plan.forward_scratch(),
            (PlannedRegions::Bins(plan), Operation::Backward) => plan.backward_scratch(),
            (PlannedRegions::Bins(plan), Operation::Average) => plan.average_scratch(false),
            (PlannedRegions::Bins(plan), Operation::AverageBackward) => plan.average_scratch(true),
            (PlannedRegions::Samples(plan), Operation::Backward) => plan.backward_scratch(),
            (PlannedRegions::Samples(plan), _) => plan.forward_scratch(),
        }
    }
}

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
    /// 0: NCHW; 1: NHWC; 2 and 3: the same with an output in the order of channels.
    pub arrangement: usize,
    /// 0: RoI pooling; 1: SPP-net's windows; 2: RoIAlign.
    pub rule: usize,
    /// Address of the regions, five `f32` each.
    pub regions: usize,
    /// Number of regions.
    pub region_count: usize,
    /// Keeps the doubles aligned.
    pub unused: usize,
    /// The numbers of the rule: `spatial_scale`; `offset0`, `offset` and `step`; or `spatial_scale`, `sampling_ratio` and `aligned`.
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
    let size = (request.batch, request.height, request.width);
    let arrangement = arrangement(request.arrangement);
    let [a, b, c] = request.numbers;
    let bins = |rule| RegionPlan::new(size, levels, rule, arrangement, regions).map(PlannedRegions::Bins);
    let plan = match request.rule {
        0 => bins(RegionRule::RoiPool { spatial_scale: a as f32 }),
        1 => bins(RegionRule::SppNet { offset0: a, offset: b, step: c }),
        _ => {
            // Negative numbers become 0, which is the same.
            let rule = RoiAlign { spatial_scale: a as f32, sampling_ratio: b as u32, aligned: c != 0.0 };
            AlignPlan::new(size, levels, rule, arrangement, regions).map(PlannedRegions::Samples)
        }
    };
    plan.map_or_else(code, into_address)
}

/// Frees a plan.
#[wasm_bindgen]
pub fn regions_free(plan: usize) {
    // SAFETY: the caller's promise: from `regions_new`, and not in use any more.
    unsafe { drop_at::<PlannedRegions>(plan) }
}

/// Number of words of working memory that a thread needs for an operation, by the number it has in a job, over elements
/// of a type, likewise.
#[wasm_bindgen]
pub fn regions_scratch(plan: usize, operation: usize, element_number: usize) -> usize {
    // The same for all types, for now.
    let _ = element_number;
    // SAFETY: the caller's promise: from `regions_new`.
    unsafe { PlannedRegions::at(plan) }.scratch(Operation::of(operation))
}

/// Address of the bounds of every bin, two words each: for each region and level those of its rows, then its columns. 0 where bins
/// have none, but sample the map.
#[wasm_bindgen]
pub fn regions_bounds(plan: usize) -> usize {
    // SAFETY: the caller's promise: from `regions_new`.
    match unsafe { PlannedRegions::at(plan) } {
        PlannedRegions::Bins(plan) => plan.bounds().as_ptr() as usize,
        PlannedRegions::Samples(_) => 0,
    }
}
