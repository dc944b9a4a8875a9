//! Plans for whole maps, and the rules of bins.

use std::slice::from_raw_parts;

use wasm_bindgen::prelude::wasm_bindgen;

use super::memory::{drop_at, into_address};
use super::operation::Operation;
use super::{arrangement, code, element, rule};
use crate::element::ElementType;
use crate::geometry::bins::Bin;
use crate::plan::PyramidPlan;

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
/// bins; `arrangement_number` is 0 for NCHW and 1 for NHWC, and 2 more where the output is in the order of channels; the rule must
/// give the bins asked for. Gives the plan's address, 0 where memory is exhausted, or 1 where the sizes are beyond what can be
/// counted.
#[wasm_bindgen]
pub fn plan_new(
    height: usize,
    width: usize,
    levels: usize,
    count: usize,
    rule_number: usize,
    arrangement_number: usize,
) -> usize {
    // SAFETY: the caller's promise: `levels` holds `count` pairs.
    let levels = unsafe { from_raw_parts(levels as *const (usize, usize), count) };
    PyramidPlan::new(height, width, levels, rule(rule_number), arrangement(arrangement_number))
        .map_or_else(code, into_address)
}

/// Frees a plan.
#[wasm_bindgen]
pub fn plan_free(plan: usize) {
    // SAFETY: the caller's promise: from `plan_new`, and not in use any more.
    unsafe { drop_at::<PyramidPlan>(plan) }
}

/// Number of words of working memory that a thread needs for an operation, by the number it has in a job, over elements
/// of a type, likewise.
#[wasm_bindgen]
pub fn plan_scratch(plan: usize, operation: usize, element_number: usize) -> usize {
    // SAFETY: the caller's promise: from `plan_new`.
    let plan = unsafe { &*(plan as *const PyramidPlan) };
    scratch(plan, Operation::of(operation), element(element_number))
}

pub(super) fn scratch(plan: &PyramidPlan, operation: Operation, kind: ElementType) -> usize {
    match operation {
        Operation::Forward | Operation::ForwardWithIndices => plan.forward_scratch(kind),
        Operation::Backward => plan.backward_scratch(),
        Operation::Average | Operation::AverageBackward => plan.average_scratch(),
    }
}
