//! The WASM boundary: addresses and numbers in, result codes out. Nothing here allocates on the way of a call, and
//! strings never cross.
//!
//! Callers keep three promises, which the safety notes below rest on: an address comes from [`alloc`] or [`plan_new`]
//! and is still theirs, a [`Job`] describes buffers that are as long as its shape says, and no unit of a job is run by
//! two threads at a time.

use std::alloc::{Layout as Block, alloc as allocate, dealloc};
use std::ops::Range;
use std::slice::from_raw_parts;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::backward::{Gradients, average_backward_units, backward_units, first_outside};
use crate::bins::{Bin, Rule};
use crate::forward::{average_units, forward_units, units};
use crate::kernels::Slots;
use crate::span::Span;
use crate::{FeatureMap, Layout, PoolError, PyramidPlan};

/// Alignment of every allocation: one cache line, so that threads do not share one by accident.
const ALIGN: usize = 64;

/// One call, as the TypeScript side writes it to memory: seven words.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Job {
    /// Address of the plan.
    pub plan: usize,
    /// Number of items.
    pub batch: usize,
    /// Number of channels.
    pub channels: usize,
    /// 0: forward; 1: forward with indices; 2: backward; 3: average; 4: its backward.
    pub operation: usize,
    /// Address of the input, or of the gradient with respect to it.
    pub input: usize,
    /// Address of the output, or of the gradient with respect to it.
    pub output: usize,
    /// Address of the indices.
    pub indices: usize,
}

fn block(bytes: usize) -> Option<Block> {
    Block::from_size_align(bytes.max(1), ALIGN).ok()
}

/// Address of `bytes` new bytes, or 0 where memory is exhausted.
#[wasm_bindgen]
pub fn alloc(bytes: usize) -> usize {
    // SAFETY: a block is never empty.
    block(bytes).map_or(0, |block| unsafe { allocate(block) } as usize)
}

/// Gives back what [`alloc`] gave for as many bytes.
#[wasm_bindgen]
pub fn free(address: usize, bytes: usize) {
    if let Some(block) = block(bytes) {
        // SAFETY: the caller's promise: from `alloc`, for as many bytes, and not in use any more.
        unsafe { dealloc(address as *mut u8, block) }
    }
}

/// A rule of bins by its number.
fn rule(number: usize) -> Rule {
    match number {
        0 => Rule::Adaptive,
        1 => Rule::Sliding,
        _ => Rule::Padded,
    }
}

/// How many bins a rule (0 adaptive, 1 sliding, 2 padded) gives over `size` cells where `n` are asked for.
#[wasm_bindgen]
pub fn bin_count(rule_number: usize, size: usize, n: usize) -> usize {
    rule(rule_number).count(size, n)
}

/// Writes the `n` bins of a rule over `size` cells to `to`, two words each: start and end. Only where it gives `n`.
#[wasm_bindgen]
pub fn bin_bounds(rule_number: usize, size: usize, n: usize, to: usize) {
    for i in 0..n {
        // SAFETY: the caller's promise: `to` has room for `n` bins.
        unsafe { (to as *mut Bin).add(i).write(rule(rule_number).bin(size, n, i)) }
    }
}

/// Plans a pyramid over `height x width` maps. `levels` is the address of `count` pairs of words, rows and columns of
/// bins; `layout` is 0 for NCHW and 1 for NHWC; the rule must give the bins asked for. Gives the plan's address, 0 where memory is exhausted, or 1 where the
/// sizes are beyond what can be counted.
#[wasm_bindgen]
pub fn plan_new(height: usize, width: usize, levels: usize, count: usize, rule_number: usize, layout: usize) -> usize {
    let layout = if layout == 0 { Layout::Nchw } else { Layout::Nhwc };
    // SAFETY: the caller's promise: `levels` holds `count` pairs.
    let levels = unsafe { from_raw_parts(levels as *const (usize, usize), count) };
    match PyramidPlan::new(height, width, levels, rule(rule_number), layout) {
        Ok(plan) => {
            let address = alloc(size_of::<PyramidPlan>());
            if address != 0 {
                // SAFETY: just allocated, large enough and aligned.
                unsafe { (address as *mut PyramidPlan).write(plan) };
            }
            address
        }
        Err(PoolError::OutOfMemory) => 0,
        Err(_) => 1,
    }
}

