/** Pools on a page under a strict content security policy, and tells the page around it what happened. */
import { createPyramidPool, createRuntime } from './dist/browser/index.js';

const asked = new URL(location.href).searchParams;

/** The URL of the workers' script in the form that the page asks for. */
function workerUrl() {
  const url = new URL('./dist/worker.js', location.href);
  const headers = asked.get('headers');
  if (headers === 'document-isolation') url.searchParams.set('headers', headers);
  const createPolicy = (name) => trustedTypes.createPolicy(name, { createScriptURL: (text) => text });
  switch (asked.get('workerUrl')) {
    case 'url':
      return url;
    case 'string':
      return url.href;
    case 'trusted':
      return createPolicy('application').createScriptURL(url.href);
    case 'default-policy':
      createPolicy('default');
      return url.href;
    case 'wrong':
      return new URL('./nowhere.js', location.href);
  }
}

async function pool() {
  const runtime = await createRuntime({ variant: 'simd-threads', threads: 2, workerUrl: workerUrl() });
  const spp = await createPyramidPool({ levels: [2, 1], runtime });
  const map = { data: new Float32Array(256 * 64 * 64).fill(2), dims: [1, 256, 64, 64] };
  const { output, indices } = await spp.forwardWithIndicesAsync(map);
  const gradient = await spp.backwardAsync(output, { dims: map.dims, indices });
  const sums = [output, gradient].map(({ data }) => data.reduce((sum, value) => sum + value, 0));
  const { variant, threads, fallback } = runtime;
  runtime.dispose();
  return { variant, threads, fallback, sums };
}

/** Whether the policy is in force: it forbids code from text. */
function forbidsEval() {
  try {
    return new Function('return false')();
  } catch {
    return true;
  }
}

/** Whether the page takes the URL of a script from policies alone, which only some browsers can. */
function enforcesTrustedTypes() {
  try {
    document.createElement('script').src = '/nowhere.js';
    return false;
  } catch {
    return true;
  }
}

/** Whether somebody else can have a script of theirs trusted by the package's policy. */
function trustsOthers() {
  const { createPolicy } = TrustedTypePolicyFactory.prototype;
  let policy;
  TrustedTypePolicyFactory.prototype.createPolicy = function (...args) {
    policy = createPolicy.apply(this, args);
    return policy;
  };
  return () => {
    TrustedTypePolicyFactory.prototype.createPolicy = createPolicy;
    try {
      return String(policy?.createScriptURL('/nowhere.js') ?? 'no policy');
    } catch (error) {
      return error.message;
    }
  };
}

const looks = asked.has('looks') ? trustsOthers() : undefined;
const result = await pool().catch((error) => ({ error: String(error) }));
const trusted = looks?.();
parent.postMessage(
  {
    ...result,
    isolated: crossOriginIsolated,
    forbidsEval: forbidsEval(),
    ...(asked.get('headers')?.startsWith('trusted') && { enforced: enforcesTrustedTypes() }),
    ...(looks && { trusted }),
  },
  '*',
);
