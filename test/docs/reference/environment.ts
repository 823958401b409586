import { variableGroups } from '../../../src/machine/settings/variables.ts';
import { note, prose } from './markdown.ts';

const intro = [
  'Every environment variable that dnx reads. Options override environment variables, which override `.deploynix.json`, which overrides the profile.',
  '`dnx config list` shows the settings in effect and where each comes from, and `dnx help environment` shows these tables.',
  'An empty variable counts as not set. To turn a switch off, leave it unset or set it to `0`, `false` or `no`. Any value of `NO_COLOR` counts, and `FORCE_COLOR` also if it is empty.',
].join('\n');

const code = (text: string | undefined): string => (text === undefined ? '' : `\`${text}\``);

/** `docs/environment.md`. */
export const environmentGuide = (): string =>
  `${[
    '# Environment variables',
    note,
    intro,
    ...variableGroups.map((group) =>
      [
        `## ${group.title}`,
        '',
        '| variable | meaning | option | default | example |',
        '|---|---|---|---|---|',
        ...group.variables.map(({ name, help, option, fallback, example }) => {
          const value = fallback && /^[$~]?[\w./:-]+$/.test(fallback) ? code(fallback) : prose(fallback ?? '', false);
          return `| ${[code(name), prose(help, false), code(option), value, code(example)].join(' | ')} |`;
        }),
      ].join('\n'),
    ),
    extra,
  ].join('\n\n')}\n`;

const extra = [
  '## Other programs',
  '',
  'No variable but `DNX_HOST`, or the profile, chooses the host that a token is sent to: see [keychain.md](keychain.md). dnx removes `DNX_TOKEN` and',
  '`DNX_NOTIFY` from the environment of browsers, editors, database clients, `git`, `op`, `ssh`, and the commands of `--verify-cmd` and `--notify`.',
  '`dnx env run` and `dnx db tunnel` pass them on to the command that you name. dnx reads no `.env` file for its own settings.',
  '`dnx sandbox run` and `dnx sandbox shell` set `DNX_HOST`, `DNX_TOKEN`, the three directories and the proxy, and remove `DNX_PROFILE`, `DNX_ENV`,',
  '`DNX_SERVER` and `DNX_SITE`.',
].join('\n');
