import type { Engine, PreparedEngine } from './engine.js';
import type { Answer } from './operation.js';
import type { Workload } from './workload.js';

/** Runs every input once and throws where an answer is not the expected one. */
export async function checkAnswers(
  engine: Engine,
  prepared: PreparedEngine,
  workload: Workload,
): Promise<void> {
  for (let turn = 0; turn < workload.maps.length; turn++) {
    await prepared.run(turn);
    const answer = await prepared.answer();
    const expected = prepared.expected?.(turn) ?? workload.expected[turn]!;
    const difference = findDifference(answer, expected, engine.tolerance ?? 0);
    if (difference) {
      throw new Error(
        `${engine.name} gives a wrong answer for ${workload.case.name} ${workload.operation}: ${difference}`,
      );
    }
  }
}

/** The first place where an answer differs by more than it may, in words. */
export function findDifference(answer: Answer, expected: Answer, tolerance: number): string | undefined {
  for (const [i, wanted] of expected.entries()) {
    const found = answer[i];
    if (found?.length !== wanted.length)
      return `result ${i} has ${found?.length} elements, not ${wanted.length}`;
    const slack = tolerance * largest(wanted);
    for (let at = 0; at < wanted.length; at++) {
      const [a, b] = [found[at]!, wanted[at]!];
      if (!Object.is(a, b) && !(tolerance > 0 && Math.abs(a - b) <= slack)) {
        return `element ${at} of result ${i} is ${a}, not ${b}`;
      }
    }
  }
  return undefined;
}

function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}
