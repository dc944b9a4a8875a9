//! Calls, and the way of running a part of one.

use std::ops::Range;
use std::slice::from_raw_parts;

use half::f16;
use wasm_bindgen::prelude::wasm_bindgen;

use super::element;
use super::operation::{FIRST_OF_REGIONS, Operation};
use super::plans::scratch as plan_scratch;
use super::regions::PlannedRegions;
use crate::element::{ElementType, Elements, Real};
use crate::geometry::shape::FeatureMap;
use crate::kernels::scatter::Gradients;
use crate::memory::span::Span;
use crate::plan::PyramidPlan;
use crate::plan::align::AlignPlan;
use crate::plan::regions::RegionPlan;
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
    list(jobs, count).iter().map(|job| Call::of(job).units()).sum()
}

/// Runs units `first..end` of `count` jobs, counted through all of them, with working memory at `scratch`.
#[wasm_bindgen]
pub fn run(jobs: usize, count: usize, first: usize, end: usize, scratch: usize) {
    let mut before = 0;
    for job in list(jobs, count) {
        let call = Call::of(job);
        let after = before + call.units();
        if first < after && before < end {
            call.run(first.max(before) - before..end.min(after) - before, scratch);
        }
        before = after;
    }
}

/// Runs all units of one job, with working memory at `scratch`, unless it reads indices that are none of cells. Returns whether it ran.
#[wasm_bindgen]
pub fn run_checked(job: usize, scratch: usize) -> bool {
    let call = Call::of(&list(job, 1)[0]);
    let fits = call.indices_fit();
    if fits {
        call.run(0..call.units(), scratch);
    }
    fits
}

/// The plan of a job.
#[derive(Clone, Copy)]
enum Planned<'a> {
    Map(&'a PyramidPlan),
    Regions(&'a PlannedRegions),
}

impl Planned<'_> {
    fn of(job: &Job) -> Self {
        // SAFETY: the caller's promise: a job's plan is of the kind that the operation says.
        unsafe {
            if job.operation < FIRST_OF_REGIONS {
                Planned::Map(&*(job.plan as *const PyramidPlan))
            } else {
                Planned::Regions(PlannedRegions::at(job.plan))
            }
        }
    }

    /// Height and width of its maps.
    fn size(self) -> (usize, usize) {
        match self {
            Planned::Map(plan) => plan.size(),
            Planned::Regions(plan) => plan.set().size(),
        }
    }

    fn output_len(self, job: &Job) -> usize {
        match self {
            Planned::Map(plan) => plan.output_len(job.batch, job.channels),
            Planned::Regions(plan) => plan.set().output_len(job.channels),
        }
    }

    fn scratch(self, operation: Operation, kind: ElementType) -> usize {
        match self {
            Planned::Map(plan) => plan_scratch(plan, operation, kind),
            Planned::Regions(plan) => plan.scratch(operation),
        }
    }
}

/// A job whose numbers have been read.
struct Call<'a> {
    job: &'a Job,
    plan: Planned<'a>,
    operation: Operation,
    element: ElementType,
    map: FeatureMap,
    /// Length of the output.
    len: usize,
}

impl<'a> Call<'a> {
    fn of(job: &'a Job) -> Self {
        let plan = Planned::of(job);
        let (height, width) = plan.size();
        Call {
            job,
            plan,
            operation: Operation::of(job.operation),
            element: element(job.element),
            map: FeatureMap { batch: job.batch, channels: job.channels, height, width },
            len: plan.output_len(job),
        }
    }

    fn units(&self) -> usize {
        let units = match (self.plan, self.operation) {
            (Planned::Map(plan), Operation::Forward | Operation::ForwardWithIndices) => {
                plan.forward_units(&self.map, self.element)
            }
            (Planned::Map(plan), _) => plan.units(&self.map),
            (Planned::Regions(plan), _) => plan.set().units(&self.map),
        };
        units.all().end
    }

    /// Whether all indices that it reads are those of cells, or -1 for bins of regions. Samples have no indices.
    fn indices_fit(&self) -> bool {
        let nowhere = match (self.operation, self.plan) {
            (Operation::Backward, Planned::Map(_)) => false,
            (Operation::Backward, Planned::Regions(PlannedRegions::Bins(_))) => true,
            _ => return true,
        };
        // SAFETY: the caller's promise: the indices live, and are as many as the output has elements.
        let indices = unsafe { from_raw_parts(self.job.indices as *const u32, self.len) };
        first_outside(indices, self.map.cells(), nowhere).is_none()
    }

