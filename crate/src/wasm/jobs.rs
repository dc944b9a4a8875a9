//! Calls, and the way of running a part of one.

use std::ops::Range;
use std::slice::from_raw_parts;

use half::f16;
use wasm_bindgen::prelude::wasm_bindgen;

use super::element;
use super::plans::plan_scratch;
use super::regions::{PlannedRegions, regions_scratch};
use crate::element::{ElementType, Elements, Real};
use crate::geometry::shape::FeatureMap;
use crate::kernels::scatter::Gradients;
use crate::memory::span::Span;
use crate::plan::PyramidPlan;
use crate::pool::align::{align_backward_units, align_units};
use crate::pool::backward::{average_backward_units, backward_units};
use crate::pool::check::first_outside;
use crate::pool::forward::{average_units, forward_units};
use crate::pool::region_averages::{average_region_backward_units, average_region_units};
use crate::pool::regions::{region_backward_units, region_units};

/// One call, as the TypeScript side writes it to memory: eight words.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Job {
    /// Address of the plan: for regions (operations from 5 on) a plan of theirs.
    pub plan: usize,
    /// Number of items.
    pub batch: usize,
    /// Number of channels.
    pub channels: usize,
    /// 0: forward; 1: forward with indices; 2: backward; 3: average; 4: its backward; 5: regions forward; 6: regions with
    /// indices; 7: regions backward; 8: regions averaged; 9: its backward.
    pub operation: usize,
    /// Address of the input, or of the gradient with respect to it.
    pub input: usize,
    /// Address of the output, or of the gradient with respect to it.
    pub output: usize,
    /// Address of the indices.
    pub indices: usize,
    /// Type of the input and the output: 0: `f32`; 1: `f16`; 2: `i8`; 3: `u8`.
    pub element: usize,
}

/// Position of the first of `count` indices that is not below `cells`, or `count` where all are. With `nowhere` not 0, -1
/// is an index as well.
#[wasm_bindgen]
pub fn first_bad_index(indices: usize, count: usize, cells: usize, nowhere: usize) -> usize {
    // SAFETY: the caller's promise: `indices` holds `count` words.
    let indices = unsafe { from_raw_parts(indices as *const u32, count) };
    first_outside(indices, cells, nowhere != 0).unwrap_or(count)
}

/// A list of jobs in memory.
fn list<'a>(jobs: usize, count: usize) -> &'a [Job] {
    // SAFETY: the caller's promise: `count` jobs in memory, which nobody changes while they run.
    unsafe { from_raw_parts(jobs as *const Job, count) }
}

/// Number of units that `count` jobs are made of: what [`run`] takes ranges of.
#[wasm_bindgen]
pub fn job_units(jobs: usize, count: usize) -> usize {
    list(jobs, count).iter().map(units_of).sum()
}

fn units_of(job: &Job) -> usize {
    match Planned::of(job) {
        Planned::Map(plan) if job.operation < 2 => plan.forward_units(&job.map(plan.size()), job.element()).all().end,
        Planned::Map(plan) => plan.units(&job.map(plan.size())).all().end,
        Planned::Regions(plan) => plan.set().units(&job.map(plan.set().size())).all().end,
    }
}

/// Runs units `first..end` of `count` jobs, counted through all of them, with working memory at `scratch`.
#[wasm_bindgen]
pub fn run(jobs: usize, count: usize, first: usize, end: usize, scratch: usize) {
    let mut before = 0;
    for job in list(jobs, count) {
        let after = before + units_of(job);
        if first < after && before < end {
            let range = first.max(before) - before..end.min(after) - before;
            match Planned::of(job) {
                Planned::Map(plan) => run_map(job, plan, range, scratch),
                Planned::Regions(plan) => run_regions(job, plan, range, scratch),
            }
        }
        before = after;
    }
}

/// The plan of a job.
enum Planned<'a> {
    Map(&'a PyramidPlan),
    Regions(&'a PlannedRegions),
}

impl Planned<'_> {
    fn of(job: &Job) -> Self {
        // SAFETY: the caller's promise: a job's plan is of the kind that the operation says.
        unsafe {
            match job.operation {
                0..5 => Planned::Map(&*(job.plan as *const PyramidPlan)),
                _ => Planned::Regions(PlannedRegions::at(job.plan)),
            }
        }
    }
}

