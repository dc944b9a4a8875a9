//! Sums of few shares, written to the cells that have them in common.

use half::f16;

use crate::element::{ElementType, Elements};
use crate::geometry::shape::PlaneStrides;
use crate::kernels::carrier::Stored;
use crate::memory::span::Span;
use crate::vector::{Native, Vector};

/// Stretches of `len` words that are added up, those from the words `held` on. Further planes have theirs `plane` words on.
pub(super) struct Shares<'a> {
    pub words: Span<'a, f32>,
    pub held: &'a [usize],
    pub len: usize,
    pub plane: usize,
}

impl Shares<'_> {
    /// Writes the sums of some planes to as many rows of each, where `rows` says.
    ///
    /// # Safety
    /// The stretches must lie inside the words, and the rows inside the elements and be this thread's. There must be as many words and
    /// elements as a vector has, even if stretches are shorter.
    pub unsafe fn write(&self, to: Elements, rows: PlaneStrides, counts: (usize, usize)) {
        // SAFETY: the caller's promise.
        unsafe {
            match to.kind() {
                ElementType::F16 => self.write_as::<f16>(to.cast(), rows, counts),
                _ => self.write_as::<f32>(to.cast(), rows, counts),
            }
        }
    }

    /// Two vectors at a time. Those that would go beyond the end begin before it, and are written twice.
    #[inline(never)]
    unsafe fn write_as<C: Stored>(&self, to: Span<C::Element>, rows: PlaneStrides, (planes, count): (usize, usize)) {
        let Shares { words, held, len, .. } = *self;
        let last = len.checked_sub(2 * Native::LANES);
        for plane in 0..planes {
            let (from, first) = (plane * self.plane, rows.at(plane, 0));
            // SAFETY: the caller's promise.
            unsafe {
                let pack = |places: [usize; 2]| {
                    let mut sums = [Native::splat(0.0); 2];
                    for at in held {
                        for (sum, place) in sums.iter_mut().zip(places) {
                            *sum = sum.add(words.load(from + at + place, Native::LANES));
                        }
                    }
                    C::pack(sums)
                };
                let row = |i: usize| to.as_mut_ptr().add(first + i * rows.step);
                if let Some(last) = last {
                    for at in (0..len).step_by(2 * Native::LANES) {
                        let place = at.min(last);
                        let [low, high] = pack([place, place + Native::LANES]);
                        (0..count).for_each(|i| C::store_pair((low, high), row(i).add(place)));
                    }
                } else {
                    let last = len.saturating_sub(Native::LANES);
                    let [low, high] = pack([0, last]);
                    for i in 0..count {
                        C::store(low, row(i));
                        C::store(high, row(i).add(last));
                    }
                }
            }
        }
    }
}
