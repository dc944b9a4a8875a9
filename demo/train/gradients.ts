import * as tf from '@tensorflow/tfjs-core';

/**
 * The gradients this network needs. tfjs-core has them too, but in a file that Node cannot load, so that importing
 * it would tie the training code to bundlers.
 */
export function registerGradients(): void {
  for (const gradient of [add, matMul, conv2d, maxPool, relu]) tf.registerGradient(gradient);
}

const add: tf.GradConfig = {
  kernelName: tf.Add,
  inputsToSave: ['a', 'b'],
  gradFunc: (dy, [a, b]) => ({
    a: () => sumToShape(asTensor(dy), a.shape),
    b: () => sumToShape(asTensor(dy), b.shape),
  }),
};

const matMul: tf.GradConfig = {
  kernelName: tf.BatchMatMul,
  inputsToSave: ['a', 'b'],
  gradFunc: (dy, [a, b]) => ({
    a: () => tf.matMul(asTensor(dy), b, false, true),
    b: () => tf.matMul(a, asTensor(dy), true, false),
  }),
};

const conv2d: tf.GradConfig = {
  kernelName: tf.Conv2D,
  inputsToSave: ['x', 'filter'],
  gradFunc: (gradient, [x, filter], attrs) => {
    const dy = asTensor(gradient);
    const { strides, pad, dataFormat, dimRoundingMode } = attrs as unknown as tf.Conv2DAttrs;
    const settings = { strides, pad, dataFormat, dimRoundingMode };
    return {
      x: () => run(tf.Conv2DBackpropInput, { dy, filter }, { ...settings, inputShape: x.shape }),
      filter: () => run(tf.Conv2DBackpropFilter, { x, dy }, { ...settings, filterShape: filter.shape }),
    };
  },
};

const maxPool: tf.GradConfig = {
  kernelName: tf.MaxPool,
  inputsToSave: ['x'],
  outputsToSave: [true],
  gradFunc: (dy, [input, output], attrs) => {
    const { filterSize, strides, pad } = attrs as unknown as tf.MaxPoolAttrs;
    return {
      x: () => run(tf.MaxPoolGrad, { dy: asTensor(dy), input, output }, { filterSize, strides, pad }),
    };
  },
};

const relu: tf.GradConfig = {
  kernelName: tf.Relu,
  outputsToSave: [true],
  gradFunc: (dy, [output]) => ({ x: () => tf.mul(asTensor(dy), tf.step(output)) }),
};

/** None of these kernels has more than one output. */
function asTensor(dy: tf.Tensor | tf.Tensor[]): tf.Tensor {
  return Array.isArray(dy) ? dy[0] : dy;
}

function run(kernel: string, inputs: tf.NamedTensorMap, attrs: Record<string, unknown>): tf.Tensor {
  return tf.engine().runKernel(kernel, inputs, attrs as tf.NamedAttrMap);
}

/** Undoes broadcasting: what was repeated gets the sum of its copies' gradients. */
function sumToShape(dy: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, dy.shape);
  return axes.length === 0 ? dy.clone() : tf.reshape(tf.sum(dy, axes), shape);
}
