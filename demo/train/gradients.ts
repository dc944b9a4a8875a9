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

/** For stride 1, which is all that the network and the registered filter kernel know. */
const conv2d: tf.GradConfig = {
  kernelName: tf.Conv2D,
  inputsToSave: ['x', 'filter'],
  gradFunc: (gradient, [x, filter], attrs) => {
    const dy = asTensor(gradient) as tf.Tensor4D;
    const { strides, dilations, pad, dataFormat, dimRoundingMode } = attrs as unknown as tf.Conv2DAttrs;
    // tfjs's own attributes have no dilation; the kernel that is registered here reads it.
    const filterAttrs = { strides, dilations, pad, dataFormat, dimRoundingMode, filterShape: filter.shape };
    return {
      x: () => convolutionInputGradient(x as tf.Tensor4D, filter as tf.Tensor4D, dy, pad, dilations),
      filter: () => run(tf.Conv2DBackpropFilter, { x, dy }, filterAttrs),
    };
  },
};

/**
 * The output's gradient convolved with the filter turned by half a circle. The WASM backend has a kernel for it
 * (Conv2DBackpropInput), but its convolution is several times as fast as that.
 */
function convolutionInputGradient(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  dy: tf.Tensor4D,
  pad: tf.Conv2DAttrs['pad'],
  dilations: tf.Conv2DAttrs['dilations'],
): tf.Tensor4D {
  const info = tf.backend_util.computeConv2DInfo(x.shape, filter.shape, 1, dilations, pad);
  const { padInfo, effectiveFilterHeight: height, effectiveFilterWidth: width } = info;
  const turned: tf.Tensor4D = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
  const padding: [number, number][] = [
    [0, 0],
    [height - 1 - padInfo.top, height - 1 - padInfo.bottom],
    [width - 1 - padInfo.left, width - 1 - padInfo.right],
    [0, 0],
  ];
  return tf.conv2d(dy, turned, 1, padding as Parameters<typeof tf.conv2d>[3], 'NHWC', dilations);
}

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
