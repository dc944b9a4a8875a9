import { createRuntime, type Runtime } from 'pyramid-pool';

let runtime: Promise<Runtime> | undefined;

/** The runtime that all views of the page share. */
export function sharedRuntime(): Promise<Runtime> {
  runtime ??= createRuntime();
  return runtime;
}

/** The variant that runs here and, where it is not the best one, why. */
export function describeRuntime({ variant, threads, fallback }: Runtime): string {
  if (threads > 1) return `WebAssembly here: ${variant}, ${threads} threads.`;
  const what = `WebAssembly here: ${variant}, single-threaded`;
  if (crossOriginIsolated) return `${what}${fallback ? ` (${fallback})` : ''}.`;
  return (
    `${what}, because this page is not cross-origin isolated. Everything works all the same; a server that sends ` +
    'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp with the page gives it threads, as does Document-Isolation-Policy: ' +
    'isolate-and-credentialless in some browsers.'
  );
}
