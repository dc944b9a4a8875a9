//! The way of a region's bins into the output.

use super::Best;
use crate::Layout;
use crate::element::Elements;
use crate::regions::RegionPlan;
use crate::shape::Planes;
use crate::span::Span;
use crate::vector::Vector;

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

impl Sink<'_> {
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

    /// Writes one level of a region: `best(channel, bin)` for `count` channels.
    ///
    /// # Safety
    /// Row, level and channels must lie inside the output.
    #[inline(always)]
    pub unsafe fn write(self, row: usize, level: usize, count: usize, best: impl Fn(usize, usize) -> Best) {
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
                    self.write_run(values, run, |bin| best(channel, bin));
                }
            } else {
                for bin in 0..bins {
                    self.write_run(values, (to.at(0, bin), place.at(0, bin), count), |channel| best(channel, bin));
                }
            }
            self.finish(place, count, bins);
        }
    }

    /// Writes neighbouring bins: values from one place on, and indices, if asked for, from another.
    #[inline(always)]
    unsafe fn write_run(
        self,
        values: Span<f32>,
        (to, place, len): (usize, usize, usize),
        best: impl Fn(usize) -> Best,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            let values = values.part(to, len);
            if self.indices.len() > 0 {
                let indices = self.indices.part(place, len);
                for i in 0..len {
                    let (value, index) = best(i);
                    values.set(i, value);
                    indices.set(i, index);
                }
            } else {
                for i in 0..len {
                    values.set(i, best(i).0);
                }
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

    /// Writes the values of one level of a region for a whole block, whose channels are the lanes of `N` vectors for each
    /// bin.
    ///
    /// # Safety
    /// As [`Sink::write`], and `pooled` must have the level's bins.
    #[inline(always)]
    pub unsafe fn write_vectors<V: Vector, const N: usize>(self, row: usize, level: usize, pooled: Span<f32>) {
        let place = self.place(row, level);
        let bins = self.plan.pyramid().places[level].bins;
        let channels = V::LANES * N;
        // SAFETY: the caller's promise, and the staged part has room for a level.
        unsafe {
            let (values, to) = match self.output.as_f32() {
                Some(output) => (output, place),
                None => (self.staged, place.packed(channels, bins)),
            };
            for first in (0..channels).step_by(V::LANES) {
                let bin = |bin: usize| pooled.load::<V>(channels * bin + first, V::LANES);
                if to.plane == 1 {
                    (0..bins).for_each(|i| values.store(to.at(first, i), bin(i), V::LANES));
                    continue;
                }
                for group in 0..bins / V::LANES {
                    let four = V::LANES * group;
                    let turned = V::transpose(core::array::from_fn(|i| bin(four + i)));
                    for (channel, turned) in turned.into_iter().enumerate() {
                        values.store(to.at(first + channel, four), turned, V::LANES);
                    }
                }
                for i in bins / V::LANES * V::LANES..bins {
                    for channel in first..first + V::LANES {
                        values.set(to.at(channel, i), pooled.get(channels * i + channel));
                    }
                }
            }
            self.finish(place, channels, bins);
        }
    }
}
