/** A remote of a Git repository. Its URL may have a password. */
export interface Remote {
  readonly name: string;
  readonly url: string;
}

/** The remotes in the output of `git remote -v`, by the URL that Git fetches from. */
export const remotesIn = (output: string): readonly Remote[] =>
  output.split('\n').flatMap((line) => {
    // A name that looks like an option is not one that Git would create.
    const [, name, url] = /^(\w[\w./+-]*)\t(.+) \(fetch\)( \[.*\])?$/.exec(line) ?? [];
    return name === undefined || url === undefined ? [] : [{ name, url }];
  });

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
