import type { Remote } from '../../machine/git.ts';

/** True if a URL is that of a repository such as `example/shop`, at any host: SSH configurations rename hosts. */
export function isRepository({ url }: Remote, repository: string): boolean {
  const path = bare(url);
  const name = bare(repository);
  return path === name || path.endsWith(`/${name}`) || path.endsWith(`:${name}`);
}

const bare = (url: string): string =>
  url
    .replace(/\/+$/, '')
    .replace(/\.git$/i, '')
    .toLowerCase();

/** A URL as FETCH_HEAD shows it: without credentials and `.git`. */
export const shownUrl = ({ url }: Remote): string =>
  url
    .replace(/^([a-z][a-z\d+.-]*:\/\/|(?=[^/]*:))[^/@]*@/i, '$1')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');

/** The end of a URL, without credentials: `example/shop`. */
export const shownRepository = ({ url }: Remote): string =>
  url
    .replace(/\/+$/, '')
    .replace(/\.git$/i, '')
    .split(/[/:]/)
    .filter((part) => part !== '' && !part.includes('@'))
    .slice(-2)
    .join('/');
