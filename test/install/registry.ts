import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { type Listening, openElsewhere } from '../support/elsewhere.ts';

/** Managers may refuse releases that are younger than a few days. */
const published = '2026-01-01T00:00:00.000Z';

/**
 * Serves this tarball under its package's name, so that `npx deploynix-cli` and its like can be tested before a release.
 * It redirects to npm's registry for every other package.
 */
export async function startRegistry(tarball: string): Promise<Listening> {
  const { stdout: upstream } = await execa('npm', ['config', 'get', 'registry']);
  const content = readFileSync(tarball);
  const { stdout } = await execa('tar', ['-xzOf', tarball, 'package/package.json']);
  const manifest = JSON.parse(stdout);
  return openElsewhere(({ url = '/', headers }, response) => {
    if (url.endsWith('.tgz') && url.startsWith(`/${manifest.name}/`)) {
      response.end(content);
    } else if (url.split('?')[0] === `/${manifest.name}`) {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify(packument(manifest, content, `http://${headers.host}/${manifest.name}/-/dnx.tgz`)));
    } else {
      response.writeHead(302, { Location: new URL(url, upstream).href });
      response.end();
    }
  });
}

function packument(manifest: { name: string; version: string }, content: Buffer, tarball: string): object {
  const integrity = `sha512-${createHash('sha512').update(content).digest('base64')}`;
  const shasum = createHash('sha1').update(content).digest('hex');
  return {
    name: manifest.name,
    'dist-tags': { latest: manifest.version },
    time: { created: published, modified: published, [manifest.version]: published },
    versions: { [manifest.version]: { ...manifest, dist: { tarball, integrity, shasum } } },
  };
}
