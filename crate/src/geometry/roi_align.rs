//! Where RoIAlign samples a feature map, along one axis: a pure function, as in [`crate::geometry::region_rule`].

/// torchvision's `roi_align`: coordinates are multiplied by the scale and not rounded; every bin averages samples that stand at equal
/// distances in it, each interpolated bilinearly between four cells. All arithmetic is in `f32`, in torchvision's order.
///
/// A sample further than one cell outside the map counts as zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoiAlign {
    /// Cells of the map for each pixel of the image.
    pub spatial_scale: f32,
    /// Samples of a bin along each axis; 0 for as many as the bin has cells, rounded up.
    pub sampling_ratio: u32,
    /// Whether the centre of a cell stands at half a pixel's width: 0.5 is subtracted after scaling. Otherwise regions are at least one
    /// cell wide and high.
    pub aligned: bool,
}

/// A position between two neighbouring cells of an axis, and the weight that each has there. At the last cell both are the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    pub low: u32,
    pub high: u32,
    pub low_weight: f32,
    pub high_weight: f32,
}

/// The samples of one region along one axis of a map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SampledAxis {
    start: f32,
    /// Length of a bin.
    bin: f32,
    /// Samples of a bin, inside the map or not.
    pub grid: u32,
    size: usize,
}

impl RoiAlign {
    /// Lays `n` bins from pixel `low` to pixel `high` over `size` cells.
    pub(crate) fn axis(self, (low, high): (f32, f32), size: usize, n: usize) -> SampledAxis {
        let offset = if self.aligned { 0.5 } else { 0.0 };
        let [start, end] = [low, high].map(|pixel| pixel * self.spatial_scale - offset);
        let extent = end - start;
        let extent = if !self.aligned && extent < 1.0 { 1.0 } else { extent };
        let bin = extent / n as f32;
        // No samples where a bin has no length. Beyond what torchvision counts, as many as can be counted.
        let adaptive = bin.ceil().clamp(0.0, i32::MAX as f32) as u32;
        let grid = if self.sampling_ratio > 0 { self.sampling_ratio } else { adaptive };
        SampledAxis { start, bin, grid, size }
    }
}

impl SampledAxis {
    fn position(&self, bin: usize, sample: u32) -> f32 {
        self.start + bin as f32 * self.bin + (sample as f32 + 0.5) * self.bin / self.grid as f32
    }

    /// Hands samples of a bin, which must lie inside the map, to `push`, in order.
    pub fn samples(&self, bin: usize, (first, end): (u32, u32), push: impl FnMut(Sample)) {
        (first..end).map(|sample| self.sample(self.position(bin, sample))).for_each(push);
    }

    /// The first sample of a bin inside the map and the one after the last: those between are inside as well, since positions grow, or
    /// fall, from one sample to the next.
    pub fn inside(&self, bin: usize) -> (u32, u32) {
        let most = self.size as f32;
        let at = |sample| self.position(bin, sample);
        // A position that is not a number is never inside.
        let (first, end) = if self.bin >= 0.0 {
            (partition(self.grid, |i| at(i) < -1.0), partition(self.grid, |i| at(i) <= most))
        } else {
            (partition(self.grid, |i| at(i) > most), partition(self.grid, |i| at(i) >= -1.0))
        };
        (first, end.max(first))
    }

    fn sample(&self, position: f32) -> Sample {
        // Zero is positive, as there.
        let position = if position > 0.0 { position } else { 0.0 };
        let last = self.size as u32 - 1;
        let low = position as u32;
        if low >= last {
            return Sample { low: last, high: last, low_weight: 1.0, high_weight: 0.0 };
        }
        let high_weight = position - low as f32;
        Sample { low, high: low + 1, low_weight: 1.0 - high_weight, high_weight }
    }
}

