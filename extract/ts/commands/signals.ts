import { exitCodes } from '../core/errors.js';

/** What a signal asks for. */
export interface Stop {
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** What the command ends with then. */
  readonly exitCode: number;
  /** Signals do again what they usually do. */
  release(): void;
}

/** Takes Ctrl-C and SIGTERM. The second one ends the process at once. */
export function onStop(said: (name: NodeJS.Signals) => void): Stop {
  const controller = new AbortController();
  let exitCode: number = exitCodes.done;
  const codes = { SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated } as const;
  const take = (name: NodeJS.Signals) => {
    exitCode = codes[name as keyof typeof codes];
    if (controller.signal.aborted) process.exit(exitCode);
    said(name);
    controller.abort();
  };
  for (const name of Object.keys(codes)) process.on(name, take);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    release() {
      for (const name of Object.keys(codes)) process.off(name, take);
    },
  };
}
