import type { Scale } from './scale.js';
import type { Results, Task } from './tasks.js';

/** To a process: first the scale of the work, then one task after another. */
export type Order = { readonly scale: Scale } | { readonly task: Task };

/** From a process. */
export type Answer =
  | { readonly share: number }
  | { readonly result: Results[keyof Results] }
  | { readonly failure: string };
