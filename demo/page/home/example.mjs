import { createPyramidPool } from 'pyramid-pool';

const spp = await createPyramidPool({ levels: [4, 2, 1] });

const featureMap = { data: new Float32Array(256 * 13 * 13).fill(1), dims: [1, 256, 13, 13] };
const features = spp.forward(featureMap); // dims [1, 5376], whatever the height and width

const { output, indices } = spp.forwardWithIndices(featureMap); // for training
const gradInput = spp.backward(output, { dims: featureMap.dims, indices });
console.log(features.dims, gradInput.dims);
