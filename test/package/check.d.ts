/** The types of `check.js`, for consumers in TypeScript. */
import type * as package_ from 'pyramid-pool';

export function check(
  pyramidPool: Pick<typeof package_, 'createPyramidPool' | 'createRuntime' | 'PyramidPoolError'>,
  asked?: package_.Variant[],
): Promise<{ ran: Record<string, string>; fallbacks: string[]; byDefault: string }>;
