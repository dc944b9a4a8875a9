/** Writes files that any ONNX runtime runs. */

import { checkOptions, describeValue, fail } from '../arguments/checks.js';
import type { PlainDataOf } from '../core/result-types.js';
import { addBodies, inlineBodies } from './bodies.js';
import { checkPyramid, type PyramidOption } from './options.js';
import { pruneModel } from './parts.js';
import { addPyramid, preparePools } from './prepare.js';
import { readModel } from './read.js';
import { type ModelBytes, viewBytes } from './source.js';
import { writeModel } from './write.js';

/** Options of `makePortable`. */
export interface PortableOptions {
  /** Puts the bodies in the place of the operators, for runtimes that know no functions. Default false: they are functions. */
  inline?: boolean;
  /** Puts a pyramid on a value: the file then gives `vector`. */
  pyramid?: PyramidOption;
}

/**
 * The same model with the bodies of its pools in it, so that any ONNX runtime runs it, and those that have kernels for the
 * operators use them.
 *
 * @param bytes the file of a model
 * @returns the file of the portable model
 * @example
 * ```js
 * import { readFileSync } from 'node:fs';
 * import { makePortable } from 'pyramid-pool/onnx';
 *
 * const portable = makePortable(readFileSync('backbone.onnx'), { pyramid: { levels: [4, 2, 1] } });
 * console.log(portable.constructor.name); // Uint8Array
 * ```
 * @throws `PyramidPoolError` as `createModel` does; `unsupported-model` also where the model is written for operators of ONNX before opset 13
 */
export function makePortable(bytes: ModelBytes, options?: PortableOptions): PlainDataOf['uint8'] {
  const view = viewBytes(bytes);
  if (!view) fail('invalid-options', 'the model', `is ${describeValue(bytes)}`, 'the bytes of an ONNX file');
  const { inline = false, pyramid } = checkOptions(options, 'options', ['inline', 'pyramid']);
  if (typeof inline !== 'boolean')
    fail('invalid-options', 'options.inline', `is ${describeValue(inline)}`, 'true or false');
  const prepared = preparePools(readModel(view));
  const request = checkPyramid(pyramid);
  const model = request ? pruneModel(addPyramid(prepared, request)) : prepared;
  return writeModel(inline ? inlineBodies(model) : addBodies(model));
}
