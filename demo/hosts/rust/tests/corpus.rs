//! The recorded corpus in `test/corpus`: the same hash of all answers as on every other host.

mod common;

use common::{modules, project};
use pyramid_pool_host::{F16, Layout, Module, Pyramid, Reduction, RegionPyramid, RegionRule, Shape};
use sha2::{Digest, Sha256};

const CASES: usize = 40;
const LARGE: usize = 1;

/// The generator of the corpus (mulberry32).
struct Words(u32);

impl Words {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x6d2b_79f5);
        let mut word = (self.0 ^ (self.0 >> 15)).wrapping_mul(self.0 | 1);
        word ^= word.wrapping_add((word ^ (word >> 7)).wrapping_mul(word | 61));
        word ^ (word >> 14)
    }

    fn up_to(&mut self, most: u32) -> u32 {
        1 + self.next() % most
    }
}

/// The kinds of values. The second is any bits; the first, numbers from -1 to 1, has no palette either.
const PALETTES: [&[f32]; 9] = [
    &[],
    &[],
    &[-1.0, 0.0, 1.0, 2.0],
    &[0.0, -0.0, -1.0],
    &[f32::NAN, 0.0, -0.0, 1.0, f32::NEG_INFINITY],
    &[f32::INFINITY, f32::NEG_INFINITY, 1.0],
    &[f32::NEG_INFINITY],
    &[f32::NAN],
    &[1e-45, -1e-45, 1.175_494_4e-38, 0.0],
];
const UNIT: usize = 0;

fn fill(kind: usize, seed: u32, len: usize) -> Vec<f32> {
    let mut words = Words(seed);
    let value = || {
        let word = words.next();
        match (kind, PALETTES[kind]) {
            (UNIT, _) => (f64::from((word >> 8) as i32 - (1 << 23)) / f64::from(1 << 23)) as f32,
            (_, []) => f32::from_bits(word),
            (_, palette) => palette[word as usize % palette.len()],
        }
    };
    std::iter::repeat_with(value).take(len).collect()
}

struct Drawn {
    shape: Shape,
    levels: Vec<(u32, u32)>,
    layout: Layout,
    kind: usize,
    seed: u32,
}

fn draw(words: &mut Words, large: bool) -> Drawn {
    let channels = if large { 67 } else { words.up_to(20) };
    let mut side = || if large { 64 + words.up_to(9) } else { words.up_to(16) };
    let (height, width) = (side(), side());
    let count = words.up_to(4);
    let levels = (0..count).map(|_| (words.up_to(6), words.up_to(6))).collect();
    let layout = if words.next() % 2 == 1 { Layout::Nchw } else { Layout::Nhwc };
    let kind = words.next() as usize % PALETTES.len();
    let batch = if large { 1 } else { words.up_to(2) };
    Drawn { shape: Shape { batch, channels, height, width }, levels, layout, kind, seed: words.next() }
}

/// The hash of what was answered so far.
struct Answers(Sha256);

impl Answers {
    fn keep(&mut self, dims: &[u32], bytes: impl IntoIterator<Item = u8>) {
        dims.iter().for_each(|size| self.0.update(size.to_le_bytes()));
        self.0.update(bytes.into_iter().collect::<Vec<_>>());
    }

    /// With one NaN for all.
    fn floats(&mut self, dims: &[u32], values: &[f32]) {
        let bits = |value: &f32| if value.is_nan() { 0x7fff_ffff } else { value.to_bits() };
        self.keep(dims, values.iter().flat_map(|value| bits(value).to_le_bytes()));
    }

    fn ints(&mut self, dims: &[u32], values: &[i32]) {
        self.keep(dims, values.iter().flat_map(|value| value.to_le_bytes()));
    }
}

