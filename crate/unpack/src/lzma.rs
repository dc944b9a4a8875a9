//! LZMA, with its usual parameters: literals by 3 bits of the byte before, all else by 2 bits of the place.

use crate::range::{Probability, RangeDecoder};

/// What tells the last few steps apart: below [`BEHIND_MATCH`], the last one was a literal.
const STATES: usize = 12;
const BEHIND_MATCH: usize = 7;
/// Places by their lowest bits.
const PLACES: usize = 4;
/// Bytes before the coded ones: parameters, sizes, and one that is always 0.
const HEADER: usize = 14;

/// All that adapts.
struct Model {
    is_match: [[Probability; PLACES]; STATES],
    is_repeated: [Probability; STATES],
    is_older: [[Probability; 3]; STATES],
    is_long: [[Probability; PLACES]; STATES],
    literals: [[Probability; 768]; 8],
    /// Of new matches, and of those at a repeated distance.
    lengths: [Lengths; 2],
    slots: [[Probability; 64]; 4],
    distances: [Probability; 128],
    low_bits: [Probability; 16],
}

struct Lengths {
    is_larger: [Probability; 2],
    small: [[Probability; 8]; PLACES],
    medium: [[Probability; 8]; PLACES],
    large: [Probability; 256],
}

impl Lengths {
    const NEW: Self = Self { is_larger: [0; 2], small: [[0; 8]; PLACES], medium: [[0; 8]; PLACES], large: [0; 256] };

    fn decode(&mut self, coded: &mut RangeDecoder, place: usize) -> usize {
        if coded.bit(&mut self.is_larger[0]) == 0 {
            2 + coded.number(&mut self.small[place], 3)
        } else if coded.bit(&mut self.is_larger[1]) == 0 {
            10 + coded.number(&mut self.medium[place], 3)
        } else {
            18 + coded.number(&mut self.large, 8)
        }
    }
}

impl Model {
    const NEW: Self = Self {
        is_match: [[0; PLACES]; STATES],
        is_repeated: [0; STATES],
        is_older: [[0; 3]; STATES],
        is_long: [[0; PLACES]; STATES],
        literals: [[0; 768]; 8],
        lengths: [Lengths::NEW; 2],
        slots: [[0; 64]; 4],
        distances: [0; 128],
        low_bits: [0; 16],
    };

    /// A byte by the one before it. Behind a match it is also known which byte it is not likely to be: the one that would have made the
    /// match longer. Its bits choose the probabilities, as long as those of the literal are the same.
    fn literal(&mut self, coded: &mut RangeDecoder, before: u8, unlikely: Option<u8>) -> u8 {
        let tree = &mut self.literals[usize::from(before >> 5)];
        let mut node = 1;
        if let Some(unlikely) = unlikely {
            let mut bits = usize::from(unlikely);
            while node < 256 {
                bits *= 2;
                let other = bits / 256 % 2;
                let bit = coded.bit(&mut tree[256 * (1 + other) + node]);
                node = 2 * node + bit;
                if bit != other {
                    break;
                }
            }
        }
        coded.descend(tree, node, 256) as u8
    }

    /// Which of the last four distances comes again.
    fn repeated(&mut self, coded: &mut RangeDecoder, state: usize) -> usize {
        let is_older = &mut self.is_older[state];
        (0..3).find(|&nth| coded.bit(&mut is_older[nth]) == 0).unwrap_or(3)
    }

    /// How far back a new match of this length begins, less one.
    fn distance(&mut self, coded: &mut RangeDecoder, length: usize) -> usize {
        let slot = coded.number(&mut self.slots[length.min(5) - 2], 6);
        if slot < 4 {
            return slot;
        }
        let bits = slot / 2 - 1;
        let high = (2 + slot % 2) << bits;
        if slot < 14 {
            high + coded.reversed_number(&mut self.distances[high - slot..], bits)
        } else {
            high + 16 * coded.plain_number(bits - 4) + coded.reversed_number(&mut self.low_bits, 4)
        }
    }
}

/// Decodes the bytes of a file of the format `.lzma`, as many as there is room for.
///
/// # Panics
/// If the file is not one, or holds fewer bytes.
pub fn decode(file: &[u8], bytes: &mut [u8]) {
    let coded = &mut RangeDecoder::new(&file[HEADER..]);
    let mut model = Model::NEW;
    let mut state = 0;
    // How far back the last matches began, less one.
    let mut distances = [0; 4];
    let mut before = 0;
    let mut to = 0;
    while to < bytes.len() {
        let place = to % PLACES;
        let behind_match = state >= BEHIND_MATCH;
        if coded.bit(&mut model.is_match[state][place]) == 0 {
            let unlikely = if behind_match { Some(bytes[to - distances[0] - 1]) } else { None };
            before = model.literal(coded, before, unlikely);
            bytes[to] = before;
            to += 1;
            state -= state.min(if state < 10 { 3 } else { 6 });
            continue;
        }
        let is_repeated = coded.bit(&mut model.is_repeated[state]);
        let nth = if is_repeated == 0 { 3 } else { model.repeated(coded, state) };
        let is_short = is_repeated == 1 && nth == 0 && coded.bit(&mut model.is_long[state][place]) == 0;
        let length = if is_short { 1 } else { model.lengths[is_repeated].decode(coded, place) };
        let distance = if is_repeated == 0 { model.distance(coded, length) } else { distances[nth] };
        for newer in (0..nth).rev() {
            distances[newer + 1] = distances[newer];
        }
        distances[0] = distance;
        state = if behind_match { 10 + is_repeated } else { BEHIND_MATCH + is_repeated + usize::from(is_short) };
        for _ in 0..length {
            before = bytes[to - distance - 1];
            bytes[to] = before;
            to += 1;
        }
    }
}
