/** The lines of the documentation on ONNX Runtime, and typed tensors. Compiled with the types of onnxruntime-web. */
import * as ort from 'onnxruntime-web';
import { createPyramidPool } from 'pyramid-pool';
import { createModel } from 'pyramid-pool/onnx';

const backbone = await ort.InferenceSession.create('backbone.onnx');
const head = await ort.InferenceSession.create('head.onnx');
const spp = await createPyramidPool({ levels: [4, 2, 1] });

const image = new ort.Tensor('float32', new Float32Array(2 * 33 * 47), [1, 2, 33, 47]);
const { features } = await backbone.run({ image });
if (!features) throw new Error('no features');
const pooled = spp.forward(features);
const { scores } = await head.run({ pooled: new ort.Tensor(pooled.type, pooled.data, pooled.dims) });
console.log(features.dims, pooled.dims, scores?.dims);

const { output, indices } = spp.forwardWithIndices(features);
new ort.Tensor(output.type, output.data, output.dims);
new ort.Tensor(indices.type, indices.data, indices.dims);
const gradient = spp.backward(output, { dims: features.dims, indices });
new ort.Tensor(gradient.type, gradient.data, gradient.dims);

const typed = spp.forward(image);
const tensor: ort.TypedTensor<'float32'> = new ort.Tensor(typed.type, typed.data, typed.dims);
declare const half: ort.TypedTensor<'float16'>;
declare const byte: ort.TypedTensor<'uint8'>;
for (const map of [half, byte]) {
  const result = spp.forward(map);
  new ort.Tensor(result.type, result.data, result.dims);
}
console.log(tensor);

const model = await createModel('model.onnx', { ort, session: { executionProviders: ['wasm'] } });
const results: ort.InferenceSession.ReturnType = await model.run({ image });
const rows: ort.InferenceSession.ReturnType = await model.runAll([{ image }, { image }]);
console.log(results.scores?.dims, rows.scores?.dims, model.pools[0]?.runs);
// @ts-expect-error: what is no tensor is no feed
model.run({ image: 1 }).catch(() => {});