/// Frees a plan.
#[wasm_bindgen]
pub fn plan_free(plan: usize) {
    // SAFETY: the caller's promise: from `plan_new`, and not in use any more.
    unsafe { (plan as *mut PyramidPlan).drop_in_place() };
    free(plan, size_of::<PyramidPlan>());
}

/// Number of words of working memory that a thread needs for an operation, by the number it has in a [`Job`].
#[wasm_bindgen]
pub fn plan_scratch(plan: usize, operation: usize) -> usize {
    // SAFETY: the caller's promise: from `plan_new`.
    let plan = unsafe { &*(plan as *const PyramidPlan) };
    match operation {
        0 | 1 => plan.forward_scratch(),
        2 => plan.backward_scratch(),
        _ => plan.average_scratch(),
    }
}

/// Position of the first of `count` indices that is not below `cells`, or `count` where all are.
#[wasm_bindgen]
pub fn first_bad_index(indices: usize, count: usize, cells: usize) -> usize {
    // SAFETY: the caller's promise: `indices` holds `count` words.
    first_outside(unsafe { from_raw_parts(indices as *const u32, count) }, cells).unwrap_or(count)
}

/// The map, the plan and the number of elements in the output of a job.
fn describe(job: &Job) -> (&PyramidPlan, FeatureMap, usize) {
    // SAFETY: the caller's promise: a job's plan comes from `plan_new`.
    let plan = unsafe { &*(job.plan as *const PyramidPlan) };
    let (height, width) = plan.size();
    let map = FeatureMap { batch: job.batch, channels: job.channels, height, width };
    (plan, map, plan.output_len(job.batch, job.channels))
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
    let (plan, map, _) = describe(job);
    units(plan, &map)
}

/// Runs units `first..end` of `count` jobs, counted through all of them, with working memory at `scratch`.
#[wasm_bindgen]
pub fn run(jobs: usize, count: usize, first: usize, end: usize, scratch: usize) {
    let mut before = 0;
    for job in list(jobs, count) {
        let after = before + units_of(job);
        if first < after && before < end {
            run_job(job, first.max(before) - before..end.min(after) - before, scratch);
        }
        before = after;
    }
}

fn run_job(job: &Job, range: Range<usize>, scratch: usize) {
    // SAFETY: the caller's promises: the job's plan and buffers live, are as long as the shape says, and neither the
    // units nor the scratch are another thread's.
    unsafe {
        let (plan, map, len) = describe(job);
        let scratch = Span::from_raw(scratch as *mut f32, plan_scratch(job.plan, job.operation));
        let input = || from_raw_parts(job.input as *const f32, map.len());
        let grad_input = || Span::from_raw(job.input as *mut f32, map.len());
        let output = || Span::from_raw(job.output as *mut f32, len);
        let grad_output = || from_raw_parts(job.output as *const f32, len);
        match job.operation {
            0 | 1 => {
                let indexed = if job.operation == 1 { len } else { 0 };
                let indices = Span::from_raw(job.indices as *mut u32, indexed);
                let slots = Slots { values: output(), indices };
                forward_units(plan, &map, input(), slots, range, scratch);
            }
            2 => {
                let indices = from_raw_parts(job.indices as *const u32, len);
                let gradients = Gradients { output: grad_output(), indices, input: grad_input() };
                backward_units(plan, &map, gradients, range, scratch);
            }
            3 => average_units(plan, &map, input(), output(), range, scratch),
            _ => average_backward_units(plan, &map, grad_output(), grad_input(), range, scratch),
        }
    }
}
