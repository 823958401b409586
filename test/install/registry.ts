import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
import { type Listening, openElsewhere } from '../support/elsewhere.ts';

/** Managers may refuse releases that are younger than a few days. */
const published = '2026-01-01T00:00:00.000Z';

interface Manifest {
  readonly name: string;
  readonly version: string;
}

interface Package {
  readonly manifest: Manifest;
  readonly content: Buffer;
}

/** A registry on loopback. */
export interface Registry extends Listening {
  /** Changes a byte of what waits for approval, and changes it back the second time. */
  tamper(): void;
}

/**
 * Serves this tarball under its package's name, so that `npx deploynix-cli` and its like can be tested before a release. Without a tarball, the
 * package has to be staged and approved first. It redirects to npm's registry for every other package.
 */
export async function startRegistry(tarball?: string): Promise<Registry> {
  const { stdout: upstream } = await execa('npm', ['config', 'get', 'registry']);
  const name = 'deploynix-cli';
  let known = tarball === undefined ? undefined : await read(tarball);
  const stageId = randomUUID();
  let staged: Package | undefined;
  const listening = await openElsewhere(async (request, response) => {
    const { url = '/', headers, method } = request;
    if (url === `/-/stage/package/${name}` && method === 'POST' && !staged) {
      staged = stagedIn(await text(request));
      response.writeHead(201, { 'Content-Type': 'application/json' }).end(JSON.stringify({ stageId }));
    } else if (url === `/-/stage/${stageId}/tarball` && staged) {
      response.end(staged.content);
    } else if (url === `/-/stage/${stageId}/approve` && method === 'POST' && staged) {
      known = staged;
      response.end('{}');
    } else if (url.startsWith('/-/stage') || method === 'PUT') {
      response.writeHead(403).end('{}');
    } else if (url.startsWith(`/${name}`) && known === undefined) {
      response.writeHead(404).end('{}');
    } else if (url.endsWith('.tgz') && url.startsWith(`/${name}/`)) {
      response.end(known?.content);
    } else if (url.split('?')[0] === `/${name}` && known) {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify(packument(known, `http://${headers.host}/${name}/-/dnx.tgz`)));
    } else {
      response.writeHead(302, { Location: new URL(url, upstream).href });
      response.end();
    }
  });
  const tamper = () => staged?.content.writeUInt8(staged.content.readUInt8(9) ^ 1, 9);
  return { ...listening, tamper };
}

async function read(tarball: string): Promise<Package> {
  const { stdout } = await execa('tar', ['-xzOf', tarball, 'package/package.json']);
  return { manifest: JSON.parse(stdout), content: readFileSync(tarball) };
}

/** What `npm stage publish` sends. */
function stagedIn(body: string): Package {
  const { versions, _attachments } = JSON.parse(body) as {
    versions: Record<string, Manifest>;
    _attachments: Record<string, { data: string }>;
  };
  const [manifest] = Object.values(versions);
  const [attached] = Object.values(_attachments);
  return { manifest: manifest as Manifest, content: Buffer.from(attached?.data ?? '', 'base64') };
}

function packument({ manifest, content }: Package, tarball: string): object {
  const integrity = `sha512-${createHash('sha512').update(content).digest('base64')}`;
  const shasum = createHash('sha1').update(content).digest('hex');
  return {
    name: manifest.name,
    'dist-tags': { latest: manifest.version },
    time: { created: published, modified: published, [manifest.version]: published },
    versions: { [manifest.version]: { ...manifest, dist: { tarball, integrity, shasum } } },
  };
}
