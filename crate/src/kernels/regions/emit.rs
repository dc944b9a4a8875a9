//! The way of a region's bins into the output.

use super::{Best, REGION_CHANNELS};
use crate::Layout;
use crate::element::Elements;
use crate::kernels::turned::turn_bins;
use crate::regions::RegionPlan;
use crate::shape::Planes;
use crate::span::Span;
use crate::vector::{Native, Vector};

/// A level of a region as it was pooled.
pub(super) trait Pooled {
    /// The bin of a channel: `(channel, bin)`.
    fn one(&self, at: (usize, usize)) -> Best;

    /// Four of them, values and indices.
    #[inline(always)]
    fn four(&self, at: [(usize, usize); 4]) -> (Native, Native) {
        let all = at.map(|at| self.one(at));
        (Native::indices(all.map(|(value, _)| value.to_bits())), Native::indices(all.map(|(_, index)| index)))
    }
}

impl<F: Fn(usize, usize) -> Best> Pooled for F {
    #[inline(always)]
    fn one(&self, (channel, bin): (usize, usize)) -> Best {
        self(channel, bin)
    }
}

/// Where a block's regions are written.
#[derive(Clone, Copy)]
pub(super) struct Sink<'a> {
    pub plan: &'a RegionPlan,
    /// The block's first channel, and the channels of the map.
    pub channels: (usize, usize),
    pub output: Elements<'a>,
    /// Empty where indices are not asked for.
    pub indices: Span<'a, u32>,
    /// Room for one level of the block, where the output is not `f32`.
    pub staged: Span<'a, f32>,
}

impl<'a> Sink<'a> {
    /// Where a level's bins stand in a region's row, the block's first channel being plane 0.
    fn place(&self, row: usize, level: usize) -> Planes {
        let pyramid = self.plan.pyramid();
        let (first, all) = self.channels;
        let bins = pyramid.bins_at(all, pyramid.places[level], row);
        Planes { first: bins.at(first, 0), ..bins }
    }

    /// Touches the memory that [`Sink::write`] will fill for `count` channels of a region, while another region is pooled: rows
    /// lie far apart. Pays where indices are written as well.
    ///
    /// # Safety
    /// Row and channels must lie inside the output.
    #[inline(always)]
    pub unsafe fn touch(self, row: usize, count: usize) {
        let pyramid = self.plan.pyramid();
        let Some(values) = self.output.as_f32() else { return };
        if pyramid.layout != Layout::Nchw || self.indices.len() == 0 {
            return;
        }
        for (level, place) in pyramid.places.iter().enumerate() {
            let first = self.place(row, level).first;
            // SAFETY: the caller's promise; there are as many indices as values.
            unsafe {
                values.touch(first, count * place.bins);
                self.indices.touch(first, count * place.bins);
            }
        }
    }

