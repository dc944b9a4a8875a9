import type { ScriptUrl, WebAssemblyMemory, WebAssemblyModule } from '../core/host-types.js';
import type { Payload, Variant } from '../core/variant.js';

/** What a worker is started with. */
export interface WorkerInit {
  readonly module: WebAssemblyModule;
  readonly memory: WebAssemblyMemory;
  /** Address of the control words. */
  readonly control: number;
  /** The worker's number, from 0 up. */
  readonly worker: number;
}

/** A worker that was started. */
export interface StartedWorker {
  terminate(): void;
  /** The worker may end by itself: nobody waits for it any more. */
  leave(): void;
  /** Whether the worker keeps the process alive. */
  keepAlive(held: boolean): void;
}

/** What differs between hosts. */
export interface Platform {
  /** The one variant that there is here, and why there are no others. */
  readonly only?: { readonly variant: Variant; readonly why: string };
  /** Loads a variant and no other. */
  loadPayload(variant: Variant): Promise<Payload>;
  /** The glue of the variant that shares its memory, for those who have the module already. */
  loadThreadsGlue(): Promise<Pick<Payload, 'createGlue'>>;
  /** The bytes of a built-in module, from the text that this host's payloads hold. */
  unpack(text: string): Uint8Array<ArrayBuffer>;
  /** Compiles a module: synchronously where blocking for a millisecond does no harm, since that is faster. */
  compile(bytes: BufferSource): WebAssemblyModule | Promise<WebAssemblyModule>;
  /** Threads this machine runs at a time, as far as the host tells. */
  cores(): number;
  /** Bytes at a URL. */
  load(url: URL): Promise<BufferSource | Response>;
  /** Why no workers can be started here, if so. */
  noWorkers?(): string | undefined;
  /** Whether a worker starts only while the thread that started it is idle. */
  readonly startsWorkersIdle?: boolean;
  /** Starts a worker. `onFailure` is called with the reason if it cannot start, or dies. */
  startWorker(
    init: WorkerInit,
    workerUrl: ScriptUrl | undefined,
    onFailure: (reason: string) => void,
  ): StartedWorker;
}
