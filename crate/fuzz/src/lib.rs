//! What fuzz targets draw: maps, pyramids and numbers of all kinds, from the bytes that libFuzzer makes up.

use arbitrary::{Arbitrary, Result, Unstructured};
use half::f16;
use pyramid_pool::bins::Rule;
use pyramid_pool::{Arrangement, Element, FeatureMap, PyramidPlan};

#[path = "../../tests/common/mod.rs"]
mod common;

pub use common::bits;
use common::{ARRANGEMENTS, KINDS, Kind, values};

/// A pyramid over a map, whose rule gives the bins it asks for.
#[derive(Debug)]
pub struct Case {
    pub map: FeatureMap,
    pub levels: Vec<(usize, usize)>,
    pub rule: Rule,
    pub arrangement: Arrangement,
    pub numbers: Numbers,
}

/// What buffers are filled with.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    kind: Kind,
    pub seed: u64,
}

impl Numbers {
    /// Other numbers for every `stream`.
    pub fn fill(self, stream: u64, len: usize) -> Vec<f32> {
        values(self.kind, self.seed.wrapping_add(stream.wrapping_mul(0x9e37_79b9_7f4a_7c15)), len)
    }
}

impl<'a> Arbitrary<'a> for Numbers {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Numbers { kind: *u.choose(&KINDS)?, seed: u.arbitrary()? })
    }
}

/// Levels of a pyramid.
pub fn levels(u: &mut Unstructured, most: usize) -> Result<Vec<(usize, usize)>> {
    let count = u.int_in_range(1..=4)?;
    (0..count).map(|_| Ok((u.int_in_range(1..=most)?, u.int_in_range(1..=most)?))).collect()
}

pub fn arrangement(u: &mut Unstructured) -> Result<Arrangement> {
    Ok(*u.choose(&ARRANGEMENTS)?)
}

pub fn rule(u: &mut Unstructured) -> Result<Rule> {
    Ok(*u.choose(Rule::ALL)?)
}

/// A map of at most 64 channels and, along one of its axes, 300 cells.
pub fn map(u: &mut Unstructured) -> Result<FeatureMap> {
    let long = u.ratio(1, 8)?;
    Ok(FeatureMap {
        batch: u.int_in_range(0..=3)?,
        channels: u.int_in_range(1..=if long { 3 } else { 64 })?,
        height: u.int_in_range(1..=if long { 300 } else { 40 })?,
        width: u.int_in_range(1..=40)?,
    })
}

impl<'a> Arbitrary<'a> for Case {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let (map, rule, arrangement) = (map(u)?, rule(u)?, arrangement(u)?);
        let mut levels = levels(u, 9)?;
        let fits = |size, n| rule.count(size, n) == n;
        // Only one bin fits every rule and size.
        levels.retain(|&(rows, columns)| fits(map.height, rows) && fits(map.width, columns));
        levels.extend(levels.is_empty().then_some((1, 1)));
        Ok(Case { map, levels, rule, arrangement, numbers: u.arbitrary()? })
    }
}

impl Case {
    pub fn plan(&self) -> PyramidPlan {
        PyramidPlan::new(self.map.height, self.map.width, &self.levels, self.rule, self.arrangement).unwrap()
    }
}

/// An element that any 32 bits make one of.
pub trait Drawn: Element {
    fn of(bits: u32) -> Self;
    fn value(self) -> f32;
    /// The value nearest to `value` that this type has: torchvision's least float is minus infinity in halves.
    fn nearest(value: f32) -> f32 {
        value
    }
}

macro_rules! drawn {
    ($type:ty, $of:expr, $value:expr $(, $nearest:expr)?) => {
        impl Drawn for $type {
            fn of(bits: u32) -> Self {
                $of(bits)
            }
            fn value(self) -> f32 {
                $value(self)
            }
            $(fn nearest(value: f32) -> f32 {
                $nearest(value)
            })?
        }
    };
}
drawn!(f32, f32::from_bits, |value| value);
drawn!(f16, |bits: u32| f16::from_bits((bits >> 16) as u16), f16::to_f32, |value| f16::from_f32(value).to_f32());
drawn!(i8, |bits: u32| (bits >> 24) as i8, f32::from);
drawn!(u8, |bits: u32| (bits >> 24) as u8, f32::from);

/// The bits of elements' values, with all NaNs alike.
pub fn bits_of<T: Drawn>(elements: &[T]) -> Vec<u32> {
    bits(&elements.iter().map(|element| element.value()).collect::<Vec<_>>())
}
