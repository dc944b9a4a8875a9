//! The recorded answers of PyTorch, torchvision and Caffe in `test/golden`.

mod common;

use common::{modules, project};
use pyramid_pool_host::{Bins, Module, OutputOrder, Pyramid, Reduction, RegionPyramid, RegionRule, Shape};
use serde_json::Value;

/// A case, and the bytes that its tensors lie in.
struct Case<'a> {
    entry: &'a Value,
    data: &'a [u8],
}

impl Case<'_> {
    fn text(&self, name: &str) -> &str {
        self.entry[name].as_str().unwrap_or_default()
    }

    fn number(&self, name: &str) -> f64 {
        self.entry[name].as_f64().expect(name)
    }

    fn has(&self, name: &str) -> bool {
        !self.entry["tensors"][name].is_null()
    }

    fn words(&self, name: &str) -> Vec<u32> {
        let entry = &self.entry["tensors"][name];
        let sizes = entry["shape"].as_array().expect(name);
        let len: u64 = sizes.iter().map(|size| size.as_u64().expect("a size")).product();
        let at = entry["offset"].as_u64().expect("an offset") as usize;
        self.data[at..]
            .chunks_exact(4)
            .take(len as usize)
            .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect()
    }

    fn floats(&self, name: &str) -> Vec<f32> {
        self.words(name).into_iter().map(f32::from_bits).collect()
    }

    fn ints(&self, name: &str) -> Vec<i32> {
        self.words(name).into_iter().map(|word| word as i32).collect()
    }

    fn shape(&self) -> Shape {
        let sizes: Vec<u32> = list(&self.entry["shape"]);
        match sizes[..] {
            [batch, channels, height, width] => Shape { batch, channels, height, width },
            [channels, height, width] => Shape { batch: 1, channels, height, width },
            _ => panic!("a map has three or four sizes"),
        }
    }

    fn levels(&self) -> Vec<(u32, u32)> {
        let levels = self.entry["levels"].as_array().expect("levels");
        levels.iter().map(list).map(|level| (level[0], level[1])).collect()
    }

    fn map(&self) -> Vec<f32> {
        if self.has("x") {
            return self.floats("x");
        }
        let field = |name: &str| self.entry["x_gen"][name].as_u64().expect(name);
        let (mut state, steps) = (field("seed") as u32, field("steps") as f64);
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = f64::from(state >> 9) / 4_194_304.0 - 1.0;
            (if steps > 0.0 { (value * steps).floor() / steps } else { value }) as f32
        };
        std::iter::repeat_with(next).take(self.shape().len()).collect()
    }

    fn gradient(&self) -> Vec<f32> {
        if self.has("gx") {
            return self.floats("gx");
        }
        let mut dense = vec![0.0; self.shape().len()];
        for (at, value) in self.ints("gx_index").into_iter().zip(self.floats("gx_value")) {
            dense[at as usize] = value;
        }
        dense
    }

    fn rois(&self, name: &str, of: impl Fn(&[f32]) -> [f32; 5], len: usize) -> Vec<[f32; 5]> {
        self.floats(name).chunks_exact(len).map(of).collect()
    }

    /// Gradients agree to the bit where they are said to, and else up to rounding.
    fn check_gradient(&self, found: &[f32], what: &str) {
        let exact = self.entry["exact"].as_array().expect("a list").iter().any(|name| name == "gx");
        if exact {
            expect_bits(found, &self.gradient(), what)
        } else {
            expect_close(found, &self.gradient(), 1e-5, what)
        }
    }
}

fn list(value: &Value) -> Vec<u32> {
    value.as_array().expect("a list").iter().map(|n| n.as_u64().expect("a number") as u32).collect()
}

/// The same bits, with one NaN for all.
fn expect_bits(found: &[f32], wanted: &[f32], what: &str) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    for (i, (a, b)) in found.iter().zip(wanted).enumerate() {
        assert!(a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(), "{what}: {a} at {i}, not {b}");
    }
}

/// The same up to `tolerance` times the largest.
fn expect_close(found: &[f32], wanted: &[f32], tolerance: f32, what: &str) {
    let slack = tolerance * largest(wanted);
    assert_eq!(found.len(), wanted.len(), "{what}");
    for (a, b) in found.iter().zip(wanted) {
        assert!(a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= slack, "{what}: {a}, not {b}");
    }
}

