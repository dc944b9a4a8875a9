//! The answers of PyTorch, which the package's tests hold every variant to as well.

use std::fs;
use std::path::{Path, PathBuf};

use pyramid_pool::bins::Rule;
use pyramid_pool::{
    AlignPlan, FeatureMap, Layout, PyramidPlan, RegionPlan, RegionRule, RoiAlign, align_regions,
    align_regions_backward, average, average_backward, backward, backward_regions, forward,
    forward_regions_with_indices, forward_with_indices,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Index {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    kind: String,
    #[serde(default)]
    pool: String,
    shape: Vec<usize>,
    levels: serde_json::Value,
    exact: Vec<String>,
    spatial_scale: Option<f32>,
    offset0: Option<f64>,
    offset: Option<f64>,
    step: Option<f64>,
    sampling_ratio: Option<i32>,
    aligned: Option<bool>,
    tensors: std::collections::HashMap<String, Tensor>,
}

#[derive(Deserialize)]
struct Tensor {
    shape: Vec<usize>,
    offset: usize,
}

impl Tensor {
    fn words(&self, data: &[u8]) -> Vec<u32> {
        let len = self.shape.iter().product::<usize>() * 4;
        let words = data[self.offset..self.offset + len].chunks_exact(4);
        words.map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect()
    }

    fn floats(&self, data: &[u8]) -> Vec<f32> {
        self.words(data).into_iter().map(f32::from_bits).collect()
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() }).collect()
}

fn golden() -> (Index, Vec<u8>) {
    read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../test/golden"))
}

fn read(golden: PathBuf) -> (Index, Vec<u8>) {
    let index = serde_json::from_str(&fs::read_to_string(golden.join("index.json")).unwrap()).unwrap();
    (index, fs::read(golden.join("data.bin")).unwrap())
}

/// The rule a kind of case follows, for those that pool a whole map.
fn rule(case: &Case) -> Option<Rule> {
    match case.kind.as_str() {
        "spp" => Some(Rule::Adaptive),
        "paper_sliding" => Some(Rule::Sliding),
        "caffe_spp" => Some(Rule::Padded),
        _ => None,
    }
}

impl Case {
    /// A map of rank 3 is a batch of one.
    fn map(&self) -> FeatureMap {
        let [.., channels, height, width] = self.shape[..] else { panic!("{}: no map", self.id) };
        FeatureMap { batch: if self.shape.len() == 4 { self.shape[0] } else { 1 }, channels, height, width }
    }

    fn levels(&self) -> Vec<(usize, usize)> {
        serde_json::from_value(self.levels.clone()).unwrap()
    }

    fn plan(&self, rule: Rule) -> PyramidPlan {
        PyramidPlan::new(self.map().height, self.map().width, &self.levels(), rule, Layout::Nchw).unwrap()
    }

    /// The rule and the regions of a case that pools some.
    fn regions(&self, data: &[u8]) -> Option<(RegionRule, Vec<f32>)> {
        match self.kind.as_str() {
            "roi_pool" => {
                let rule = RegionRule::RoiPool { spatial_scale: self.spatial_scale? };
                Some((rule, self.tensors["rois"].floats(data)))
            }
            "sppnet_window" => {
                let rule = RegionRule::SppNet { offset0: self.offset0?, offset: self.offset?, step: self.step? };
                // Boxes are 1-based, and of one image.
                let boxes = self.tensors["boxes"].floats(data);
                let region = |ends: &[f32]| [0.0, ends[0] - 1.0, ends[1] - 1.0, ends[2] - 1.0, ends[3] - 1.0];
                Some((rule, boxes.chunks_exact(4).flat_map(region).collect()))
            }
            _ => None,
        }
    }
}

/// Whether values agree up to `tolerance` times the largest finite one, or times 1, and exactly where not finite.
fn close(actual: &[f32], expected: &[f32], tolerance: f32, most: f32) -> bool {
    let same = |a: f32, b: f32| (a - b).abs() <= tolerance * most || a == b || (a.is_nan() && b.is_nan());
    actual.iter().zip(expected).all(|(&a, &b)| same(a, b))
}

fn largest(values: &[f32]) -> f32 {
    values.iter().filter(|value| value.is_finite()).fold(1.0, |most, value| most.max(value.abs()))
}

