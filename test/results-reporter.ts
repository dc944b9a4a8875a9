import type { Reporter, TestModule } from 'vitest/node';
import { browsers } from '../scripts/browsers.mjs';
import { noteBroken, record } from '../scripts/results.mjs';

/** The kinds of test files that the table of docs/hosts.md tells apart. */
const kinds: { project?: RegExp; path: RegExp; how: string; runtime?: string }[] = [
  { project: /^(?!.*without isolation)/, path: /\/test\/(unit|node)\//, how: 'all tests' },
  { project: /without isolation/, path: /\/test\/unit\//, how: 'tests of one thread' },
  { path: /\/test\/browser\/worker\.test/, how: 'tests in a worker' },
  { path: /\/test\/browser\/strict\.test/, how: 'a strict content security policy' },
  { path: /\/test\/edge\//, how: 'the example worker over HTTP', runtime: 'workerd' },
];

/** A module that its page never ran stays `pending`. */
const passed = (module: TestModule) => ['passed', 'skipped'].includes(module.state());

/**
 * Notes which variants gave the expected bits where, and in which browsers tests failed or did not run to their end.
 * Only for whole runs of a project: a run of some tests would record less than was tested.
 */
export default class ResultsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const broken = new Set(modules.filter((module) => !passed(module)).map(({ project }) => project));
    const inBrowsers = [...broken].every((project) => project.config.browser.enabled);
    noteBroken(inBrowsers ? [...broken].map(({ name }) => name.replace(instance, '')) : []);
    for (const name of new Set(modules.map(({ project }) => project.name))) {
      kinds.forEach(({ project, path, how, runtime = runtimeOf(name) }, order) => {
        if (project && !project.test(name)) return;
        const ran = modules.filter((module) => module.project.name === name && path.test(module.moduleId));
        if (ran.length === 0 || !ran.every(passed)) return;
        const variants = ran.flatMap((module) =>
          [...module.children.allTests('passed')].flatMap((test) => test.meta().variants ?? []),
        );
        record(`vitest ${name} ${how}`, { runtime, variants: [...new Set(variants)], how, order });
      });
    }
  }
}

/** `chromium without isolation (chromium)` is the name of a project of vitest's, of one browser's instance. */
const instance = / \(\w+\)$/;

function runtimeOf(project: string): string {
  if (project === 'node') return `Node ${Number.parseInt(process.versions.node, 10)}`;
  const [, browser = '', rest = ''] = /^(\w+)(.*)$/.exec(project.replace(instance, '')) ?? [];
  return browsers[browser]?.title + rest;
}
