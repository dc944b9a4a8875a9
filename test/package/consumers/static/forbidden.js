import * as pyramidPool from '/node_modules/pyramid-pool/dist/browser/index.js';

/** Every way to a runtime of the main entry must end in an error that names the entry for such hosts. */
export async function checkForbidden() {
  const { createPyramidPool, createRoiPyramidPool, createRuntime, PyramidPoolError } = pyramidPool;
  const ways = [
    () => createPyramidPool({ levels: [1] }),
    () => createRoiPyramidPool({ levels: [1] }),
    () => createRuntime(),
    () => createRuntime({ variant: 'scalar' }),
  ];
  for (const way of ways) {
    const error = await way().then(
      () => 'no error',
      (error) => error,
    );
    const isRight =
      error instanceof PyramidPoolError &&
      error.code === 'unsupported' &&
      error.message.includes("'pyramid-pool/static'");
    if (!isRight) throw new Error(`instead of an error that names pyramid-pool/static: ${error}`);
  }
}