fn largest(values: &[f32]) -> f32 {
    values.iter().filter(|value| value.is_finite()).fold(1.0, |most, value| most.max(value.abs()))
}

fn check_map(module: &mut Module, case: &Case, bins: Bins, what: &str) {
    let reduction = if case.text("pool") == "max" { Reduction::Max } else { Reduction::Average };
    let pyramid = Pyramid { levels: case.levels(), reduction, bins, ..Pyramid::default() };
    let (x, shape, gy) = (case.map(), case.shape(), case.floats("gy"));
    let y = module.forward(&pyramid, &x, shape).expect(what);
    if reduction == Reduction::Average {
        let tolerance = 4e-6 * largest(&x) / largest(&case.floats("y"));
        expect_close(&y, &case.floats("y"), tolerance, what);
        return case.check_gradient(&module.backward(&pyramid, &gy, None, shape).expect(what), what);
    }
    expect_bits(&y, &case.floats("y"), what);
    let (y, indices) = module.forward_with_indices(&pyramid, &x, shape).expect(what);
    expect_bits(&y, &case.floats("y"), what);
    assert_eq!(indices, case.ints("argmax"), "{what}");
    case.check_gradient(&module.backward(&pyramid, &gy, Some(&indices), shape).expect(what), what);
}

fn check_regions(module: &mut Module, case: &Case, rule: RegionRule, rois: &[[f32; 5]], what: &str) {
    let pyramid = RegionPyramid { levels: case.levels(), rule, ..RegionPyramid::default() };
    let (x, shape) = (case.map(), case.shape());
    let y = module.forward_regions(&pyramid, &x, shape, rois).expect(what);
    if let RegionRule::SppNet { .. } = rule {
        // The recorded maxima begin at zero.
        let floored: Vec<f32> = y.into_iter().map(|value| if value > 0.0 { value } else { 0.0 }).collect();
        return expect_bits(&floored, &case.floats("y"), what);
    }
    expect_bits(&y, &case.floats("y"), what);
    let mut indices = None;
    if let RegionRule::RoiPool { .. } = rule {
        let (y, found) = module.forward_regions_with_indices(&pyramid, &x, shape, rois).expect(what);
        expect_bits(&y, &case.floats("y"), what);
        assert_eq!(found, case.ints("argmax"), "{what}");
        indices = Some(found);
    }
    let gradient = module.backward_regions(&pyramid, &case.floats("gy"), indices.as_deref(), shape, rois);
    case.check_gradient(&gradient.expect(what), what);
}

fn check(module: &mut Module, case: &Case, what: &str) {
    let five = |roi: &[f32]| [roi[0], roi[1], roi[2], roi[3], roi[4]];
    match case.text("kind") {
        "spp" => check_map(module, case, Bins::Adaptive, what),
        "paper_sliding" => check_map(module, case, Bins::Sliding, what),
        "caffe_spp" => check_map(module, case, Bins::Padded, what),
        "roi_pool" => {
            let rule = RegionRule::RoiPool { spatial_scale: case.number("spatial_scale") };
            check_regions(module, case, rule, &case.rois("rois", five, 5), what);
        }
        "roi_align" => {
            let rule = RegionRule::RoiAlign {
                spatial_scale: case.number("spatial_scale"),
                sampling_ratio: case.number("sampling_ratio") as i32,
                aligned: case.entry["aligned"] == true,
            };
            check_regions(module, case, rule, &case.rois("rois", five, 5), what);
        }
        "sppnet_window" => {
            let [offset0, offset, step] = ["offset0", "offset", "step"].map(|name| case.number(name));
            // Boxes are 1-based, and of one image.
            let rois = case.rois("boxes", |b| [0.0, b[0] - 1.0, b[1] - 1.0, b[2] - 1.0, b[3] - 1.0], 4);
            check_regions(module, case, RegionRule::SppNet { offset0, offset, step }, &rois, what);
        }
        other => panic!("a case of an unknown kind: {other}"),
    }
}

#[test]
fn the_answers_are_the_recorded_ones() {
    for (folder, count) in [("test/golden", 150), ("test/golden/align", 120)] {
        let data = std::fs::read(project(folder).join("data.bin")).expect("data");
        let index = std::fs::read_to_string(project(folder).join("index.json")).expect("an index");
        let index: Value = serde_json::from_str(&index).expect("JSON");
        let cases = index["cases"].as_array().expect("cases");
        assert_eq!(cases.len(), count);
        for (name, mut module) in modules() {
            for entry in cases {
                let case = Case { entry, data: &data };
                check(&mut module, &case, &format!("{}, {name}", case.text("id")));
            }
        }
    }
}

