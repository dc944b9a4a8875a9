//! Forward over a block of NCHW planes of one item: they are brought side by side in working memory, and the bins back into planes.
//!
//! Of large planes, the rows of each row of bins are reduced to one row first, so that there is little to transpose.

use core::ops::Range;

use half::f16;

use super::kernel::Kernel;
use super::nhwc;
use super::pass::{Bins, Item, Plane, Reduced, Rows};
use super::transpose::ROWS;
use crate::geometry::bins::Bin;
use crate::geometry::shape::{Layout, LevelRange, PlaneStrides};
use crate::geometry::units::blocks;
use crate::kernels::transposed::transpose_any;
use crate::memory::span::Span;
use crate::plan::{NarrowScratch, Source};
use crate::vector::Native as V;

/// Pools some planes of one item, at most as many as a line of the cache holds cells of.
///
/// # Safety
/// The item's buffers must have the lengths of its plan, the planes lie inside them, and `work` be the plan's and no
/// other holder's.
#[inline(never)]
pub(crate) unsafe fn pool(item: &Item, planes: Range<usize>, kernel: &mut dyn Kernel, work: &NarrowScratch) {
    let (plan, line) = (item.plan, work.line);
    let indices = if item.output.indices.len() > 0 { work.indices } else { Span::empty() };
    // The planes as channels of an NHWC map.
    let beside = &Item {
        plan,
        input: work.cells[0],
        cells: PlaneStrides { first: 0, plane: 1, step: line },
        output: Bins { values: work.values, indices },
        channels: line,
        row: 0,
        arrangement: Layout::Nhwc.into(),
    };
    let transposes = work.transposes(planes.len());
    let channels = 0..if transposes { line } else { planes.len().next_multiple_of(work.lanes) };
    // SAFETY: the caller's promise. Working memory has room for the bins of all levels.
    unsafe {
        if transposes {
            let (cells, first) = (item.cells.plane, item.cells.at(planes.start, 0));
            let rows = &Rows { of: &item.input, first, apart: cells, count: planes.len() };
            // What would be the planes behind the last are copies of it.
            for plane in (0..line).step_by(ROWS) {
                kernel.transpose((rows, plane), (&work.cells[0], plane, line), cells);
            }
        }
        for level in plan.in_order() {
            if level.source != Source::Map || transposes {
                nhwc::pool_level(beside, level, channels.clone(), kernel);
                continue;
            }
            let mut to = beside.place(level).first;
            for rows in level.rows.chunks(work.together) {
                let bins = (rows, &*level.columns);
                reduce_planes(item, planes.clone(), bins, kernel, work, (&beside.output, to));
                to += rows.len() * level.columns.len() * line;
            }
        }
        for stretch in plan.pyramid().stretches() {
            let place = item.arrangement.bins(item.channels, plan.pyramid().bins, stretch, item.row);
            let to = item.output.part(place.at(planes.start, 0), planes.len() * stretch.bins);
            write_planes(kernel, (&beside.output, stretch), &to, work, planes.len());
        }
    }
}

/// Makes bins of these rows and columns, which then lie side by side, a line for each bin.
///
/// # Safety
/// The planes must be some of the item's, the bins those of a level, `work` the plan's, for as many planes and rows, and the output have room
/// for the bins from that element on.
#[inline(never)]
unsafe fn reduce_planes(
    item: &Item,
    planes: Range<usize>,
    bins: (&[Bin], &[Bin]),
    kernel: &mut dyn Kernel,
    work: &NarrowScratch,
    out: (&Bins, usize),
) {
    let ((height, width), line, indexed) = (item.plan.size(), work.line, out.0.indices.len() > 0);
    let size = height * width;
    // What is read behind the last row of a plane where rows are narrower than a vector.
    let behind = work.lanes.saturating_sub(width);
    for some in blocks(planes.clone(), ROWS) {
        // SAFETY: the planes lie inside the input, and working memory has room for their reduced rows.
        unsafe {
            let (first, count) = (item.cells.at(some.start, 0), some.len());
            // Where nothing is behind the last planes, copies of them are read.
            let copies = (first + count * size + behind).saturating_sub(item.input.len()).div_ceil(size).min(count);
            let others = count - copies;
            if copies > 0 {
                work.staged.copy_from(item.input.part(first + others * size, copies * size));
            }
            for i in 0..count {
                let (cells, first) =
                    if i < others { (&item.input, first + i * size) } else { (&work.staged, (i - others) * size) };
                let plane = &Plane { cells, first, width };
                kernel.reduce_rows(plane, bins.0, (&work.rows, i * work.stride), indexed);
            }
            for k in 0..=usize::from(indexed) {
                let rows = &Rows { of: &work.rows[k], first: 0, apart: work.stride, count };
                let to = (&work.cells[k], some.start - planes.start, line);
                kernel.transpose((rows, 0), to, bins.0.len() * width);
            }
        }
    }
    // SAFETY: these rows were reduced.
    unsafe {
        let reduced = &Reduced { cells: &work.cells, width, line, planes: planes.len() };
        if kernel.reduce_columns(reduced, bins, out) {
            reduce_negative(item, planes, bins, out, line);
        }
    }
}

/// Makes the bins anew that hold negative halves alone. The greatest of these has the least bits.
///
/// # Safety
/// As [`reduce_planes`], whose bins must be made.
#[cold]
#[inline(never)]
unsafe fn reduce_negative(
    item: &Item,
    planes: Range<usize>,
    (rows, columns): (&[Bin], &[Bin]),
    (out, mut to): (&Bins, usize),
    line: usize,
) {
    let (width, input, values) = (item.plan.size().1, item.input.cast::<f16>(), out.values.cast::<f16>());
    for rows in rows {
        for columns in columns {
            for (channel, to) in planes.clone().zip(to..) {
                // SAFETY: the bin of this plane, and its cells.
                unsafe {
                    if values.get(to).is_sign_positive() {
                        continue;
                    }
                    let (mut least, mut index) = (u16::MAX, 0);
                    for row in rows.range() {
                        for cell in columns.range().map(|column| row * width + column) {
                            let bits = input.get(item.cells.at(channel, cell)).to_bits();
                            if bits < least {
                                (least, index) = (bits, cell);
                            }
                        }
                    }
                    values.set(to, f16::from_bits(least));
                    if out.indices.len() > 0 {
                        out.indices.set(to, index as u32);
                    }
                }
            }
            to += line;
        }
    }
}

/// Transposes some bins of so many planes, which lie side by side, into planes one after the other.
///
/// # Safety
/// `from` must hold the bins, `to` have their number, and `work` be the plan's.
#[inline(never)]
unsafe fn write_planes(
    kernel: &mut dyn Kernel,
    (from, stretch): (&Bins, LevelRange),
    to: &Bins,
    work: &NarrowScratch,
    planes: usize,
) {
    let (line, bins, first) = (work.line, stretch.bins, stretch.first * work.line);
    // SAFETY: bins of these planes. Working memory has room for what is written behind them.
    unsafe {
        let rows = &Rows { of: &from.values, first, apart: line, count: bins };
        // The last first: what is written behind the bins of a plane are the first ones of the next.
        for bin in (0..bins).step_by(ROWS).rev() {
            kernel.transpose((rows, bin), (&work.staged, bin, bins), planes);
        }
        to.values.copy_from(work.staged.part(0, bins * planes));
        if to.indices.len() > 0 {
            let (from, to) = (from.indices.as_mut_ptr().add(first), to.indices.as_mut_ptr());
            transpose_any::<V>(from.cast(), to.cast(), (line, bins), (bins, planes));
        }
    }
}
