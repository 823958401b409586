import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readText } from '../../machine/files/text-file.ts';
import type { World } from '../../machine/world.ts';

/** A public key of the user. */
interface PublicKey {
  /** As typed: `~/.ssh/id_ed25519.pub`. */
  readonly file: string;
  /** The comment in it, usually `ada@laptop`. */
  readonly name: string;
}

/** The keys that ssh tries first. */
const usual = ['id_ed25519.pub', 'id_ecdsa.pub', 'id_rsa.pub'];

/** The public key that ssh most likely offers; undefined if the user has none. */
export function publicKeyOf(world: Pick<World, 'home'>): PublicKey | undefined {
  try {
    const directory = join(world.home, '.ssh');
    const files = readdirSync(directory).filter((name) => /^[\w.@-]+\.pub$/.test(name) && !name.endsWith('-cert.pub'));
    const file = usual.find((name) => files.includes(name)) ?? files.sort()[0];
    if (file === undefined) return undefined;
    const [, , name = ''] = (readText(join(directory, file), 1) ?? '').trim().split(/\s+/);
    return { file: `~/.ssh/${file}`, name: /^[\w@.-]+$/.test(name) ? name : file.replace(/\.pub$/, '') };
  } catch {
    return undefined;
  }
}
