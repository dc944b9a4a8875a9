/** A page whose policy forbids blobs, inline scripts and code from text. */
import { describe, expect, test } from 'vitest';

const isolated = crossOriginIsolated;

/** Opens the strict page in a frame, and waits for what it tells. */
async function open(search: string, page = 'index.html') {
  const frame = document.createElement('iframe');
  const told = new Promise<unknown>((resolve) => {
    addEventListener('message', function listen({ source, data }) {
      if (source !== frame.contentWindow) return;
      removeEventListener('message', listen);
      resolve(data);
    });
  });
  frame.src = `/strict/${page}${search}`;
  document.body.append(frame);
  const result = await told;
  frame.remove();
  return result;
}

const sums = [2 * 256 * 5, 2 * 256 * 5];
const withThreads = { variant: 'simd-threads', threads: 2, fallback: undefined, sums };
const alone = (fallback: RegExp) => ({
  variant: 'simd-threads',
  threads: 1,
  fallback: expect.stringMatching(fallback),
  sums,
});

test('works with a worker URL', async () => {
  expect(await open('?workerUrl=url')).toMatchObject({
    forbidsEval: true,
    sums,
    ...(isolated
      ? withThreads
      : { variant: 'simd', threads: 1, fallback: expect.stringContaining('not cross-origin isolated') }),
  });
});

test.runIf(isolated)('without one it goes on alone, and says why', async () => {
  expect(await open('')).toMatchObject({
    forbidsEval: true,
    ...alone(/a worker failed: .*content security policy/i),
  });
});

test.runIf(isolated)('a worker URL that leads nowhere is named', async () => {
  expect(await open('?workerUrl=wrong')).toMatchObject(
    alone(/options\.workerUrl \(http.*\/strict\/nowhere\.js\) could not be loaded/),
  );
});

describe.runIf(isolated)('where blobs are forbidden, ready tells at once that there are no threads', () => {
  const fallback = expect.stringMatching(/a worker failed: .*blob.*options\.workerUrl/);
  const failed = { ready: 'failed', threads: 1, threadState: 'failed', fallback, heard: [fallback] };

  test('on a page', async () => {
    expect(await open('', 'ready.html')).toEqual({ before: 'idle', ...failed });
  });

  test('in a worker, where createRuntime starts them', async () => {
    const worker = new Worker('/strict/ready.js', { type: 'module' });
    const result = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = reject;
    });
    worker.terminate();
    expect(result).toEqual({ before: 'failed', ...failed });
  });
});

test.runIf(isolated && 'trustedTypes' in globalThis)(
  'a page that enforces Trusted Types gets its threads',
  async () => {
    const enforced = true;
    expect(await open('?headers=trusted-types&looks')).toMatchObject({
      enforced,
      ...withThreads,
      trusted: 'pyramid-pool trusts no script but its own',
    });
    expect(await open('?headers=trusted-types&workerUrl=trusted')).toMatchObject({
      enforced,
      ...withThreads,
    });
    expect(await open('?headers=trusted-types-with-default&workerUrl=default-policy')).toMatchObject(
      withThreads,
    );
  },
);

test.runIf(isolated && 'trustedTypes' in globalThis)(
  'what Trusted Types forbid is told with what to do',
  async () => {
    const enforced = true;
    for (const form of ['string', 'url']) {
      expect(await open(`?headers=trusted-types&workerUrl=${form}`)).toMatchObject({
        enforced,
        ...alone(
          /enforces Trusted Types, so options\.workerUrl \(http.*worker\.js\) must be a TrustedScriptURL/,
        ),
      });
    }
    expect(await open('?headers=trusted-types-without-ours')).toMatchObject({
      enforced,
      ...alone(/does not let the policy 'pyramid-pool' be made .*add it to the directive trusted-types/),
    });
  },
);

/** The one browser that knows the header. */
const isChromium = navigator.userAgent.includes('Chrome/');

test.runIf(isChromium && !isolated)('Document-Isolation-Policy alone gives a frame its threads', async () => {
  for (const form of ['&workerUrl=url', '&blobs']) {
    expect(await open(`?headers=document-isolation${form}`)).toMatchObject({
      isolated: true,
      ...withThreads,
    });
  }
});
