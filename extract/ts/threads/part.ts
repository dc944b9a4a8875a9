import { ExtractError } from '../core/errors.js';
import type { FailedInput, Row, Shard } from '../core/settings.js';
import { writePart } from '../parts/write-part.js';
import type { PartResult } from './messages.js';
import { isFailed, type VectorMaker } from './vectors.js';

/** Makes the vectors of a shard and writes its part. */
export async function makePart(
  maker: VectorMaker,
  { name, pieces }: Shard,
  out: string,
  tick: () => void,
): Promise<PartResult> {
  const rows: Row[] = [];
  const failed: FailedInput[] = [];
  for await (const outcome of maker.vectorsOf(pieces)) {
    if (isFailed(outcome)) failed.push(outcome);
    else {
      checkLength(rows[0], outcome);
      rows.push(outcome);
    }
    tick();
  }
  await writePart(out, name, rows, failed);
  return { vectors: rows.length, vectorLength: rows[0]?.vector.length, failed };
}

function checkLength(first: Row | undefined, { id, vector }: Row): void {
  if (!first || first.vector.length === vector.length) return;
  throw new ExtractError(
    `${id} gives a vector of ${vector.length} values, and ${first.id} one of ${first.vector.length}: all must have one length; put a pyramid on the model, such as --levels 4,2,1`,
  );
}
