import type { Engine, Subject } from './engine.js';
import type { Answer } from './operation.js';
import type { Work } from './work.js';

/** Runs every input once and throws where an answer is not the expected one. */
export async function checkAnswers(engine: Engine, subject: Subject, work: Work): Promise<void> {
  for (let turn = 0; turn < work.maps.length; turn++) {
    await subject.run(turn);
    const answer = await subject.answer();
    const expected = subject.expected?.(turn) ?? work.expected[turn]!;
    const difference = findDifference(answer, expected, engine.tolerance ?? 0);
    if (difference) {
      throw new Error(
        `${engine.name} gives a wrong answer for ${work.case.name} ${work.operation}: ${difference}`,
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
