/** What a model is fed, checked before anything runs. */
import { describeValue } from '../arguments/checks.js';
import { PyramidPoolError } from '../core/errors.js';
import type { Graph } from './model.js';
import { nearest } from './names.js';
import type { OrtTensor } from './ort.js';
import { elementTypes, readValueInfo, typeName, type ValueInfo } from './value-info.js';

/** An input of a model. */
export interface ModelInput extends ValueInfo {
  readonly name: string;
  /** Whether it has a value in the file, so that it may be left out. */
  readonly isOptional: boolean;
}

export function readInputs({ inputs, initializers }: Graph): ModelInput[] {
  const stored = new Set(initializers.map(({ name }) => name));
  return inputs.map((input) => ({
    ...readValueInfo(input),
    name: input.name,
    isOptional: stored.has(input.name),
  }));
}

/** The feeds of a call by name. Throws `invalid-feeds` where they do not fit the model. */
export function checkFeeds(
  feeds: unknown,
  inputs: readonly ModelInput[],
  path: string,
): Map<string, OrtTensor> {
  if (typeof feeds !== 'object' || feeds === null || Array.isArray(feeds)) {
    refuse(`${path} is ${describeValue(feeds)}, but must be an object with a tensor for each input`);
  }
  const tensors = new Map(Object.entries(feeds).filter(([, tensor]) => tensor !== undefined));
  const names = inputs.map(({ name }) => name);
  const list = names.map((name) => `'${name}'`).join(', ');
  for (const name of tensors.keys()) {
    if (names.includes(name)) continue;
    const near = nearest(name, names, 1)[0];
    refuse(
      `${path}.${name} is no input of the model${near ? `; did you mean '${near}'?` : ''} There are ${list}`,
    );
  }
  for (const input of inputs) {
    const tensor = tensors.get(input.name);
    if (tensor === undefined && input.isOptional) continue;
    if (tensor === undefined) refuse(`${path} has no '${input.name}': the model's inputs are ${list}`);
    checkTensor(tensor, input, `${path}.${input.name}`);
  }
  return tensors as Map<string, OrtTensor>;
}

function checkTensor(tensor: unknown, { elementType, dims }: ModelInput, path: string): void {
  const { type, dims: sizes } = (tensor ?? {}) as Partial<OrtTensor>;
  if (typeof type !== 'string' || !Array.isArray(sizes)) {
    refuse(`${path} is ${describeValue(tensor)}, but must be an ort.Tensor`);
  }
  if (elementType !== undefined && elementTypes[type] !== elementType) {
    refuse(`${path} is of ${type}, but the model takes ${typeName(elementType)}`);
  }
  if (!dims) return;
  const fits =
    dims.length === sizes.length && dims.every((size, i) => typeof size === 'string' || size === sizes[i]);
  if (!fits) refuse(`${path} has dims [${sizes.join(', ')}], but the model takes [${dims.join(', ')}]`);
}

function refuse(message: string): never {
  throw new PyramidPoolError('invalid-feeds', message);
}