impl Job {
    fn map(&self, (height, width): (usize, usize)) -> FeatureMap {
        FeatureMap { batch: self.batch, channels: self.channels, height, width }
    }

    fn element(&self) -> ElementType {
        element(self.element)
    }

    /// # Safety
    /// The job's buffers must live and be as long as `map` and `len` say, and the units that are run be this thread's.
    unsafe fn buffers<'a>(&self, map: &FeatureMap, len: usize) -> (Elements<'a>, Elements<'a>) {
        // SAFETY: the caller's promise.
        unsafe {
            (
                Elements::from_raw(self.input as *mut u8, map.len(), self.element()),
                Elements::from_raw(self.output as *mut u8, len, self.element()),
            )
        }
    }

    /// Room for indices, empty unless the operation asks for them.
    ///
    /// # Safety
    /// As [`Job::buffers`].
    unsafe fn places<'a>(&self, len: usize) -> Span<'a, u32> {
        // SAFETY: the caller's promise.
        unsafe { Span::from_raw(self.indices as *mut u32, if matches!(self.operation, 1 | 6) { len } else { 0 }) }
    }

    /// # Safety
    /// As [`Job::buffers`], and the gradients must be of this type.
    unsafe fn gradients<'a, T: Real>(&self, map: &FeatureMap, len: usize) -> Gradients<'a, T> {
        // SAFETY: the caller's promise.
        unsafe {
            Gradients {
                output: from_raw_parts(self.output as *const T, len),
                indices: from_raw_parts(self.indices as *const u32, len),
                input: Span::from_raw(self.input as *mut T, map.len()),
            }
        }
    }
}

fn run_map(job: &Job, plan: &PyramidPlan, range: Range<usize>, scratch: usize) {
    let map = job.map(plan.size());
    let len = plan.output_len(job.batch, job.channels);
    // SAFETY: the caller's promises: the job's buffers live, are as long as the shape says, and neither the units nor the
    // scratch are another thread's.
    unsafe {
        let scratch = Span::from_raw(scratch as *mut f32, plan_scratch(job.plan, job.operation, job.element));
        let (cells, bins) = job.buffers(&map, len);
        match job.operation {
            0 | 1 => forward_units(plan, &map, cells, (bins, job.places(len)), range, scratch),
            2 if job.element() == ElementType::F16 => {
                backward_units(plan, &map, job.gradients::<f16>(&map, len), range, scratch);
            }
            2 => backward_units(plan, &map, job.gradients::<f32>(&map, len), range, scratch),
            3 => average_units(plan, &map, cells, bins, range, scratch),
            _ => average_backward_units(plan, &map, bins, cells, range, scratch),
        }
    }
}

fn run_regions(job: &Job, plan: &PlannedRegions, range: Range<usize>, scratch: usize) {
    let (map, len) = (job.map(plan.set().size()), plan.set().output_len(job.channels));
    // SAFETY: as for a map.
    unsafe {
        let scratch = Span::from_raw(scratch as *mut f32, regions_scratch(job.plan, job.operation, job.element));
        let (cells, bins) = job.buffers(&map, len);
        match plan {
            PlannedRegions::Bins(plan) => match job.operation {
                5 | 6 => region_units(plan, &map, cells, (bins, job.places(len)), range, scratch),
                8 => average_region_units(plan, &map, cells, bins, range, scratch),
                9 => average_region_backward_units(plan, &map, bins, cells, range, scratch),
                7 if job.element() == ElementType::F16 => {
                    region_backward_units(plan, &map, job.gradients::<f16>(&map, len), range, scratch);
                }
                _ => region_backward_units(plan, &map, job.gradients::<f32>(&map, len), range, scratch),
            },
            PlannedRegions::Samples(plan) => match job.operation {
                5 => align_units(plan, &map, cells, bins, range, scratch),
                _ => align_backward_units(plan, &map, bins, cells, range, scratch),
            },
        }
    }
}
