import { repository } from '../../../package.json';

const address = repository.url.replace(/^git\+|\.git$/g, '');

/** Points links to `source/…` at the repository, whose address is in package.json. */
export function fillRepositoryLinks(root: ParentNode): void {
  for (const link of root.querySelectorAll('a[href^="source/"]')) {
    const place = link.getAttribute('href')?.slice('source/'.length);
    link.setAttribute('href', [address, place].filter(Boolean).join('/'));
  }
}
