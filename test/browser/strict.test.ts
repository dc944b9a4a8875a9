/** A page whose policy forbids blobs, inline scripts and code from text. */
import { expect, test } from 'vitest';

const isolated = crossOriginIsolated;

/** Opens the strict page in a frame, and waits for what it tells. */
async function open(search: string) {
  const frame = document.createElement('iframe');
  const told = new Promise<unknown>((resolve) => {
    addEventListener('message', function listen({ source, data }) {
      if (source !== frame.contentWindow) return;
      removeEventListener('message', listen);
      resolve(data);
    });
  });
  frame.src = `/strict/index.html${search}`;
  document.body.append(frame);
  const result = await told;
  frame.remove();
  return result;
}

const sums = [2 * 256 * 5, 2 * 256 * 5];

test('works with a worker URL', async () => {
  expect(await open('?workerUrl')).toMatchObject({
    forbidsEval: true,
    sums,
    ...(isolated
      ? { variant: 'simd-threads', threads: 2, fallback: undefined }
      : { variant: 'simd', threads: 1, fallback: expect.stringContaining('not cross-origin isolated') }),
  });
});

test.runIf(isolated)('without one it goes on alone, and says why', async () => {
  expect(await open('')).toMatchObject({
    forbidsEval: true,
    sums,
    variant: 'simd-threads',
    threads: 1,
    fallback: expect.stringMatching(/a worker failed: .*content security policy/i),
  });
});
