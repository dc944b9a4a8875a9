/** tfjs with its real backends, in Node and in browsers. */
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll } from 'vitest';
import { packageFolder } from './package-folder.js';

export const backends = ['cpu', 'wasm'] as const;

/** Has a suite's tests run on a backend. */
export function useBackend(name: (typeof backends)[number]): void {
  beforeAll(async () => {
    setWasmPaths(packageFolder('@tensorflow/tfjs-backend-wasm/dist'));
    // One thread is enough here, and workers of tfjs would outlive the tests.
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    if (!(await tf.setBackend(name))) throw new Error(`tfjs has no ${name} backend here`);
  });
}

/** Numbers that look random, all different: a small step changes no maximum. */
export function distinct(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => ((i * 7919) % length) / 8 - length / 16);
}

export const lengthOf = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1);