    /// Values that a level of a whole block will fill, to be claimed while the region before is pooled: rows lie far apart, and
    /// the first store to a line that is not in the cache holds up those behind it. As many lines as the level has bins,
    /// since each bin of a block's channels fills one.
    #[inline(always)]
    pub fn ahead(self, row: usize, level: usize) -> Ahead<'a> {
        let place = self.place(row, level);
        let apart = if place.step == 1 { REGION_CHANNELS } else { place.step };
        Ahead { values: self.output.as_f32(), first: place.first, apart }
    }

    /// Writes one level of a region: `best(channel, bin)` for `count` channels.
    ///
    /// # Safety
    /// Row, level and channels must lie inside the output.
    #[inline(always)]
    pub unsafe fn write(self, row: usize, level: usize, count: usize, best: &(impl Pooled + ?Sized)) {
        let place = self.place(row, level);
        let bins = self.plan.pyramid().places[level].bins;
        // SAFETY: the caller's promise, and the staged part has room for a level.
        unsafe {
            let (values, to) = match self.output.as_f32() {
                Some(output) => (output, place),
                None => (self.staged, place.packed(count, bins)),
            };
            // In the order in which they lie in memory.
            if self.plan.pyramid().layout == Layout::Nchw {
                for channel in 0..count {
                    let run = (to.at(channel, 0), place.at(channel, 0), bins);
                    self.write_run(values, run, |bin| (channel, bin), best);
                }
            } else {
                for bin in 0..bins {
                    self.write_run(values, (to.at(0, bin), place.at(0, bin), count), |channel| (channel, bin), best);
                }
            }
            self.finish(place, count, bins);
        }
    }

    /// As [`Sink::write`], where bins take longer to find than a call does.
    ///
    /// # Safety
    /// As [`Sink::write`].
    #[inline(never)]
    pub unsafe fn write_slowly(self, row: usize, level: usize, count: usize, best: &dyn Pooled) {
        // SAFETY: the caller's promise is the same.
        unsafe { self.write(row, level, count, best) }
    }

    /// Writes neighbouring bins: values from one place on, and indices, if asked for, from another.
    #[inline(always)]
    unsafe fn write_run(
        self,
        values: Span<f32>,
        (to, place, len): (usize, usize, usize),
        at: impl Fn(usize) -> (usize, usize),
        best: &(impl Pooled + ?Sized),
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            let values = values.part(to, len);
            if self.indices.len() == 0 {
                for i in 0..len {
                    values.set(i, best.one(at(i)).0);
                }
                return;
            }
            let indices = self.indices.part(place, len);
            if len < 4 {
                for i in 0..len {
                    let (value, index) = best.one(at(i));
                    values.set(i, value);
                    indices.set(i, index);
                }
                return;
            }
            // The last four overlap those before them.
            for i in (0..len).step_by(4) {
                let i = i.min(len - 4);
                let (value, index) = best.four([i, i + 1, i + 2, i + 3].map(&at));
                values.store(i, value, 4);
                indices.store(i, index, 4);
            }
        }
    }

    /// Converts what was staged.
    unsafe fn finish(self, place: Planes, count: usize, bins: usize) {
        if self.output.as_f32().is_none() {
            // SAFETY: the caller's promise: the level was staged as a whole, and lies inside the output.
            unsafe { self.output.scatter(place.runs(0..count, bins), self.staged.part(0, count * bins).slice()) };
        }
    }

    /// Writes the values of one level of a region for a whole block of channels.
    ///
    /// # Safety
    /// As [`Sink::write`], and `pooled` must have the level's bins.
    #[inline(always)]
    pub unsafe fn write_vectors<V: Vector>(self, row: usize, level: usize, pooled: Span<f32>) {
        let place = self.place(row, level);
        let bins = self.plan.pyramid().places[level].bins;
        let channels = REGION_CHANNELS;
        // SAFETY: the caller's promise, and the staged part has room for a level.
        unsafe {
            let (values, to) = match self.output.as_f32() {
                Some(output) => (output, place),
                None => (self.staged, place.packed(channels, bins)),
            };
            if to.plane == 1 {
                for first in (0..channels).step_by(V::LANES) {
                    let bin = |bin: usize| pooled.load::<V>(channels * bin + first, V::LANES);
                    (0..bins).for_each(|i| values.store(to.at(first, i), bin(i), V::LANES));
                }
            } else {
                let to = values.part(to.first, channels * bins).as_mut_ptr();
                turn_bins::<V, REGION_CHANNELS>(pooled.as_mut_ptr(), to, (bins, channels));
            }
            self.finish(place, channels, bins);
        }
    }
}

/// Lines of the output that are written soon.
#[derive(Clone, Copy)]
pub(super) struct Ahead<'a> {
    values: Option<Span<'a, f32>>,
    first: usize,
    apart: usize,
}

impl Ahead<'_> {
    /// Claims the line of a bin.
    ///
    /// # Safety
    /// The level must have that bin, and nothing that counts may stand there.
    #[inline(always)]
    pub unsafe fn claim(self, bin: usize) {
        if let Some(values) = self.values {
            // SAFETY: the caller's promise.
            unsafe { values.claim(self.first + bin * self.apart) };
        }
    }
}
