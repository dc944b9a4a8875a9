/**
 * The public API with hostile arguments: right calls with up to three arguments replaced. Each must give an answer or a
 * `PyramidPoolError`, leave what it was given as it was, and leave every runtime giving right answers.
 */
import fc from 'fast-check';
import { PyramidPoolError } from 'pyramid-pool';
import { type Case, casesOf } from '../unit/cases.js';
import { Fixture } from './fixture.js';
import { GetterError, harmlessCount, mutations } from './hostile-values.js';
import { callNames, calls, type ValidCall } from './valid-calls.js';

interface Attack {
  readonly call: (typeof callNames)[number];
  readonly drawn: Case;
  readonly later: boolean;
  /** Which value of the arguments is replaced, and by which mutation; through a getter if `getter`. */
  readonly faults: readonly { at: number; mutation: number; getter: boolean }[];
}

const attacks: fc.Arbitrary<Attack> = fc.record({
  call: fc.constantFrom(...callNames),
  drawn: casesOf(4),
  later: fc.boolean(),
  faults: fc.array(
    fc.record({
      at: fc.nat(99),
      mutation: fc.nat(mutations.length - 1),
      getter: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    }),
    { maxLength: 3 },
  ),
});

/** What became of the calls. */
export interface Tally {
  calls: number;
  answers: number;
  ownErrors: number;
  /** By code. */
  errors: Record<string, number>;
}

/** Makes as many random calls as `budget` says. Throws the error of fast-check, with the shortest call that fails. */
export async function fuzz(budget: fc.Parameters<[Attack]>): Promise<Tally> {
  using fixture = await Fixture.make();
  const tally: Tally = { calls: 0, answers: 0, ownErrors: 0, errors: {} };
  await fc.assert(
    fc.asyncProperty(attacks, (attack) => survive(fixture, attack, tally)),
    budget,
  );
  return tally;
}

async function survive(
  fixture: Fixture,
  { call, drawn, later, faults }: Attack,
  tally: Tally,
): Promise<void> {
  const validCall: ValidCall = await calls[call](fixture, drawn, later);
  let isWhole = true;
  const spots = spotsOf(validCall.args);
  for (const fault of faults) isWhole = mutate(spots, fault, fixture) && isWhole;
  const before = snapshot(spots);
  tally.calls++;
  try {
    const answer = await validCall.run(...(validCall.args as never[]));
    tally.answers++;
    if (isWhole) validCall.check(answer as never);
    else checkShape(answer);
  } catch (error) {
    if (error instanceof PyramidPoolError) tally.errors[error.code] = (tally.errors[error.code] ?? 0) + 1;
    else if (isOwn(error)) tally.ownErrors++;
    else throw error;
    if (faults.length === 0) throw error;
  } finally {
    validCall.end?.();
  }
  for (const { array, bytes } of before) {
    if (!isDetached(array) && bytes.some((byte, i) => byte !== bytesOf(array)[i]))
      throw new Error('an input was changed');
  }
  fixture.check();
}

/** Whether it comes from what was passed in, and is documented to pass through. */
const isOwn = (error: unknown) =>
  error instanceof GetterError || (error instanceof TypeError && /revoked/.test(error.message));

/** An answer whose parts do not fit each other would be worse than none. */
function checkShape(answer: unknown): void {
  const tensors = Array.isArray(answer) ? answer : [answer, ...Object.values(answer ?? {})];
  for (const tensor of tensors as { data?: ArrayLike<number>; dims?: number[] }[]) {
    if (!tensor?.data || !Array.isArray(tensor.dims)) continue;
    const length = tensor.dims.reduce((product, size) => product * size, 1);
    if (Object.hasOwn(tensor, 'type') && tensor.data.length !== length) {
      throw new Error(`a tensor of ${tensor.dims} has ${tensor.data.length} elements`);
    }
  }
}

/** A place among the arguments. */
interface Spot {
  readonly parent: Record<PropertyKey, unknown>;
  readonly key: string;
  readonly path: string;
  readonly value: unknown;
}

/** Every place in plain objects and arrays. */
function spotsOf(parent: unknown, path = ''): Spot[] {
  const prototype = Object.getPrototypeOf(parent);
  if (prototype !== Object.prototype && prototype !== Array.prototype) return [];
  return Object.entries(parent as object).flatMap(([key, value]) => [
    { parent: parent as Spot['parent'], key, path: `${path}.${key}`, value },
    ...(value && typeof value === 'object' ? spotsOf(value, `${path}.${key}`) : []),
  ]);
}

/** Replaces one value. True if the answer must be what it would have been. */
function mutate(
  spots: Spot[],
  { at, mutation, getter }: Attack['faults'][number],
  fixture: Fixture,
): boolean {
  const { parent, key, value } = spots[at % spots.length] as Spot;
  const replacement = make(mutation, value, fixture);
  const what = getter ? { get: () => replacement } : { value: replacement, writable: true };
  // What an earlier fault has frozen stays as it is.
  Reflect.defineProperty(parent, key, { ...what, enumerable: true, configurable: true });
  return mutation < harmlessCount;
}

/** A value that an earlier fault has replaced may throw when a later one reads it. */
function make(mutation: number, value: unknown, fixture: Fixture): unknown {
  try {
    return mutations[mutation]?.(value, fixture);
  } catch {
    return undefined;
  }
}

/** The bytes of every array that a call may only read. */
function snapshot(spots: Spot[]): { array: ArrayBufferView; bytes: Uint8Array }[] {
  return spots.flatMap(({ parent, key, path }) => {
    const array = Object.getOwnPropertyDescriptor(parent, key)?.value;
    if (path.includes('.out') || !ArrayBuffer.isView(array) || isDetached(array)) return [];
    return [{ array, bytes: bytesOf(array).slice() }];
  });
}

const isDetached = (array: ArrayBufferView) => !array.buffer || array.buffer.byteLength === 0;

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);