    /// Runs some of its units, with working memory at `scratch`.
    fn run(&self, units: Range<usize>, scratch: usize) {
        let words = self.plan.scratch(self.operation, self.element);
        // SAFETY: the caller's promises: the job's buffers live, are as long as the shape says, and neither the units nor the
        // scratch are another thread's.
        unsafe {
            let scratch = Span::from_raw(scratch as *mut f32, words);
            match self.plan {
                Planned::Map(plan) => self.run_map(plan, units, scratch),
                Planned::Regions(PlannedRegions::Bins(plan)) => self.run_regions(plan, units, scratch),
                Planned::Regions(PlannedRegions::Samples(plan)) => self.run_samples(plan, units, scratch),
            }
        }
    }

    /// # Safety
    /// As [`Call::buffers`], and `scratch` must be this thread's.
    unsafe fn run_map(&self, plan: &PyramidPlan, units: Range<usize>, scratch: Span<f32>) {
        let map = &self.map;
        // SAFETY: the caller's promise.
        unsafe {
            let (cells, bins) = self.buffers();
            match self.operation {
                Operation::Forward | Operation::ForwardWithIndices => {
                    forward_units(plan, map, cells, (bins, self.indices()), units, scratch);
                }
                Operation::Backward if self.element == ElementType::F16 => {
                    backward_units(plan, map, self.gradients::<f16>(), units, scratch);
                }
                Operation::Backward => backward_units(plan, map, self.gradients::<f32>(), units, scratch),
                Operation::Average => average_units(plan, map, cells, bins, units, scratch),
                Operation::AverageBackward => average_backward_units(plan, map, bins, cells, units, scratch),
            }
        }
    }

    /// # Safety
    /// As [`Call::run_map`].
    unsafe fn run_regions(&self, plan: &RegionPlan, units: Range<usize>, scratch: Span<f32>) {
        let map = &self.map;
        // SAFETY: the caller's promise.
        unsafe {
            let (cells, bins) = self.buffers();
            match self.operation {
                Operation::Forward | Operation::ForwardWithIndices => {
                    region_units(plan, map, cells, (bins, self.indices()), units, scratch);
                }
                Operation::Backward if self.element == ElementType::F16 => {
                    region_backward_units(plan, map, self.gradients::<f16>(), units, scratch);
                }
                Operation::Backward => region_backward_units(plan, map, self.gradients::<f32>(), units, scratch),
                Operation::Average => average_region_units(plan, map, cells, bins, units, scratch),
                Operation::AverageBackward => average_region_backward_units(plan, map, bins, cells, units, scratch),
            }
        }
    }

    /// # Safety
    /// As [`Call::run_map`].
    unsafe fn run_samples(&self, plan: &AlignPlan, units: Range<usize>, scratch: Span<f32>) {
        // SAFETY: the caller's promise.
        unsafe {
            let (cells, bins) = self.buffers();
            match self.operation {
                Operation::Forward => align_units(plan, &self.map, cells, bins, units, scratch),
                _ => align_backward_units(plan, &self.map, bins, cells, units, scratch),
            }
        }
    }

    /// The elements of the map, and those of the bins.
    ///
    /// # Safety
    /// The job's buffers must live and be as long as its shape says, and the units that are run be this thread's.
    unsafe fn buffers(&self) -> (Elements<'a>, Elements<'a>) {
        // SAFETY: the caller's promise.
        unsafe {
            (
                Elements::from_raw(self.job.input as *mut u8, self.map.len(), self.element),
                Elements::from_raw(self.job.output as *mut u8, self.len, self.element),
            )
        }
    }

    /// Room for indices, empty unless the operation asks for them.
    ///
    /// # Safety
    /// As [`Call::buffers`].
    unsafe fn indices(&self) -> Span<'a, u32> {
        let len = if matches!(self.operation, Operation::ForwardWithIndices) { self.len } else { 0 };
        // SAFETY: the caller's promise.
        unsafe { Span::from_raw(self.job.indices as *mut u32, len) }
    }

    /// # Safety
    /// As [`Call::buffers`], and the gradients must be of this type.
    unsafe fn gradients<T: Real>(&self) -> Gradients<'a, T> {
        // SAFETY: the caller's promise.
        unsafe {
            Gradients {
                output: from_raw_parts(self.job.output as *const T, self.len),
                indices: from_raw_parts(self.job.indices as *const u32, self.len),
                input: Span::from_raw(self.job.input as *mut T, self.map.len()),
            }
        }
    }
}
