type Theme = 'light' | 'dark';

const KEY = 'pyramid-pool-theme';
const systemDark = matchMedia('(prefers-color-scheme: dark)');

/** Follows the system until the visitor chooses; the choice is remembered. */
export function startTheme(button: HTMLButtonElement): void {
  const chosen = remembered();
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
  const label = () => {
    button.textContent = currentTheme() === 'dark' ? 'Light' : 'Dark';
    button.setAttribute('aria-label', `Use ${currentTheme() === 'dark' ? 'light' : 'dark'} colours`);
  };
  button.addEventListener('click', () => {
    const next: Theme = currentTheme() === 'dark' ? 'light' : 'dark';
    document.documentElement.dataset.theme = next;
    remember(next);
    changed();
  });
  systemDark.addEventListener('change', changed);
  onThemeChange(label);
  label();
}

/** Canvases must be drawn again in the other colours. */
export function onThemeChange(listener: () => void): void {
  listeners.push(listener);
}

const listeners: (() => void)[] = [];

function changed(): void {
  for (const listener of listeners) listener();
}

/** The page's storage, or nothing where the browser denies access to it. */
function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function remember(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // The choice is kept until the page is closed.
  }
}

function currentTheme(): Theme {
  const { theme } = document.documentElement.dataset;
  if (theme === 'light' || theme === 'dark') return theme;
  return systemDark.matches ? 'dark' : 'light';
}
