//! Working memory of one thread: the same code counts its parts and cuts it into them, so that no more is cut than was
//! counted.

use crate::error::PoolError;
use crate::memory::reserve::reserve;
use crate::memory::span::Span;

/// The greatest count, which stands for every larger one: more than WASM has memory for. It is the same on every host.
const MOST_WORDS: u64 = u32::MAX as u64;

/// Takes parts one after the other: from memory, or from nothing in order to count them.
pub(crate) struct Parts<'a> {
    memory: Option<Span<'a, f32>>,
    taken: usize,
}

impl<'a> Parts<'a> {
    /// The number of words that `take` takes.
    pub fn count(take: impl FnOnce(&mut Self)) -> usize {
        let mut parts = Parts { memory: None, taken: 0 };
        take(&mut parts);
        parts.taken
    }

    /// Parts of `memory`.
    pub fn cut(memory: Span<'a, f32>) -> Self {
        Parts { memory: Some(memory), taken: 0 }
    }

    /// The next part, of as many words as the product of `sizes`: an empty one where parts are counted.
    ///
    /// # Panics
    /// If the memory is shorter than what is taken of it.
    #[inline(never)]
    pub fn take(&mut self, sizes: &[usize]) -> Span<'a, f32> {
        let (first, len) = (self.taken, product(sizes));
        self.taken = (first as u64 + len as u64).min(MOST_WORDS) as usize;
        let Some(memory) = self.memory else { return Span::empty() };
        assert!(self.taken <= memory.len() && (len as u64) < MOST_WORDS);
        // SAFETY: the part ends inside the memory.
        unsafe { memory.part(first, len) }
    }

    /// What is left of the memory.
    pub fn rest(self) -> Span<'a, f32> {
        let Some(memory) = self.memory else { return Span::empty() };
        // SAFETY: no more was taken than there is.
        unsafe { memory.part(self.taken, memory.len() - self.taken) }
    }
}

/// The product of sizes, or 2^32 - 1 where it is larger.
pub(crate) fn product(sizes: &[usize]) -> usize {
    sizes.iter().fold(1, |product: u64, &size| product.saturating_mul(size as u64).min(MOST_WORDS)) as usize
}

/// Zeroed working memory of so many words.
pub(crate) fn allocate(words: usize) -> Result<Vec<f32>, PoolError> {
    if words as u64 >= MOST_WORDS {
        return Err(PoolError::OutOfMemory);
    }
    let mut memory = reserve(words)?;
    memory.resize(words, 0.0);
    Ok(memory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_do_not_wrap_at_32_bits() {
        let words = |sizes: &[usize]| {
            Parts::count(|parts| {
                parts.take(sizes);
            })
        };
        assert_eq!(words(&[3, 4]), 12);
        assert_eq!(words(&[2, 32, 699_051, 96]), MOST_WORDS as usize);
        assert_eq!(words(&[usize::MAX, usize::MAX, 2]), MOST_WORDS as usize);
        assert_eq!(words(&[usize::MAX, usize::MAX, 0]), 0);
        let twice = Parts::count(|parts| {
            parts.take(&[1 << 31]);
            parts.take(&[1 << 31]);
        });
        assert_eq!(twice, MOST_WORDS as usize);
        assert_eq!(allocate(MOST_WORDS as usize), Err(PoolError::OutOfMemory));
    }

    #[test]
    fn memory_is_cut_into_what_was_counted() {
        fn take<'a>(parts: &mut Parts<'a>) -> [Span<'a, f32>; 2] {
            [parts.take(&[2, 3]), parts.take(&[4])]
        }
        assert_eq!(
            Parts::count(|parts| {
                take(parts);
            }),
            10
        );
        let mut memory = vec![0.0; 12];
        let mut parts = Parts::cut(Span::new(&mut memory));
        assert_eq!(take(&mut parts).map(Span::len), [6, 4]);
        assert_eq!(parts.rest().len(), 2);
    }

    #[test]
    #[should_panic(expected = "taken")]
    fn no_more_is_cut_than_there_is() {
        let mut memory = vec![0.0; 11];
        Parts::cut(Span::new(&mut memory)).take(&[3, 4]);
    }
}
