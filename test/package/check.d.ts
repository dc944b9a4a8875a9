/** The types of `check.js`, for consumers in TypeScript. */
import type * as package_ from 'pyramid-pool';
import type * as onnx from 'pyramid-pool/onnx';

export function check(
  pyramidPool: Pick<typeof package_, 'createPyramidPool' | 'createRuntime' | 'PyramidPoolError'> & {
    onnx?: Pick<typeof onnx, 'createModel' | 'makePortable'>;
  },
  asked?: package_.Variant[],
): Promise<{ ran: Record<string, string>; fallbacks: string[]; byDefault: string }>;
