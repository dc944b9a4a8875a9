import pyramidPool = require('pyramid-pool');

async function main(): Promise<void> {
  const { check } = await import('../check.js');
  console.log(JSON.stringify(await check(pyramidPool)));
}

void main();
