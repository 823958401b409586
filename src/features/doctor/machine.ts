import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { quoted } from '../../base/shell.ts';
import { supportedNode, supportsNode, version } from '../../base/version.ts';
import type { Context } from '../../cli/language/command.ts';
import { nullable, objectOf, oneOf, type Printed, word } from '../../cli/language/shape.ts';
import { commandLine } from '../../cli/run/line.ts';
import { INSECURE_FILE } from '../../machine/credentials/tokens.ts';
import type { Link } from '../../machine/settings/link.ts';
import { profileReason } from '../../machine/settings/settings.ts';
import type { World } from '../../machine/world.ts';
import { ownShell, placesOf } from '../completion/install.ts';
import { installationOf } from '../update/installation.ts';

/** A check and how to fix its problem. `skipped`: it could not or need not be checked. */
export const doctorCheck = objectOf({
  check: word,
  verdict: oneOf('ok', 'warning', 'failed', 'skipped'),
  detail: word,
  fix: nullable(word),
});
export type DoctorCheck = Printed<typeof doctorCheck>;

/** A passed check. */
export const passed = (check: string, detail: string): DoctorCheck => ({ check, verdict: 'ok', detail, fix: null });
/** A skipped check; `detail` is the reason. */
export const skipped = (check: string, detail: string): DoctorCheck => ({ check, verdict: 'skipped', detail, fix: null });
/** A check that needs attention; `fix` is a command or an instruction. */
export const warning = (check: string, detail: string, fix: string): DoctorCheck => ({ check, verdict: 'warning', detail, fix });
/** A failed check; `fix` is a command or an instruction. */
export const failed = (check: string, detail: string, fix: string): DoctorCheck => ({ check, verdict: 'failed', detail, fix });

/** Checks versions, files and their modes, and shell completion. `keyless`: the keychain does not work. */
export function machineChecks({ world, settings }: Context, keyless: boolean): DoctorCheck[] {
  const { directories, link } = settings;
  const config = join(directories.config, 'config.json');
  const tokens = join(directories.config, INSECURE_FILE);
  return [
    versions(world),
    privacy('settings directory', directories.config, 0o700, world),
    privacy('settings', config, 0o600, world),
    existsSync(tokens)
      ? warning(
          'token file',
          `unencrypted tokens in ${tokens}${hasModes(world) ? ` (mode ${modeOf(tokens)})` : ''}`,
          `${commandLine(['login'], settings)}, ${keyless ? 'once the keychain works' : 'without --insecure-storage'}`,
        )
      : passed('token file', 'no unencrypted tokens'),
    passed('profile', profileReason(settings)),
    link ? linkFile(link, settings) : skipped('link file', 'none in this directory'),
    completion(world),
  ];
}

function linkFile(link: Link, { site, origins }: Context['settings']): DoctorCheck {
  if (link.missing) return warning('link file', link.missing.message, link.missing.hint ?? '');
  const named = site !== undefined && origins.site === 'link file' ? `: ${site}` : '';
  return passed('link file', `${link.file}${link.chosen?.name ? ` (${link.chosen.name}${named})` : named}`);
}

function versions(world: World): DoctorCheck {
  const { node, platform } = world;
  const { by } = installationOf(world) ?? {};
  const installed = by === undefined ? '' : ` (${by})`;
  const detail = [`dnx ${version}${installed}`, ...(node === undefined ? [] : [`Node ${node}`]), platform].join(', ');
  return node === undefined || supportsNode(node)
    ? passed('versions', detail)
    : warning('versions', `${detail} (unsupported Node)`, `Install Node ${supportedNode}`);
}

/** Windows has access control lists instead: a file in the user's profile is the user's alone. */
const hasModes = ({ platform }: Pick<World, 'platform'>): boolean => platform !== 'win32';

function privacy(check: string, path: string, allowed: number, world: World): DoctorCheck {
  if (!existsSync(path)) return skipped(check, `${path} does not exist yet`);
  if (!hasModes(world)) return passed(check, path);
  const mode = statSync(path).mode & 0o777;
  return (mode & ~allowed) === 0
    ? passed(check, `${path} (mode ${mode.toString(8)})`)
    : warning(check, `${path} is accessible to others (mode ${mode.toString(8)})`, `chmod ${allowed.toString(8)} ${quoted(path)}`);
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

function completion(world: World): DoctorCheck {
  const shell = ownShell(world);
  if (!shell) return skipped('completion', 'no bash, zsh, fish or PowerShell in SHELL');
  const [place] = placesOf(shell, world);
  return place && existsSync(place)
    ? passed('completion', `${shell}: ${place}`)
    : warning('completion', `not installed for ${shell}`, 'dnx completion install');
}
