//! Sums of a bin's cells, of many columns or channels at a time.

use half::f16;

use super::{Work, add, narrow};
use crate::element::{ElementType, Elements, small_half};
use crate::geometry::units::blocks;
use crate::kernels::carrier::Carrier;
use crate::memory::span::Span;
use crate::vector::{Native, Vector, eight_small_halves, small_halves};

/// Cells that are added one after the other in `f32`, and how many of such sums are added before their sum is added to one in `f64`:
/// 64 cells in all. Rounding moves the average of so many by at most 6e-7 of the largest magnitude.
const RUN: usize = 8;

/// Finite halves by [`small_halves`].
enum SmallHalf {}

impl Carrier for SmallHalf {
    type Element = f16;
    #[inline(always)]
    fn get(half: f16) -> f32 {
        small_half(half)
    }
    #[inline(always)]
    unsafe fn load<V: Vector>(from: *const f16) -> V {
        // SAFETY: the caller's promise.
        small_halves(unsafe { V::load_i16(from.cast()) })
    }
}

/// Stretches of neighbouring cells, `rows` times `columns` of them. For each direction: how far two neighbours lie apart, and how many
/// there are.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    /// Where the first stretch begins.
    pub first: usize,
    pub rows: (usize, usize),
    pub columns: (usize, usize),
}

/// Sums the stretches of a grid element by element into `work.staged`: halves by [`small_halves`].
///
/// # Safety
/// The stretches, each of `len` cells, must lie inside `cells`.
#[inline(never)]
pub(super) unsafe fn sum(work: &mut Work, len: usize, cells: Elements, grid: Grid) {
    let (sums, staged) = (&mut work.sums[..len], &mut work.staged[..len]);
    let runs = grid.columns.1.div_ceil(RUN);
    // SAFETY: inside, by the caller's promise.
    unsafe {
        if runs * grid.rows.1 <= RUN {
            return sum_block(staged, cells, grid);
        }
        sums.fill(0.0);
        for rows in blocks(0..grid.rows.1, (RUN / runs).max(1)) {
            for columns in blocks(0..grid.columns.1, RUN * RUN) {
                let first = grid.first + rows.start * grid.rows.0 + columns.start * grid.columns.0;
                let block = Grid { first, rows: (grid.rows.0, rows.len()), columns: (grid.columns.0, columns.len()) };
                sum_block(staged, cells, block);
                add(sums, staged, 1.0);
            }
        }
    }
    narrow(sums, staged);
}

/// Sums the stretches of a grid of at most [`RUN`] runs.
///
/// # Safety
/// As [`sum`].
unsafe fn sum_block(sums: &mut [f32], cells: Elements, grid: Grid) {
    // SAFETY: the caller's promise is the same.
    unsafe {
        match cells.kind() {
            ElementType::F16 if sums.len() >= EIGHT => sum_eights(sums, cells.cast(), grid),
            ElementType::F16 => sum_as::<SmallHalf>(sums, cells.cast(), grid),
            _ => sum_as::<f32>(sums, cells.cast(), grid),
        }
    }
}

/// The same for elements of a type.
///
/// # Safety
/// As [`sum`].
#[inline(never)]
unsafe fn sum_as<C: Carrier>(sums: &mut [f32], cells: Span<C::Element>, grid: Grid) {
    // SAFETY: inside, by the caller's promise.
    unsafe {
        if sums.len() < Native::LANES {
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = in_runs(grid, 0.0, |all, at| all + C::get(cells.get(at + i)), |all, run| all + run);
            }
            return;
        }
        for at in (0..sums.len()).step_by(4 * Native::LANES) {
            sum_line::<C>(sums, cells, grid, at);
        }
    }
}

/// Sums four registers of lanes from `at` on, a line of the cache. Those that would go beyond the end begin before it, and are summed
/// twice.
///
/// # Safety
/// As [`sum`], and there must be as many sums as lanes in a register.
#[inline(always)]
unsafe fn sum_line<C: Carrier>(sums: &mut [f32], cells: Span<C::Element>, grid: Grid, at: usize) {
    let places: [usize; 4] = core::array::from_fn(|k| (at + k * Native::LANES).min(sums.len() - Native::LANES));
    let join = |a: [Native; 4], b: [Native; 4]| core::array::from_fn(|k| a[k].add(b[k]));
    // SAFETY: inside, by the caller's promise.
    let cells_at = |cell: usize| places.map(|place| unsafe { C::load(cells.as_mut_ptr().add(cell + place)) });
    let all = in_runs(grid, [Native::splat(0.0); 4], |all, at| join(all, cells_at(at)), join);
    for (place, sum) in places.into_iter().zip(all) {
        // SAFETY: no place is beyond the last four sums.
        unsafe { sum.store(sums[place..].as_mut_ptr()) };
    }
}

/// Halves in a register.
const EIGHT: usize = 2 * Native::LANES;

/// The same for halves, which are loaded eight at a time: two registers of sums hold every other one of them.
///
/// # Safety
/// As [`sum`], and there must be as many sums as halves in a register.
#[inline(never)]
unsafe fn sum_eights(sums: &mut [f32], cells: Span<f16>, grid: Grid) {
    for at in (0..sums.len()).step_by(2 * EIGHT) {
        let places: [usize; 2] = core::array::from_fn(|k| (at + k * EIGHT).min(sums.len() - EIGHT));
        let join = |a: [[Native; 2]; 2], b: [[Native; 2]; 2]| {
            core::array::from_fn(|k| core::array::from_fn(|i| a[k][i].add(b[k][i])))
        };
        let cells_at = |cell: usize| {
            // SAFETY: inside, by the caller's promise.
            places.map(|place| eight_small_halves(unsafe { Native::load(cells.as_mut_ptr().add(cell + place).cast()) }))
        };
        let all = in_runs(grid, [[Native::splat(0.0); 2]; 2], |all, at| join(all, cells_at(at)), join);
        for (place, [even, odd]) in places.into_iter().zip(all) {
            // SAFETY: no place is beyond the last eight sums.
            unsafe {
                even.zip_low(odd).store(sums[place..].as_mut_ptr());
                even.zip_high(odd).store(sums[place + Native::LANES..].as_mut_ptr());
            }
        }
    }
}

/// Adds up a grid, run by run: `cell` adds what stands at a place, `join` a whole run.
#[inline(always)]
fn in_runs<T: Copy>(grid: Grid, zero: T, cell: impl Fn(T, usize) -> T, join: impl Fn(T, T) -> T) -> T {
    let mut all = zero;
    for row in 0..grid.rows.1 {
        let (mut at, mut left) = (grid.first + row * grid.rows.0, grid.columns.1);
        while left > 0 {
            let count = left.min(RUN);
            let mut run = zero;
            for _ in 0..count {
                run = cell(run, at);
                at += grid.columns.0;
            }
            all = join(all, run);
            left -= count;
        }
    }
    all
}
