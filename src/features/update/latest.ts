import { fromJson, isObject } from '../../base/json.ts';
import { repository } from '../../base/version.ts';
import type { HttpResponse, World } from '../../machine/world.ts';
import { versionIn } from './release.ts';

const MOST_BYTES = 1_000_000;

/** `https://api.github.com/repos/OWNER/NAME/releases/latest`, which is never a draft or a pre-release. */
const latest = `${repository.replace('https://github.com/', 'https://api.github.com/repos/')}/releases/latest`;

/** The version of the latest release, from GitHub. Sends nothing about this user or machine. */
export async function latestRelease({ connect }: Pick<World, 'connect'>, caFile: string | undefined, signal: AbortSignal): Promise<string> {
  const transport = await connect(caFile, { background: true });
  try {
    const headers = { accept: 'application/vnd.github+json', 'user-agent': 'dnx' };
    const response = await transport.request({ method: 'GET', url: latest, headers, signal });
    if (response.status !== 200) throw new Error(`GitHub returned ${response.status}`);
    const release = fromJson(await textIn(response));
    const version = isObject(release) && !release.draft && !release.prerelease ? versionIn(release.tag_name) : undefined;
    if (version === undefined) throw new Error('GitHub returned no release');
    return version;
  } finally {
    await transport.close();
  }
}

async function textIn({ body, discard }: HttpResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size <= MOST_BYTES) continue;
    discard();
    throw new Error(`GitHub returned more than ${MOST_BYTES} bytes`);
  }
  return Buffer.concat(chunks).toString();
}
