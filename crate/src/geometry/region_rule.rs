//! Which cells of a feature map the bins of a region read, along one axis: a pure function, as in [`crate::geometry::bins`].

use crate::geometry::bins::{Bin, Rule};

/// The index of a bin that has no greatest cell: its gradient goes nowhere. Read as an `i32` it is -1.
pub const NOWHERE: u32 = u32::MAX;

/// How a region of an image is brought onto the image's feature map, and bins are laid over it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RegionRule {
    /// Fast R-CNN's and torchvision's `roi_pool`, bins in `f32` included: coordinates are multiplied by the scale and
    /// rounded, half away from zero; both ends belong to the region, which has at least one cell.
    ///
    /// A maximum starts at the lowest finite value, so NaN and negative infinity are never chosen. Where nothing is, the
    /// index is [`NOWHERE`](crate::geometry::region_rule::NOWHERE); so it is for a bin that lies outside the map, whose value is 0.
    RoiPool {
        /// Cells of the map for each pixel of the image.
        spatial_scale: f32,
    },
    /// The windows of SPP-net's detection code over the map, with adaptive bins and the maximum of PyTorch's pooling.
    ///
    /// A pixel's 1-based position `x` becomes cell `floor((x - offset0 + offset) / step + 0.5) + 1` at the left or top and
    /// `ceil((x - offset0 - offset) / step - 0.5) + 1` at the right or bottom. Where these are the wrong way round, both
    /// become their mean; then they are clamped to the map.
    SppNet {
        /// Position, in pixels, of the centre of the first cell.
        offset0: f64,
        /// Pixels that a window gives up at each side.
        offset: f64,
        /// Pixels from one cell to the next.
        step: f64,
    },
}

impl RegionRule {
    /// Hands the `n` bins of a region from pixel `low` to pixel `high`, 0-based, to `push`, in order: cells of an axis of
    /// `size` of them.
    pub(crate) fn bins(self, (low, high): (f32, f32), size: usize, n: usize, mut push: impl FnMut(Bin)) {
        match self {
            RegionRule::RoiPool { spatial_scale } => {
                let cell = |pixel: f32| i64::from((pixel * spatial_scale).round() as i32);
                let start = cell(low);
                let each = (cell(high) - start + 1).max(1) as f32 / n as f32;
                let clip = |position: f32| (i64::from(position as i32) + start).clamp(0, size as i64) as u32;
                for i in 0..n {
                    push(Bin { start: clip((i as f32 * each).floor()), end: clip(((i + 1) as f32 * each).ceil()) });
                }
            }
            RegionRule::SppNet { offset0, offset, step } => {
                let (low, high) = (f64::from(low) + 1.0 - offset0, f64::from(high) + 1.0 - offset0);
                let first = i64::from(((low + offset) / step + 0.5).floor() as i32) + 1;
                let last = i64::from(((high - offset) / step - 0.5).ceil() as i32) + 1;
                let (first, last) = if first > last { ((first + last) / 2, (first + last) / 2) } else { (first, last) };
                let [first, last] = [first, last].map(|cell| cell.clamp(1, size as i64) as u32);
                for i in 0..n {
                    let bin = Rule::Adaptive.bin((last - first + 1) as usize, n, i);
                    push(Bin { start: first - 1 + bin.start, end: first - 1 + bin.end });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(rule: RegionRule, ends: (f32, f32), size: usize, n: usize) -> Vec<(u32, u32)> {
        let mut bounds = Vec::new();
        rule.bins(ends, size, n, |bin| bounds.push((bin.start, bin.end)));
        bounds
    }

    #[test]
    fn roi_pool_rounds_half_away_from_zero() {
        let rule = RegionRule::RoiPool { spatial_scale: 1.0 };
        assert_eq!(bounds(rule, (0.5, 2.5), 9, 1), [(1, 4)]);
        assert_eq!(bounds(rule, (-0.5, 0.5), 9, 1), [(0, 2)]);
        assert_eq!(bounds(rule, (3.0, 1.0), 9, 2), [(3, 4), (3, 4)]);
        assert_eq!(bounds(rule, (20.0, 30.0), 9, 2), [(9, 9), (9, 9)]);
    }

    #[test]
    fn roi_pool_reads_a_row_too_many_where_f32_does() {
        let rule = RegionRule::RoiPool { spatial_scale: 1.0 };
        assert_eq!(bounds(rule, (0.0, 56.0), 100, 7).last(), Some(&(48, 58)));
    }

    #[test]
    fn spp_net_windows_are_clamped_to_the_map() {
        let rule = RegionRule::SppNet { offset0: 21.0, offset: 6.5, step: 16.0 };
        assert_eq!(bounds(rule, (0.0, 16.0 * 13.0 - 1.0), 13, 1), [(0, 12)]);
        assert_eq!(bounds(rule, (19.5, 21.0), 13, 1), [(0, 1)]);
        assert_eq!(bounds(rule, (1e9, 1e30), 13, 2), [(12, 13), (12, 13)]);
    }

    #[test]
    fn any_coordinates_stay_inside_the_map() {
        let rules = [
            RegionRule::RoiPool { spatial_scale: 1e30 },
            RegionRule::SppNet { offset0: 0.0, offset: -1e300, step: 1e-300 },
        ];
        let ends = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, 0.0, 7.5];
        for rule in rules {
            for (low, high) in ends.iter().flat_map(|&low| ends.iter().map(move |&high| (low, high))) {
                for (start, end) in bounds(rule, (low, high), 13, 4) {
                    assert!(start <= end && end <= 13, "{rule:?} {low} {high}: {start}..{end}");
                }
            }
        }
    }
}
