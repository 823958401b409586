import { deployFix, restartService, sshServer, step } from '../fixes.ts';
import { type Cause, matchedGroup, shown } from './cause.ts';

/** Only a deployment runs a deploy script. */
const inDeployment = { sources: ['deploy', 'given'] } as const satisfies Pick<Cause, 'sources'>;
const again = [step('Fix the deploy script in the dashboard'), deployFix()];

/** Commands that come with a package of the project. */
const ofNode = /^(?:vite|mix|webpack|tsc|vue-tsc|tailwindcss|postcss|sass|cross-env|esbuild|rollup)$/;

/** Failures of the deploy script itself. */
export const script: readonly Cause[] = [
  shown(
    'command_missing',
    (found) => `The server has no command ${matchedGroup(found, '')}`,
    87,
    [
      /^[^:]+: (?:line )?\d+: ([\w.+-]+): (?:command )?not found$/,
      /^-?(?:bash|sh|zsh): ([\w.+-]+): command not found$/,
      /^env: ['‘]?([\w.+-]+)['’]?: No such file or directory$/,
    ],
    (found) =>
      ofNode.test(matchedGroup(found, ''))
        ? [step('Install the devDependencies in the deploy script: npm ci --include=dev'), deployFix()]
        : [sshServer('Look for it', 'ls', '/usr/local/bin', '.local/bin'), ...again],
    inDeployment,
  ),
  shown(
    'script_windows',
    'The deploy script has the line ends of Windows',
    89,
    [
      /: \$'[^']*\\r': (?:No such file or directory|command not found)$/,
      /^env: ['‘]?[\w.+-]+\\r['’]?: No such file or directory$/,
      /: \/\S+\^M: bad interpreter/,
    ],
    [step('Save the deploy script with the line ends of Unix (LF)'), deployFix()],
    inDeployment,
  ),
  shown(
    'script_variable',
    (found) => `The deploy script uses ${matchedGroup(found, 'a variable')}, which is not set`,
    85,
    [/^\S+: (?:line )?\d+: (\w+): (?:unbound variable|parameter not set)$/],
    again,
    inDeployment,
  ),
  shown(
    'script_path',
    (found) => `The deploy script uses ${matchedGroup(found, 'a path')}, which does not exist`,
    80,
    [
      /^\S+: (?:line )?\d+: cd: (?:can't cd to )?(.+?)(?:: No such file or directory|: Not a directory)?$/,
      /^\S+: (?:line )?\d+: (\S+): No such file or directory$/,
      /^\S+: (?:line )?\d+: cannot (?:open|create) ([^:]+): (?:No such file|Directory nonexistent)/,
      /^Could not open input file: (\S+)/,
      /^(?:bash|sh): (?:0: cannot open )?([^\s:]+): No such file(?: or directory)?$/,
    ],
    again,
    inDeployment,
  ),
  shown(
    'script_syntax',
    'The deploy script has a syntax error',
    86,
    [
      /syntax error near unexpected token/,
      /syntax error: unexpected end of file/,
      /: Syntax error: .+ (?:unexpected|expecting)/,
      /unexpected EOF while looking for matching/,
    ],
    again,
    inDeployment,
  ),
  shown(
    'sudo_password',
    'The deploy script uses sudo, which asks for a password',
    88,
    [/^sudo: a (?:terminal is required to read the )?password(?: is required)?/, /^\S+ is not in the sudoers file/],
    [step('Leave sudo out of the deploy script'), deployFix()],
    inDeployment,
  ),
  shown(
    'supervisor_program',
    (found) => `Supervisor knows no program ${matchedGroup(found, '')}`,
    86,
    [/^(\S+): ERROR \(no such (?:group|process)\)$/],
    [sshServer('See the programs', 'sudo', 'supervisorctl', 'status'), ...again],
    inDeployment,
  ),
  shown(
    'supervisor_down',
    'Supervisor does not run',
    86,
    [/^unix:\/\/\S*supervisor\.sock (?:no such file|refused connection)/],
    [restartService('supervisor'), deployFix('Then deploy again')],
    inDeployment,
  ),
  shown(
    'archive_invalid',
    'An archive cannot be unpacked',
    75,
    [
      /^gzip: \S+: (?:not in gzip format|unexpected end of file)/,
      /^tar: (?:Unexpected EOF in archive|This does not look like a tar archive)/,
      /End-of-central-directory signature not found/,
    ],
    [step('See that the step before it downloads or builds the archive'), deployFix()],
    inDeployment,
  ),
  shown(
    'script_timeout',
    'The deployment took too long',
    84,
    [
      /The process "[^"]*" exceeded the timeout of \d+(?:\.\d+)? seconds/,
      /ProcessTimedOutException/,
      /^(?:deployment|script) timed out after \d+/i,
      /exit(?:ed with)? (?:code|status):? 124\b/,
    ],
    [step('Move slow steps out of the deploy script'), deployFix('Try again')],
    inDeployment,
  ),
  shown(
    'tests_failed',
    'The tests failed',
    70,
    [/^\s*Tests:\s+\d+ failed/, /^FAILURES!$/],
    [step('Run the tests in your project'), deployFix()],
    inDeployment,
  ),
  shown(
    'port_in_use',
    'Another program uses the port',
    88,
    [/\bbind\(\) to \S+ failed \(98: Address already in use\)/, /\bEADDRINUSE\b/, /Failed to listen on "?tcp:\S+ .*Address already in use/],
    [sshServer('See which', 'sudo', 'ss', '-ltnp'), step('Stop it, or use another port')],
  ),
  shown(
    'nginx_config',
    'The configuration of nginx is not valid',
    92,
    [/\[emerg\] (?!.*\bbind\(\)).+/, /^nginx: configuration file \S+ test failed/],
    [sshServer('Check it', 'sudo', 'nginx', '-t'), restartService('nginx', 'Then restart it')],
  ),
];
