/** The script of a browser's workers: a blob, or the file at the URL that the user gave. */
import workerSource from '#worker-source';
import { messageOf } from '../core/errors.js';
import type { ScriptUrl } from '../core/host-types.js';
import { isUrl } from '../core/realm.js';

const main = '\nonmessage = (event) => worker.serve(event.data);';

/** The name of the policy that pages with Trusted Types list in their content security policy. */
const POLICY_NAME = 'pyramid-pool';

/** Long URLs, such as those that hold the file itself, are cut in messages. */
const LONGEST_URL = 100;

/** A script that workers can be made from. */
export interface WorkerScript {
  /** What `new Worker` takes: a string or, where the page enforces Trusted Types, a `TrustedScriptURL`. */
  readonly url: string;
  /** Says what failed and what to do about it. `error` is what `new Worker` threw, if it did. */
  explain(error?: unknown): string;
  /** Frees what the URL stands for. */
  release(): void;
}

/** The script at `workerUrl`, or the built-in one. */
export function workerScript(workerUrl: ScriptUrl | undefined): WorkerScript {
  return workerUrl === undefined ? fromBlob() : fromUrl(workerUrl);
}

function fromBlob(): WorkerScript {
  const blobUrl = URL.createObjectURL(new Blob([workerSource, main], { type: 'text/javascript' }));
  const { url, refusal } = trust(blobUrl);
  return {
    url,
    explain: (error) =>
      refusal !== undefined && isForTrustedTypes(error)
        ? `the page enforces Trusted Types, and its content security policy does not let the policy '${POLICY_NAME}' be made (${refusal}): add it to the directive trusted-types, or pass options.workerUrl as a TrustedScriptURL`
        : `${problem(error, 'the script of the worker, which is a blob,')}; a content security policy may forbid workers from blobs: then serve pyramid-pool/worker.js and pass its URL as options.workerUrl`,
    release: () => URL.revokeObjectURL(blobUrl),
  };
}

function fromUrl(workerUrl: ScriptUrl): WorkerScript {
  // A `TrustedScriptURL` goes to `new Worker` as it is: its text alone would be refused.
  const url = (isUrl(workerUrl) ? workerUrl.href : workerUrl) as string;
  const name = `options.workerUrl (${shorten(String(url))})`;
  return {
    url,
    explain: (error) =>
      isForTrustedTypes(error)
        ? `the page enforces Trusted Types, so ${name} must be a TrustedScriptURL, which a policy of yours makes: trustedTypes.createPolicy(...).createScriptURL(url)`
        : `${problem(error, name)}; ${adviceFor(String(url))}`,
    release() {},
  };
}

function problem(error: unknown, what: string): string {
  return error === undefined ? `${what} could not be loaded` : `${what} was refused: ${messageOf(error)}`;
}

function adviceFor(url: string): string {
  return url.startsWith('data:')
    ? 'a bundler put the file into the URL, which a content security policy may forbid: have it emit the file, in Vite by ?url&no-inline'
    : 'it must be the URL of pyramid-pool/worker.js, be of the same origin as the page, and be allowed by the content security policy (worker-src)';
}

const shorten = (url: string) => (url.length > LONGEST_URL ? `${url.slice(0, LONGEST_URL)}...` : url);

/** What `globalThis.trustedTypes` is used for here. TypeScript's libraries do not declare it. */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): Policy;
}
interface Policy {
  createScriptURL(url: string): unknown;
}

/** Made once, as a page may forbid a second policy of the same name; or the reason why it could not be made. */
let policy: Policy | { readonly refusal: string } | undefined;

/** The one URL that the policy accepts: that of the blob which was made last. */
let accepted: string | undefined;

/** A blob's URL as `new Worker` takes it here. Where no policy can be made it stays a string, which pages without Trusted Types take. */
function trust(url: string): { url: string; refusal?: string } {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (!trustedTypes) return { url };
  policy ??= makePolicy(trustedTypes);
  if ('refusal' in policy) return { url, refusal: policy.refusal };
  accepted = url;
  try {
    return { url: policy.createScriptURL(url) as string };
  } finally {
    accepted = undefined;
  }
}

function makePolicy(trustedTypes: TrustedTypes): Policy | { readonly refusal: string } {
  try {
    return trustedTypes.createPolicy(POLICY_NAME, {
      createScriptURL(url) {
        if (url !== accepted) throw new TypeError(`${POLICY_NAME} trusts no script but its own`);
        return url;
      },
    });
  } catch (error) {
    return { refusal: messageOf(error) };
  }
}

/** Whether an error of `new Worker` came from Trusted Types, where a policy of the page's content forbids with other errors. */
function isForTrustedTypes(error: unknown): boolean {
  return 'trustedTypes' in globalThis && (error as Partial<Error> | undefined)?.name === 'TypeError';
}
