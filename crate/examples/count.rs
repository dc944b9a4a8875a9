//! One call over one map, for tools that count instructions:
//!
//! ```sh
//! cargo build --release --example count
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect='*measured*' \
//!     target/release/examples/count forward 1 256 13 13 4,2,1
//! ```

use pyramid_pool::bins::Rule;
use pyramid_pool::{FeatureMap, Layout, PyramidPlan, backward, forward, forward_with_indices};

const USAGE: &str = "usage: count forward|indices|backward BATCH CHANNELS HEIGHT WIDTH LEVEL,LEVEL,... [nhwc]";

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize| words.get(i).and_then(|word| word.parse().ok()).expect(USAGE);
    let map = FeatureMap { batch: number(1), channels: number(2), height: number(3), width: number(4) };
    let levels: Vec<_> =
        words.get(5).expect(USAGE).split(',').map(|n| n.parse().expect(USAGE)).map(|n: usize| (n, n)).collect();
    let layout = if words.get(6).is_some_and(|word| word == "nhwc") { Layout::Nhwc } else { Layout::Nchw };
    let plan = PyramidPlan::new(map.height, map.width, &levels, Rule::Adaptive, layout).expect("a plan");

    // Numbers without order, the same every time.
    let input: Vec<f32> = (0..map.len() as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32).collect();
    let mut output = vec![0.0; plan.output_len(map.batch, map.channels)];
    let mut indices = vec![0; output.len()];
    let mut grad_input = vec![0.0; map.len()];
    forward_with_indices(&plan, &map, &input, &mut output, &mut indices).expect("buffers that fit");
    match words[0].as_str() {
        "forward" => measured(|| forward(&plan, &map, &input, &mut output)),
        "indices" => measured(|| forward_with_indices(&plan, &map, &input, &mut output, &mut indices)),
        "backward" => measured(|| backward(&plan, &map, &output, &indices, &mut grad_input)),
        _ => panic!("{USAGE}"),
    }
    println!("{} {}", output[0], grad_input[0]);
}

#[inline(never)]
fn measured<E: std::fmt::Debug>(call: impl FnOnce() -> Result<(), E>) {
    call().expect("buffers that fit");
}
