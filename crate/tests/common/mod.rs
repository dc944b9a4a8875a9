//! Maps of all kinds, and how they are compared.

// Each test file uses some of it.
#![allow(dead_code)]

use pyramid_pool::{Arrangement, Layout, OutputOrder};

/// All ways in which a map and its output lie in memory.
pub const ARRANGEMENTS: [Arrangement; 4] = {
    const fn of(layout: Layout, order: OutputOrder) -> Arrangement {
        Arrangement { layout, order }
    }
    [
        of(Layout::Nchw, OutputOrder::Levels),
        of(Layout::Nhwc, OutputOrder::Levels),
        of(Layout::Nchw, OutputOrder::Channels),
        of(Layout::Nhwc, OutputOrder::Channels),
    ]
};

/// What a map is filled with. Values that tie, cancel or poison are drawn far more often than by chance.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Normal,
    Ties,
    Relu,
    SignedZeros,
    Infinities,
    NegativeInfinity,
    Nan,
    AllNan,
    Bits,
}

pub const KINDS: [Kind; 9] = [
    Kind::Normal,
    Kind::Ties,
    Kind::Relu,
    Kind::SignedZeros,
    Kind::Infinities,
    Kind::NegativeInfinity,
    Kind::Nan,
    Kind::AllNan,
    Kind::Bits,
];

/// A small generator of our own, so that a failing case is a few numbers and not a map.
pub fn values(kind: Kind, seed: u64, len: usize) -> Vec<f32> {
    let mut state = seed | 1;
    let mut next = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 32) as u32
    };
    let unit = |bits: u32| bits as f32 / 2.0_f32.powi(31) - 1.0;
    let pick = |bits: u32, from: &[f32]| from[bits as usize % from.len()];
    let nan = |bits: u32| f32::from_bits(0x7fc0_0000 | bits >> 12);
    let value = |kind: Kind, bits: u32| match kind {
        Kind::Normal => unit(bits),
        Kind::Ties => pick(bits, &[-1.0, 0.0, 1.0, 2.0]),
        Kind::Relu => unit(bits).max(0.0),
        Kind::SignedZeros => pick(bits, &[0.0, -0.0, -0.0, -1.0]),
        Kind::Infinities => pick(bits, &[f32::INFINITY, f32::NEG_INFINITY, 1.0, f32::MAX, f32::MIN]),
        Kind::NegativeInfinity => f32::NEG_INFINITY,
        Kind::Nan if bits.is_multiple_of(7) => nan(bits),
        Kind::Nan => pick(bits, &[-1.0, 0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY]),
        Kind::AllNan => nan(bits),
        Kind::Bits => f32::from_bits(bits),
    };
    (0..len).map(|_| value(kind, next())).collect()
}

/// The bits, with all NaNs alike.
pub fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() }).collect()
}
