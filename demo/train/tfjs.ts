import * as wasm from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { registerGradients } from './gradients.js';

/** Where tfjs finds its WASM files: a folder with a slash at its end, or an address for each file. */
export type TfjsWasmPaths = Parameters<typeof wasm.setWasmPaths>[0];

let registered = false;

/** Makes tfjs able to train on its WASM backend. */
export async function startTfjs(wasmPaths: TfjsWasmPaths): Promise<void> {
  if (!registered) {
    registerConvolutionFilterGradient();
    registerGradients();
    registered = true;
  }
  wasm.setWasmPaths(wasmPaths);
  // A minified bundle breaks the worker of tfjs's threaded build, which a cross-origin-isolated page would choose,
  // and it then waits for ever.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  if (!(await tf.setBackend('wasm'))) throw new Error('tfjs could not start its WASM backend.');
}

type FilterGradientAttrs = tf.Conv2DBackpropFilterAttrs & Pick<tf.Conv2DAttrs, 'dilations'>;

interface FilterGradientInputs {
  readonly x: tf.Tensor4D;
  readonly dy: tf.Tensor4D;
}

/** The one kernel that convolutions need to learn and that the WASM backend lacks (for stride 1). */
function registerConvolutionFilterGradient(): void {
  tf.registerKernel({
    kernelName: tf.Conv2DBackpropFilter,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs }) => {
      const { x, dy } = inputs as unknown as FilterGradientInputs;
      const { pad, filterShape, dilations } = attrs as unknown as FilterGradientAttrs;
      return filterGradient(x, dy, pad, filterShape, dilations);
    },
  });
}

/**
 * The gradient of a filter is itself a convolution: of the padded input with the output's gradient, where batch and
 * channels change places, and the dilation becomes the stride.
 */
function filterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  pad: tf.Conv2DBackpropFilterAttrs['pad'],
  filterShape: [number, number, number, number],
  dilations: tf.Conv2DAttrs['dilations'],
): tf.Tensor4D {
  const { padInfo } = tf.backend_util.computeConv2DInfo(x.shape, filterShape, 1, dilations, pad);
  const { top, bottom, left, right } = padInfo;
  return tf.tidy(() => {
    const padded = tf.pad(x, [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ]);
    const images: tf.Tensor4D = tf.transpose(padded, [3, 1, 2, 0]);
    const filters: tf.Tensor4D = tf.transpose(dy, [1, 2, 0, 3]);
    return tf.transpose(tf.conv2d(images, filters, dilations, 'valid'), [1, 2, 0, 3]);
  });
}
