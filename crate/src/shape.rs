//! Shapes, and where the elements of a plane lie in memory.

/// The order of a feature map's axes in memory, and with it the order of the output.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Layout {
    /// `[batch, channels, height, width]`; an output row holds, for each level, `[channels, nh, nw]`.
    Nchw,
    /// `[batch, height, width, channels]`; an output row holds, for each level, `[nh, nw, channels]`.
    Nhwc,
}

/// The four sizes of a feature map, whatever its layout.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FeatureMap {
    /// Number of items (N).
    pub batch: usize,
    /// Number of channels (C).
    pub channels: usize,
    /// Number of rows (H).
    pub height: usize,
    /// Number of columns (W).
    pub width: usize,
}

impl FeatureMap {
    /// Number of cells in one plane, `height * width`.
    pub fn cells(&self) -> usize {
        self.height * self.width
    }

    /// Number of elements in the whole map.
    pub fn len(&self) -> usize {
        self.batch * self.channels * self.cells()
    }

    /// Whether the map has no elements at all, as an empty batch has.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Where the elements of one plane lie: element `i` stands at `first + i * step`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Stride {
    pub first: usize,
    pub step: usize,
}

impl Stride {
    #[inline(always)]
    pub fn at(self, i: usize) -> usize {
        self.first + i * self.step
    }
}

impl Layout {
    /// The cells of plane `(item, channel)` in the feature map.
    #[inline(always)]
    pub(crate) fn cells(self, map: &FeatureMap, item: usize, channel: usize) -> Stride {
        let item = item * map.channels * map.cells();
        match self {
            Layout::Nchw => Stride { first: item + channel * map.cells(), step: 1 },
            Layout::Nhwc => Stride { first: item + channel, step: map.channels },
        }
    }

    /// The bins of one level of plane `(item, channel)` in the output, where a row has `row` bins a channel, and the
    /// level's `bins` begin after `first_bin` of them.
    #[inline(always)]
    pub(crate) fn bins(
        self,
        channels: usize,
        row: usize,
        (first_bin, bins): (usize, usize),
        (item, channel): (usize, usize),
    ) -> Stride {
        let level = (item * row + first_bin) * channels;
        match self {
            Layout::Nchw => Stride { first: level + channel * bins, step: 1 },
            Layout::Nhwc => Stride { first: level + channel, step: channels },
        }
    }
}
