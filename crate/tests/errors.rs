//! Arguments that do not fit are refused before anything is written.

use pyramid_pool::bins::Rule;
use pyramid_pool::{FeatureMap, Layout, PoolError, PyramidPlan, backward, forward, forward_with_indices};

const MAP: FeatureMap = FeatureMap { batch: 1, channels: 2, height: 4, width: 5 };

fn plan() -> PyramidPlan {
    PyramidPlan::new(4, 5, &[(2, 2), (1, 1)], Rule::Adaptive, Layout::Nchw).unwrap()
}

#[test]
fn a_map_of_another_size_is_refused() {
    let map = FeatureMap { width: 4, ..MAP };
    let error = forward(&plan(), &map, &[0.0; 32], &mut [0.0; 10]);
    assert_eq!(error, Err(PoolError::WrongMap { planned: (4, 5), found: (4, 4) }));
}

#[test]
fn buffers_of_another_length_are_refused_by_name() {
    let wrong = |buffer, found, needed| Err(PoolError::WrongLength { buffer, found, needed });
    let plan = plan();
    assert_eq!(forward(&plan, &MAP, &[0.0; 39], &mut [0.0; 10]), wrong("input", 39, 40));
    assert_eq!(forward(&plan, &MAP, &[0.0; 40], &mut [0.0; 11]), wrong("output", 11, 10));
    let error = forward_with_indices(&plan, &MAP, &[0.0; 40], &mut [0.0; 10], &mut []);
    assert_eq!(error, wrong("indices", 0, 10));
    assert_eq!(backward(&plan, &MAP, &[0.0; 9], &[0; 10], &mut [0.0; 40]), wrong("grad_output", 9, 10));
    assert_eq!(backward(&plan, &MAP, &[0.0; 10], &[0; 9], &mut [0.0; 40]), wrong("indices", 9, 10));
    assert_eq!(backward(&plan, &MAP, &[0.0; 10], &[0; 10], &mut [0.0; 41]), wrong("grad_input", 41, 40));
}

#[test]
fn an_index_outside_its_plane_is_refused_before_anything_is_written() {
    let mut indices = [3; 10];
    indices[7] = 20;
    let mut gradient = [9.0; 40];
    let error = backward(&plan(), &MAP, &[1.0; 10], &indices, &mut gradient);
    assert_eq!(error, Err(PoolError::IndexOutOfRange { position: 7, index: 20, cells: 20 }));
    assert_eq!(gradient, [9.0; 40]);
}

#[test]
fn counts_beyond_memory_are_refused() {
    let map = FeatureMap { batch: usize::MAX, channels: 2, ..MAP };
    assert_eq!(forward::<f32>(&plan(), &map, &[], &mut []), Err(PoolError::TooLarge));
}
