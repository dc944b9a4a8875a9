import { make, messageOf } from '../ui/dom.js';
import type { View, ViewModule } from '../ui/view.js';

/** Each view's code is loaded when it is first asked for. */
const loaders: Record<string, () => Promise<ViewModule>> = {
  home: () => import('../home/view.js'),
  pool: () => import('../pool/view.js'),
  train: () => import('../train/view.js'),
  windows: () => import('../windows/view.js'),
  measure: () => import('../measure/view.js'),
};

interface Mounted {
  readonly root: HTMLElement;
  readonly title: string;
  readonly view: View;
  /** Shows a message that the view could not be loaded. */
  readonly failed?: boolean;
}

/** Shows the view that the address names after `#/`, or the home view, and follows changes of the address. */
export async function startRouter(main: HTMLElement, links: readonly HTMLAnchorElement[]): Promise<void> {
  const mounted = new Map<string, Mounted | Promise<Mounted>>();
  let current: Mounted | undefined;

  const show = async (isFirst: boolean) => {
    const { name, query } = readAddress();
    markCurrent(links, name);
    const next = mounted.get(name) ?? mountView(name, main);
    mounted.set(name, next);
    const arrived = await next;
    // A view that could not be loaded is loaded again when it is next opened.
    if (arrived.failed) mounted.delete(name);
    // The visitor may have opened another view while this one was loading.
    if (readAddress().name !== name) return;
    if (current !== arrived) {
      if (current) leave(current);
      arrived.root.hidden = false;
      document.title = `${arrived.title} · pyramid-pool`;
      if (!isFirst) startAtTop(main);
      current = arrived;
    }
    arrived.view.shown?.(query);
  };

  addEventListener('hashchange', () => void show(false));
  await show(true);
}

function readAddress(): { name: string; query: URLSearchParams } {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  return { name: Object.hasOwn(loaders, path) ? path : 'home', query: new URLSearchParams(query) };
}

function markCurrent(links: readonly HTMLAnchorElement[], name: string): void {
  for (const link of links) {
    if (link.hash === `#/${name}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

async function mountView(name: string, main: HTMLElement): Promise<Mounted> {
  const root = document.createElement('div');
  root.className = `view view-${name}`;
  root.hidden = true;
  main.append(root);
  try {
    const { title, mount } = await loaders[name]();
    return { root, title, view: await mount(root) };
  } catch (error) {
    const again = make('button', { type: 'button' }, 'Load the page anew');
    again.addEventListener('click', () => location.reload());
    const problem = make(
      'p',
      { className: 'problem' },
      `This view could not be loaded: ${messageOf(error)} `,
      again,
    );
    problem.role = 'alert';
    root.replaceChildren(problem);
    return { root, title: 'Not loaded', view: {}, failed: true };
  }
}

function leave({ root, view, failed }: Mounted): void {
  root.hidden = true;
  view.hidden?.();
  if (failed) root.remove();
}

/** Moves the focus to the new view, where a screen reader then continues. */
function startAtTop(main: HTMLElement): void {
  scrollTo(0, 0);
  main.focus({ preventScroll: true });
}