fn run(module: &mut Module, Drawn { shape, levels, layout, kind, seed }: Drawn, answers: &mut Answers) {
    let Shape { batch, channels, height, width } = shape;
    let map_dims = match layout {
        Layout::Nchw => [batch, channels, height, width],
        Layout::Nhwc => [batch, height, width, channels],
    };
    let row = channels * levels.iter().map(|(rows, columns)| rows * columns).sum::<u32>();
    let dims = [batch, row];
    let x = fill(kind, seed, shape.len());
    let pyramid = Pyramid { levels: levels.clone(), layout, ..Pyramid::default() };

    let (y, indices) = module.forward_with_indices(&pyramid, &x, shape).unwrap();
    answers.floats(&dims, &y);
    answers.ints(&dims, &indices);
    answers.floats(&dims, &module.forward(&pyramid, &x, shape).unwrap());
    let gradient = fill(kind, seed.wrapping_add(1), y.len());
    answers.floats(&map_dims, &module.backward(&pyramid, &gradient, Some(&indices), shape).unwrap());

    let halves: Vec<F16> = x.iter().map(|value| F16((value.to_bits() >> 16) as u16)).collect();
    let (y, indices) = module.forward_with_indices(&pyramid, &halves, shape).unwrap();
    let bits = |half: &F16| if half.0 & 0x7fff > 0x7c00 { 0x7fff } else { half.0 };
    answers.keep(&dims, y.iter().flat_map(|half| bits(half).to_le_bytes()));
    answers.ints(&dims, &indices);
    let signed: Vec<i8> = x.iter().map(|value| (value.to_bits() >> 24) as i8).collect();
    let (y, indices) = module.forward_with_indices(&pyramid, &signed, shape).unwrap();
    answers.keep(&dims, y.iter().map(|&value| value as u8));
    answers.ints(&dims, &indices);
    let unsigned: Vec<u8> = x.iter().map(|value| (value.to_bits() >> 24) as u8).collect();
    let (y, indices) = module.forward_with_indices(&pyramid, &unsigned, shape).unwrap();
    answers.keep(&dims, y);
    answers.ints(&dims, &indices);

    let mut words = Words(seed);
    let rois: Vec<[f32; 5]> = std::iter::repeat_with(|| {
        let item = words.next() % batch;
        let mut position = || (words.next() % (8 * height.max(width))) as f32 / 4.0 - 8.0;
        [item as f32, position(), position(), position(), position()]
    })
    .take(9)
    .collect();
    let rule = RegionRule::RoiPool { spatial_scale: 0.75 };
    let regions = RegionPyramid { levels: levels.clone(), layout, rule, ..RegionPyramid::default() };
    let (y, indices) = module.forward_regions_with_indices(&regions, &x, shape, &rois).unwrap();
    answers.floats(&[9, row], &y);
    answers.ints(&[9, row], &indices);
    let gradient = fill(UNIT, seed, y.len());
    let found = module.backward_regions(&regions, &gradient, Some(&indices), shape, &rois).unwrap();
    answers.floats(&map_dims, &found);

    let average = Pyramid { levels, layout, reduction: Reduction::Average, ..Pyramid::default() };
    let x = fill(UNIT, seed, shape.len());
    answers.floats(&dims, &module.forward(&average, &x, shape).unwrap());
}

/// The hash that `test/corpus/corpus.mjs` expects.
fn expected() -> String {
    let text = std::fs::read_to_string(project("test/corpus/corpus.mjs")).expect("the corpus");
    let (_, rest) = text.split_once("export const expected = '").expect("a hash");
    rest.chars().take_while(|&c| c != '\'').collect()
}

#[test]
fn the_recorded_corpus_has_its_hash() {
    for (name, mut module) in modules() {
        let mut words = Words(0x5eed);
        let mut answers = Answers(Sha256::new());
        for i in 0..CASES + LARGE {
            run(&mut module, draw(&mut words, i >= CASES), &mut answers);
        }
        let hash: String = answers.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash, expected(), "{name}");
    }
}
