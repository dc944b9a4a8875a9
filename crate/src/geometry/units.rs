//! How a call is cut up for threads.

use core::ops::Range;

use crate::geometry::shape::FeatureMap;

/// Cuts a range into blocks of at most `most`.
pub(crate) fn blocks(range: Range<usize>, most: usize) -> impl Iterator<Item = Range<usize>> {
    range.clone().step_by(most).map(move |first| first..range.end.min(first + most))
}

/// A call over a feature map as units of neighbouring channels of one item. They may be run in any order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Units {
    batch: usize,
    channels: usize,
    /// Channels of a unit; the last of an item may have fewer.
    width: usize,
}

impl Units {
    pub fn new(map: &FeatureMap, width: usize) -> Self {
        Units { batch: map.batch, channels: map.channels, width }
    }

    pub fn all(self) -> Range<usize> {
        0..self.batch * self.per_item()
    }

    fn per_item(self) -> usize {
        self.channels.div_ceil(self.width)
    }

    /// A range of units as items and the channels of each.
    pub fn items(self, units: Range<usize>) -> impl Iterator<Item = (usize, Range<usize>)> {
        let (each, width, channels) = (self.per_item(), self.width, self.channels);
        let mut first = units.start;
        core::iter::from_fn(move || {
            (first < units.end).then(|| {
                let item = first / each;
                let end = units.end.min((item + 1) * each);
                let range = (first - item * each) * width..((end - item * each) * width).min(channels);
                first = end;
                (item, range)
            })
        })
    }
}
