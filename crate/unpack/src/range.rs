//! A range decoder: numbers from bits, each of which took the less room the more probable it was.

use std::slice::Iter;

/// How far the probability that a bit is 0 lies above one half, in 2048ths: 0 where no bit was seen yet.
pub type Probability = i16;

/// The bits of some bytes.
pub struct RangeDecoder<'a> {
    bytes: Iter<'a, u8>,
    range: u32,
    code: u32,
}

impl<'a> RangeDecoder<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self { bytes: bytes.iter(), range: u32::MAX, code: 0 };
        for _ in 0..4 {
            decoder.read();
        }
        decoder
    }

    fn read(&mut self) {
        self.code = self.code << 8 | u32::from(self.bytes.next().copied().unwrap_or(0));
    }

    fn keep_range(&mut self) {
        if self.range < 1 << 24 {
            self.range <<= 8;
            self.read();
        }
    }

    /// A bit, to which its probability adapts.
    #[inline(never)]
    pub fn bit(&mut self, probability: &mut Probability) -> usize {
        self.keep_range();
        let zero = 1024 + *probability;
        let bound = (self.range >> 11) * zero as u32;
        let is_one = self.code >= bound;
        if is_one {
            self.range -= bound;
            self.code -= bound;
            *probability -= zero >> 5;
        } else {
            self.range = bound;
            *probability += (2048 - zero) >> 5;
        }
        usize::from(is_one)
    }

    /// The lowest bits of a number, as many as it takes from `node` to `end`, each a step down a binary tree of probabilities: the
    /// children of a node are at twice its place.
    #[inline(never)]
    pub fn descend(&mut self, tree: &mut [Probability], mut node: usize, end: usize) -> usize {
        while node < end {
            node = 2 * node + self.bit(&mut tree[node]);
        }
        node - end
    }

    /// A number of so many bits, by the whole tree.
    pub fn number(&mut self, tree: &mut [Probability], bits: usize) -> usize {
        self.descend(tree, 1, 1 << bits)
    }

    /// Likewise, of one bit or more, the lowest first.
    pub fn reversed_number(&mut self, tree: &mut [Probability], bits: usize) -> usize {
        self.number(tree, bits).reverse_bits() >> (usize::BITS as usize - bits)
    }

    /// A number of so many bits that are as often 0 as 1.
    pub fn plain_number(&mut self, bits: usize) -> usize {
        let mut number = 0;
        for _ in 0..bits {
            self.keep_range();
            self.range >>= 1;
            let is_one = self.code >= self.range;
            if is_one {
                self.code -= self.range;
            }
            number = 2 * number + usize::from(is_one);
        }
        number
    }
}
