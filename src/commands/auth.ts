import { command, group } from '../cli/language/command.ts';
import { argument, choice, flag, list, text } from '../cli/language/options.ts';
import { answer } from '../cli/language/resource.ts';
import { columns } from '../cli/output/view.ts';
import { login } from '../features/auth/login.ts';
import { logout } from '../features/auth/logout.ts';
import { signedIn } from '../features/auth/status.ts';
import { switchProfile } from '../features/auth/switch.ts';
import { needsOfLines } from '../features/token/abilities/needs.ts';
import { presetNames } from '../features/token/presets.ts';

interface User {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

const loginCommand = command({
  name: 'login',
  summary: 'Sign in, with a token that can do just what you choose',
  description:
    'Asks for mail and password, and lets you pick what the token may do. The password is kept nowhere; the token goes to the keychain of your operating system.',
  calls: ['POST /login', 'GET /user'],
  options: {
    with_token: flag('Read a token from standard input instead'),
    email: text('Mail address', 'address'),
    ability: list('An ability for the token', 'resource:action'),
    for: list('A command line that must work: what it needs', 'command'),
    from_script: list('A shell script, GitHub workflow or GitLab pipeline: what its dnx commands need', 'file'),
    preset: choice('A ready-made set of abilities', presetNames),
    insecure_storage: flag('Store the token in a file, in the clear (mode 0600)'),
  },
  examples: ['login', 'login --for "deploy --wait"', 'login --with-token --insecure-storage < token.txt'],
  run: (ctx, { options }) => login(ctx, options, (wanted) => needsOfLines(wanted, ctx.tree, ctx.world)),
});

export default group({
  name: 'auth',
  commands: [
    loginCommand,
    command({
      name: 'logout',
      summary: 'Revoke the token and forget it',
      calls: 'POST /logout',
      options: { keep: flag('Only forget it here; the token stays valid') },
      examples: ['logout'],
      run: (ctx, { options }) => logout(ctx, options),
    }),
    command({
      name: 'status',
      summary: 'Show where each profile is signed in, and whether it works',
      description: 'Exit code 4: something is not right, and the command that mends it is shown.',
      calls: ['GET /user', 'GET /tokens'],
      examples: ['status', 'status --json'],
      run: signedIn,
    }),
    command({
      name: 'switch',
      summary: 'Choose the profile that is used when nothing else is said',
      options: { profile_name: argument(text('The profile', 'profile')) },
      examples: ['switch default'],
      run: (ctx, { options: { profile_name } }) => switchProfile(ctx, profile_name),
    }),
    command({
      name: 'whoami',
      summary: 'Who the token belongs to',
      calls: 'GET /user',
      examples: ['whoami'],
      run: async (ctx) => answer(await ctx.call(), columns<User>('name', 'email', 'id')),
    }),
  ],
});
