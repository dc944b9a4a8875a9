//! The answers of PyTorch, which the package's tests hold every variant to as well.

use std::fs;
use std::path::Path;

use pyramid_pool::bins::Rule;
use pyramid_pool::{FeatureMap, Layout, PyramidPlan, backward, forward, forward_with_indices};
use serde::Deserialize;

#[derive(Deserialize)]
struct Index {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    kind: String,
    pool: String,
    shape: Vec<usize>,
    levels: serde_json::Value,
    exact: Vec<String>,
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

#[test]
fn values_indices_and_gradients_are_pytorchs() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test/golden");
    let index: Index = serde_json::from_str(&fs::read_to_string(golden.join("index.json")).unwrap()).unwrap();
    let data = fs::read(golden.join("data.bin")).unwrap();
    let mut checked = 0;
    // Large cases, whose input is generated, are left to the package's tests.
    for case in index.cases.iter().filter(|case| case.pool == "max") {
        let rule = match case.kind.as_str() {
            "spp" => Rule::Adaptive,
            "paper_sliding" => Rule::Sliding,
            "caffe_spp" => Rule::Padded,
            _ => continue,
        };
        let Some(x) = case.tensors.get("x") else { continue };
        let levels: Vec<(usize, usize)> = serde_json::from_value(case.levels.clone()).unwrap();
        let [batch, channels, height, width] = case.shape[..] else { panic!("{}: not of rank 4", case.id) };
        let map = FeatureMap { batch, channels, height, width };
        let plan = PyramidPlan::new(height, width, &levels, rule, Layout::Nchw).unwrap();
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
            let most = expected.iter().fold(1.0_f32, |most, value| most.max(value.abs()));
            let close = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-5 * most;
            assert!(gradient.iter().zip(&expected).all(close), "{}: gradient", case.id);
        }
        checked += 1;
    }
    assert_eq!(checked, 73 + 11 + 11);
}
