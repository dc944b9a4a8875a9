/** The frame of the page: four views, each with an address of its own. */
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import { startRouter } from './shell/router.js';
import { element } from './ui/dom.js';
import { ignoreStrayDrops } from './ui/files.js';
import { fillRepositoryLinks } from './ui/repository.js';
import { describeRuntime, sharedRuntime } from './ui/runtime.js';
import { startTheme } from './ui/theme.js';

startTheme(element(document, '#theme'));
ignoreStrayDrops();
fillRepositoryLinks(document);
const main = element(document, '#main');
void startRouter(main, [...document.querySelectorAll<HTMLAnchorElement>('.views a')]);
// The href of this link works without scripts. With scripts, what follows # in an address names a view.
element(document, '.skip-link').addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});

const runtimeText = element(document, '#runtime');
sharedRuntime().then(
  (runtime) => {
    runtimeText.textContent = describeRuntime(runtime);
  },
  (error: unknown) => {
    runtimeText.textContent = `WebAssembly could not start: ${(error as Error).message}`;
  },
);
