/** `pyramid-pool/tfjs-core` is there for those who have no `@tensorflow/tfjs-layers`. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

function run(code: string): string {
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
    encoding: 'utf8',
  });
  return stdout.trim();
}

test('the operation for tfjs does without tfjs-layers', () => {
  const hooks = `export const resolve = (name, context, next) => {
    if (name.startsWith('@tensorflow/tfjs-layers')) throw new Error(name + ' is not installed');
    return next(name, context);
  };`;
  const load = (path: string) => `
    import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));
    console.log(await import('${path}').then((module) => Object.keys(module).join(), (error) => error.message));`;
  expect(run(load('pyramid-pool/tfjs-core'))).toBe('spatialPyramidPool');
  expect(run(load('pyramid-pool/tfjs'))).toBe('@tensorflow/tfjs-layers is not installed');
});
