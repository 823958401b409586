import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Env, World } from './world.ts';

export interface Rehearsal {
  readonly env: Env;
  readonly remove: () => Promise<void>;
}

/** The environment of a command that runs against a sandbox: its host and token, directories of its own, and this very dnx on its PATH. */
export async function privateEnv(
  { env, self }: Pick<World, 'env' | 'self'>,
  sandbox: { readonly url: string; readonly token: string },
): Promise<Rehearsal> {
  const directory = await mkdtemp(join(tmpdir(), 'dnx-sandbox-'));
  const [node, script] = self;
  const shim = join(directory, 'dnx');
  await writeFile(shim, `#!/bin/sh\nexec '${node}' '${script}' "$@"\n`);
  await chmod(shim, 0o755);
  const { DNX_PROFILE: _profile, DNX_SERVER: _server, DNX_SITE: _site, ...inherited } = env;
  return {
    env: {
      ...inherited,
      PATH: [directory, inherited.PATH].filter(Boolean).join(delimiter),
      DNX_HOST: sandbox.url,
      DNX_TOKEN: sandbox.token,
      DNX_CONFIG_DIR: join(directory, 'config'),
      DNX_CACHE_DIR: join(directory, 'cache'),
      DNX_STATE_DIR: join(directory, 'state'),
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
