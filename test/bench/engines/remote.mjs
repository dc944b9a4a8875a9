/**
 * An engine of WebAssembly behind five commands, for every host of JavaScript. The same commands are in `remote.py` and, for wasmi, in
 * `demo/hosts/rust/examples/remote.rs`, so that the benchmark treats all engines alike.
 */

/** @param {string} text base64 */
const bytesOf = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** @param {Record<string, WebAssembly.Module>} compiled modules by name, where the host compiles none itself */
export function createRemote(compiled = {}) {
  /** @type {WebAssembly.Instance | undefined} */
  let instance;
  const exports = () => /** @type {any} */ (instance).exports;
  const memory = (/** @type {number} */ address, /** @type {number} */ bytes) =>
    new Uint8Array(exports().memory.buffer, address >>> 0, bytes);
  const call = (/** @type {string} */ name, /** @type {number[]} */ args) => exports()[name](...args) >>> 0;
  return {
    /** Makes an instance. Gives milliseconds. */
    load(/** @type {{ name: string, wasm: string }} */ { name, wasm }) {
      const bytes = compiled[name] ? undefined : bytesOf(wasm);
      const start = performance.now();
      const module = compiled[name] ?? new WebAssembly.Module(/** @type {any} */ (bytes));
      const middle = performance.now();
      instance = new WebAssembly.Instance(module);
      return { compile: middle - start, instantiate: performance.now() - middle };
    },
    /** Calls an export. */
    call(/** @type {{ name: string, args: number[] }} */ { name, args }) {
      return call(name, args);
    },
    /** Calls an export. Gives milliseconds. */
    time(/** @type {{ name: string, args: number[] }} */ { name, args }) {
      const start = performance.now();
      call(name, args);
      return performance.now() - start;
    },
    /** Writes bytes to an address. */
    write(/** @type {{ address: number, data: string }} */ { address, data }) {
      const bytes = bytesOf(data);
      memory(address, bytes.length).set(bytes);
      return 0;
    },
    /** The SHA-256 of bytes at an address. */
    async hash(/** @type {{ address: number, bytes: number }} */ { address, bytes }) {
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', memory(address, bytes).slice()));
      return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
    },
  };
}

/**
 * Executes a command. Gives its answer or the error.
 * @param {any} remote
 * @param {{ do: string }} command
 */
export async function execute(remote, command) {
  try {
    return { answer: await remote[command.do](command) };
  } catch (error) {
    return { error: String(error) };
  }
}
