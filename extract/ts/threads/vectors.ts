import type { FailedInput, Piece, Row } from '../core/settings.js';

/** What an input gave: a vector, or the reason why not. */
export type Outcome = Row | FailedInput;

export const isFailed = (outcome: Outcome): outcome is FailedInput => 'reason' in outcome;

/** Makes vectors of inputs, in their order. */
export interface VectorMaker {
  vectorsOf(pieces: readonly Piece[]): AsyncGenerator<Outcome>;
  dispose(): Promise<void>;
}

/** What a thread asks of the one that started it. */
export interface Permissions {
  /** Resolves when this thread may take more memory than its share. */
  large(): Promise<void>;
}
