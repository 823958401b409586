import { deployFix, restartService, sshServer, step } from '../fixes.ts';
import { type Cause, group, shown } from './cause.ts';

/** Only a deployment runs a deploy script. */
const inDeployment = { sources: ['deploy', 'given'] } as const satisfies Pick<Cause, 'sources'>;
const again = [step('Fix the deploy script in the dashboard'), deployFix()];

/** Failures of the deploy script itself. */
export const script: readonly Cause[] = [
  shown(
    'command_missing',
    (found) => `The server has no command ${group(found, '')}`,
    87,
    [
      /^\S+: (?:line )?\d+: ([\w.+-]+): (?:command )?not found$/,
      /^-?(?:bash|sh|zsh): ([\w.+-]+): command not found$/,
      /^env: ['‘]?([\w.+-]+)['’]?: No such file or directory$/,
    ],
    [sshServer('Look for it', 'ls', '/usr/local/bin', '.local/bin'), ...again],
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
    'nginx_config',
    'The configuration of nginx is not valid',
    92,
    [/\[emerg\] (?!.*\bbind\(\)).+/, /^nginx: configuration file \S+ test failed/],
    [sshServer('Check it', 'sudo', 'nginx', '-t'), restartService('nginx', 'Then restart it')],
  ),
];