/// The first of `count` numbers that does not fulfil a condition, which those before it do and those after it do not.
fn partition(count: u32, fulfils: impl Fn(u32) -> bool) -> u32 {
    let (mut first, mut end) = (0, count);
    while first < end {
        let middle = first + (end - first) / 2;
        if fulfils(middle) { first = middle + 1 } else { end = middle }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(sampling_ratio: u32, aligned: bool) -> RoiAlign {
        RoiAlign { spatial_scale: 1.0, sampling_ratio, aligned }
    }

    fn samples(rule: RoiAlign, ends: (f32, f32), size: usize, n: usize) -> Vec<Vec<(u32, u32, f32)>> {
        let axis = rule.axis(ends, size, n);
        let of = |bin| {
            let mut all = Vec::new();
            axis.samples(bin, axis.inside(bin), |sample| all.push((sample.low, sample.high, sample.high_weight)));
            all
        };
        (0..n).map(of).collect()
    }

    #[test]
    fn samples_stand_at_equal_distances() {
        assert_eq!(samples(rule(2, false), (1.0, 5.0), 9, 2), [[(1, 2, 0.5), (2, 3, 0.5)], [(3, 4, 0.5), (4, 5, 0.5)]]);
        assert_eq!(samples(rule(0, true), (1.0, 4.0), 9, 1), [[(1, 2, 0.0), (2, 3, 0.0), (3, 4, 0.0)]]);
    }

    #[test]
    fn what_is_at_most_a_cell_outside_counts_as_the_border() {
        assert_eq!(samples(rule(1, true), (-1.5, 0.5), 4, 1), [[(0, 1, 0.0)]]);
        assert_eq!(samples(rule(1, true), (3.5, 5.5), 4, 1), [[(3, 3, 0.0)]]);
        assert_eq!(samples(rule(1, true), (3.6, 5.6), 4, 1), [[]]);
        assert_eq!(samples(rule(1, true), (-1.6, 0.4), 4, 1), [[]]);
    }

    #[test]
    fn reversed_regions_have_the_size_of_a_cell_or_no_samples() {
        assert_eq!(samples(rule(0, false), (3.0, 1.0), 9, 1), [[(3, 4, 0.5)]]);
        assert_eq!(samples(rule(0, true), (3.0, 1.0), 9, 1), [[]]);
        // Samples of a fixed number run backwards.
        assert_eq!(samples(rule(2, true), (4.5, 0.5), 9, 1), [[(3, 4, 0.0), (1, 2, 0.0)]]);
    }

    #[test]
    fn few_samples_of_a_giant_region_are_inside() {
        for high in [1e9, 1e20, f32::MAX] {
            let axis = rule(0, false).axis((0.0, high), 13, 7);
            let inside: u64 = (0..7).map(|bin| axis.inside(bin)).map(|(first, end)| u64::from(end - first)).sum();
            assert!(inside < 2000, "{high}: {inside}");
        }
    }

    #[test]
    fn any_coordinates_stay_inside_the_map() {
        let ends = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, 0.0, 7.5, -1e9, 3e9, 1e-40];
        for (low, high) in ends.iter().flat_map(|&low| ends.iter().map(move |&high| (low, high))) {
            for (aligned, sampling_ratio) in [(false, 0), (true, 0), (false, 3), (true, 3)] {
                for spatial_scale in [1.0, 1e30, 1e-30] {
                    let rule = RoiAlign { spatial_scale, sampling_ratio, aligned };
                    for (size, n) in [(1, 1), (13, 4), (1 << 25, 3)] {
                        let axis = rule.axis((low, high), size, n);
                        for bin in 0..n {
                            let (first, end) = axis.inside(bin);
                            for sample in [first, end.saturating_sub(1)].into_iter().filter(|&i| first <= i && i < end)
                            {
                                let at = axis.position(bin, sample);
                                assert!((-1.0..=size as f32).contains(&at), "{rule:?} {low} {high}: {at}");
                                let Sample { low, high, low_weight, high_weight } = axis.sample(at);
                                assert!(low <= high && (high as usize) < size);
                                assert!((0.0..=1.0).contains(&low_weight) && (0.0..=1.0).contains(&high_weight));
                            }
                        }
                    }
                }
            }
        }
    }
}
