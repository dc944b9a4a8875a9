import { repository } from '../../../package.json';

const address = repository.url.replace(/^git\+|\.git$/g, '');

/** Gives links to `source/…` the address of that place in the repository: package.json alone says where it is. */
export function fillRepositoryLinks(root: ParentNode): void {
  for (const link of root.querySelectorAll('a[href^="source/"]')) {
    const place = link.getAttribute('href')?.slice('source/'.length);
    link.setAttribute('href', [address, place].filter(Boolean).join('/'));
  }
}