#[test]
fn wrong_calls_are_refused_and_the_next_one_works() {
    let [(_, mut module), _] = modules();
    let shape = Shape { batch: 1, channels: 3, height: 7, width: 7 };
    let x = vec![1.0_f32; shape.len()];
    let pyramid = Pyramid { levels: vec![(4, 4)], ..Pyramid::default() };
    let sliding = Pyramid { bins: Bins::Sliding, ..pyramid.clone() };
    let regions = RegionPyramid { levels: vec![(1, 1)], ..RegionPyramid::default() };
    let words = |result: Result<Vec<f32>, pyramid_pool_host::Error>| result.unwrap_err().to_string();
    assert!(words(module.forward(&sliding, &x, shape)).contains("gives 6 bins for 7 cells"));
    assert!(words(module.forward(&pyramid, &x[1..], shape)).contains("x has 146 elements, and must have 147"));
    assert!(words(module.forward(&Pyramid::default(), &x, shape)).contains("no cells"));
    assert!(words(module.backward(&pyramid, &[0.0; 48], None, shape)).contains("indices"));
    let averages = Pyramid { reduction: Reduction::Average, ..pyramid.clone() };
    let aligned = RegionRule::RoiAlign { spatial_scale: 1.0, sampling_ratio: 0, aligned: true };
    let aligned = RegionPyramid { rule: aligned, ..regions.clone() };
    let bytes = vec![1_u8; shape.len()];
    assert!(module.forward(&averages, &bytes, shape).unwrap_err().to_string().contains("f32 or F16"));
    assert!(module.forward_regions(&aligned, &bytes, shape, &[]).unwrap_err().to_string().contains("f32 or F16"));
    let bad = [49; 48];
    assert!(words(module.backward(&pyramid, &[0.0; 48], Some(&bad), shape)).contains("indices[0] is 49"));
    let rois = [[1.0, 0.0, 0.0, 1.0, 1.0]];
    assert!(words(module.forward_regions(&regions, &x, shape, &rois)).contains("item"));
    assert_eq!(module.forward(&pyramid, &x, shape).unwrap(), [1.0; 48]);
}

#[test]
fn rows_are_ordered_by_channel_where_that_is_asked_for() {
    let [(_, mut module), _] = modules();
    let shape = Shape { batch: 1, channels: 2, height: 2, width: 2 };
    let x = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
    let pyramid = Pyramid { levels: vec![(2, 2), (1, 1)], ..Pyramid::default() };
    assert_eq!(module.forward(&pyramid, &x, shape).unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 4.0, 8.0]);
    let by_channel = Pyramid { order: OutputOrder::Channels, ..pyramid.clone() };
    let expected = [1.0, 2.0, 3.0, 4.0, 4.0, 5.0, 6.0, 7.0, 8.0, 8.0];
    assert_eq!(module.forward(&by_channel, &x, shape).unwrap(), expected);
    let regions = RegionPyramid { levels: pyramid.levels, order: OutputOrder::Channels, ..RegionPyramid::default() };
    assert_eq!(module.forward_regions(&regions, &x, shape, &[[0.0, 0.0, 0.0, 1.0, 1.0]]).unwrap(), expected);
}

#[test]
fn regions_are_averaged() {
    let [(_, mut module), _] = modules();
    let shape = Shape { batch: 1, channels: 1, height: 2, width: 4 };
    let x = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
    let reduction = Reduction::Average;
    let regions = RegionPyramid { levels: vec![(1, 1)], reduction, ..RegionPyramid::default() };
    let rois = [[0.0, 0.0, 0.0, 1.0, 1.0], [0.0, 2.0, 0.0, 3.0, 1.0]];
    assert_eq!(module.forward_regions(&regions, &x, shape, &rois).unwrap(), [3.5, 5.5]);
    let gradient = module.backward_regions(&regions, &[4.0, 8.0], None, shape, &rois).unwrap();
    assert_eq!(gradient, [1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0]);
    assert!(module.forward_regions_with_indices(&regions, &x, shape, &rois).is_err());
}