#[test]
fn values_indices_and_gradients_are_pytorchs() {
    let (index, data) = golden();
    let mut checked = 0;
    // Large cases, whose input is generated, are left to the package's tests.
    for case in index.cases.iter().filter(|case| case.pool == "max") {
        let Some(rule) = rule(case) else { continue };
        let Some(x) = case.tensors.get("x") else { continue };
        let (map, plan) = (case.map(), case.plan(rule));
        let x = x.floats(&data);
        let expected = bits(&case.tensors["y"].floats(&data));

        let (mut y, mut indices) = (vec![9.0; expected.len()], vec![9; expected.len()]);
        forward(&plan, &map, &x, &mut y).unwrap();
        assert_eq!(bits(&y), expected, "{}: forward", case.id);
        forward_with_indices(&plan, &map, &x, &mut y, &mut indices).unwrap();
        assert_eq!(bits(&y), expected, "{}: output", case.id);
        assert_eq!(indices, case.tensors["argmax"].words(&data), "{}: indices", case.id);

        let mut gradient = vec![9.0; x.len()];
        backward(&plan, &map, &case.tensors["gy"].floats(&data), &indices, &mut gradient).unwrap();
        let expected = case.tensors["gx"].floats(&data);
        if case.exact.iter().any(|name| name == "gx") {
            assert_eq!(bits(&gradient), bits(&expected), "{}: gradient", case.id);
        } else {
            assert!(close(&gradient, &expected, 1e-5, largest(&expected)), "{}: gradient", case.id);
        }
        checked += 1;
    }
    assert_eq!(checked, 73 + 11 + 11);
}

#[test]
fn averages_and_their_gradients_are_pytorchs_and_caffes() {
    let (index, data) = golden();
    let mut checked = 0;
    for case in index.cases.iter().filter(|case| case.pool.starts_with("av")) {
        let Some(rule) = rule(case) else { continue };
        let (map, plan) = (case.map(), case.plan(rule));
        let x = case.tensors["x"].floats(&data);
        let expected = case.tensors["y"].floats(&data);
        let mut y = vec![9.0; expected.len()];
        average(&plan, &map, &x, &mut y).unwrap();
        assert!(close(&y, &expected, 4e-6, largest(&x)), "{}: output", case.id);

        let expected = case.tensors["gx"].floats(&data);
        let mut gradient = vec![9.0; x.len()];
        average_backward(&plan, &map, &case.tensors["gy"].floats(&data), &mut gradient).unwrap();
        assert!(close(&gradient, &expected, 1e-5, largest(&expected)), "{}: gradient", case.id);
        checked += 1;
    }
    assert_eq!(checked, 25 + 3);
}

#[test]
fn regions_are_torchvisions_and_spp_nets() {
    let (index, data) = golden();
    let mut checked = 0;
    for case in &index.cases {
        let Some((rule, regions)) = case.regions(&data) else { continue };
        let map = case.map();
        let size = (map.batch, map.height, map.width);
        let plan = RegionPlan::new(size, &case.levels(), rule, Layout::Nchw, &regions).unwrap();
        let x = case.tensors["x"].floats(&data);
        let expected = case.tensors["y"].floats(&data);
        let (mut y, mut indices) = (vec![9.0; expected.len()], vec![9; expected.len()]);
        forward_regions_with_indices(&plan, &map, &x, &mut y, &mut indices).unwrap();
        checked += 1;
        if case.kind == "sppnet_window" {
            // The original's maxima begin at zero.
            let floored: Vec<f32> = y.iter().map(|value| value.max(0.0)).collect();
            assert_eq!(bits(&floored), bits(&expected), "{}: output", case.id);
            continue;
        }
        assert_eq!(bits(&y), bits(&expected), "{}: output", case.id);
        assert_eq!(indices, case.tensors["argmax"].words(&data), "{}: indices", case.id);
        let expected = case.tensors["gx"].floats(&data);
        let mut gradient = vec![9.0; x.len()];
        backward_regions(&plan, &map, &case.tensors["gy"].floats(&data), &indices, &mut gradient).unwrap();
        if case.exact.iter().any(|name| name == "gx") {
            assert_eq!(bits(&gradient), bits(&expected), "{}: gradient", case.id);
        } else {
            assert!(close(&gradient, &expected, 1e-5, largest(&expected)), "{}: gradient", case.id);
        }
    }
    assert_eq!(checked, 17 + 8);
}

#[test]
fn aligned_regions_and_their_gradients_are_torchvisions() {
    let (index, data) = read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../test/golden/align"));
    for case in &index.cases {
        let map = case.map();
        let rule = RoiAlign {
            spatial_scale: case.spatial_scale.unwrap(),
            sampling_ratio: case.sampling_ratio.unwrap().max(0) as u32,
            aligned: case.aligned.unwrap(),
        };
        let regions = case.tensors["rois"].floats(&data);
        let size = (map.batch, map.height, map.width);
        let plan = AlignPlan::new(size, &case.levels(), rule, Layout::Nchw, &regions).unwrap();
        let expected = case.tensors["y"].floats(&data);
        let mut y = vec![9.0; expected.len()];
        align_regions(&plan, &map, &case.tensors["x"].floats(&data), &mut y).unwrap();
        assert_eq!(bits(&y), bits(&expected), "{}: output", case.id);

        let mut gradient = vec![9.0; map.len()];
        align_regions_backward(&plan, &map, &case.tensors["gy"].floats(&data), &mut gradient).unwrap();
        assert_eq!(bits(&gradient), bits(&case.tensors["gx"].floats(&data)), "{}: gradient", case.id);
    }
    assert_eq!(index.cases.len(), 120);
}
