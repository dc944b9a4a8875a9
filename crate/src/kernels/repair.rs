//! What the fast result leaves to be mended: NaN, which it passes over, and the sign of zero, which depends on the
//! order of the scan.

use super::{Slots, best::Indexed};
use crate::bins::covering;
use crate::plan::{Level, PyramidPlan};
use crate::shape::Stride;

/// Mends one plane whose fast result stands in the slots. `nan`: some cell may be NaN. `zero`: some bin may be zero.
///
/// The cells stand in `input` at `cells`; `output` gives a level's slots and where its bins stand in them.
#[inline(always)]
pub(crate) fn plane<'a, B: Indexed>(
    plan: &PyramidPlan,
    input: &[f32],
    cells: Stride,
    nan: bool,
    zero: bool,
    output: impl Fn(&Level) -> (Slots<'a>, Stride),
) {
    if zero {
        if B::INDEXED {
            zeros_by_index(plan, input, cells, &output)
        } else {
            zeros_by_scan(plan, input, cells, &output)
        }
    }
    if nan {
        nans::<B>(plan, input, cells, &output);
    }
}

/// Writes every NaN cell, in row-major order, into the bins that hold it: the last one stays.
#[cold]
#[inline(never)]
fn nans<'a, B: Indexed>(
    plan: &PyramidPlan,
    input: &[f32],
    cells: Stride,
    output: &impl Fn(&Level) -> (Slots<'a>, Stride),
) {
    let (height, width) = plan.size();
    for index in 0..height * width {
        let value = input[cells.at(index)];
        if !value.is_nan() {
            continue;
        }
        for level in plan.levels() {
            let (slots, bins) = output(level);
            for i in covering(&level.rows, index / width) {
                for j in covering(&level.columns, index % width) {
                    let at = bins.at(i * level.columns.len() + j);
                    // SAFETY: `i` and `j` are bins of the level, for which the slots have room.
                    unsafe {
                        slots.values.set(at, value);
                        if B::INDEXED {
                            slots.indices.set(at, index as u32);
                        }
                    }
                }
            }
        }
    }
}

/// Calls `mend` for every bin of the plane whose value is a zero of either sign.
#[inline(always)]
fn for_each_zero<'a>(
    plan: &PyramidPlan,
    output: &impl Fn(&Level) -> (Slots<'a>, Stride),
    mut mend: impl FnMut(&Level, usize, Slots<'a>, usize),
) {
    for level in plan.levels() {
        let (slots, bins) = output(level);
        for bin in 0..level.bins() {
            let at = bins.at(bin);
            // SAFETY: the slots have room for every bin of the level.
            if unsafe { slots.values.get(at) } == 0.0 {
                mend(level, bin, slots, at);
            }
        }
    }
}

/// The index names the first zero, whose sign the value must have.
#[cold]
#[inline(never)]
fn zeros_by_index<'a>(
    plan: &PyramidPlan,
    input: &[f32],
    cells: Stride,
    output: &impl Fn(&Level) -> (Slots<'a>, Stride),
) {
    for_each_zero(plan, output, |_, _, slots, at| {
        // SAFETY: `at` is a bin's place, where the index was stored beside the value.
        unsafe { slots.values.set(at, input[cells.at(slots.indices.get(at) as usize)]) }
    });
}

/// Looks for the first zero of every bin that came out zero, if the plane has a negative zero at all.
#[cold]
#[inline(never)]
fn zeros_by_scan<'a>(
    plan: &PyramidPlan,
    input: &[f32],
    cells: Stride,
    output: &impl Fn(&Level) -> (Slots<'a>, Stride),
) {
    const NEGATIVE_ZERO: u32 = 1 << 31;
    let (height, width) = plan.size();
    if !(0..height * width).any(|index| input[cells.at(index)].to_bits() == NEGATIVE_ZERO) {
        return;
    }
    for_each_zero(plan, output, |level, bin, slots, at| {
        let (rows, columns) = (level.rows[bin / level.columns.len()], level.columns[bin % level.columns.len()]);
        let bin = rows.range().flat_map(|row| columns.range().map(move |column| row * width + column));
        if let Some(first) = bin.map(|index| input[cells.at(index)]).find(|&value| value == 0.0) {
            // SAFETY: `at` is a bin's place.
            unsafe { slots.values.set(at, first) }
        }
    });
}
