import { usage } from '../base/errors.ts';
import { command, group } from '../cli/language/command.ts';
import { argument, flag, text } from '../cli/language/options.ts';
import { answer } from '../cli/language/resource.ts';
import { anything, listOf, nullable, objectOf, oneOf, recordOf, word, words, yes } from '../cli/language/shape.ts';
import { columns } from '../cli/output/view.ts';
import { login } from '../features/auth/login.ts';
import { logout } from '../features/auth/logout.ts';
import { switchHere, switchProfile, unsetHere } from '../features/auth/profiles.ts';
import { signedIn, signInStatus } from '../features/auth/status.ts';
import { abilityOptions } from '../features/token/choose.ts';
import { refreshToken } from '../features/token/rotate.ts';

const loginCommand = command({
  name: 'login',
  reach: 'account',
  summary: 'Sign in',
  description:
    'Asks for the host (first time only), your email and password, and what the token may do. The token goes to the keychain of your operating system; the password is not stored.\n\nIf you sign in with GitHub, SSO or two-factor authentication, create a token in the dashboard and use --with-token: it prompts for the token, or reads it from stdin.',
  calls: ['POST /login', 'GET /user', 'POST /tokens', 'POST /logout', 'DELETE /tokens/{token}'],
  signs: true,
  options: {
    with_token: flag('Take a token instead of a password, from a prompt or stdin'),
    email: text('Email address', 'email'),
    ...abilityOptions,
    insecure_storage: flag('Store the token unencrypted, in a file that only you can read'),
  },
  prints: () => objectOf({ host: word, profile: word, user: nullable(word), store: oneOf('file', 'keychain') }),
  examples: ['login', 'login --for "deploy --wait"', 'login --with-token --insecure-storage < token.txt'],
  run: (ctx, { options }) => login(ctx, options),
});

const refreshCommand = command({
  name: 'refresh',
  reach: 'account',
  summary: 'Add abilities to the stored token',
  description: 'Creates a token with the same name and more abilities, stores it, and revokes the old one.',
  calls: ['GET /tokens', 'POST /tokens', 'GET /user', 'DELETE /tokens/{token}'],
  options: abilityOptions,
  prints: () => objectOf({ id: anything, name: anything, abilities: words, added: words }, { revoked: anything }),
  examples: ['refresh --ability site:deploy', 'refresh --for "deploy --wait"'],
  run: (ctx, { options }) => refreshToken(ctx, options),
});

export default group({
  name: 'auth',
  commands: [
    loginCommand,
    command({
      name: 'logout',
      reach: 'account',
      summary: 'Sign out and revoke the token',
      calls: 'POST /logout',
      signs: true,
      options: { keep: flag('Remove the token from this machine, but do not revoke it') },
      prints: () => objectOf({ host: word, profile: word, revoked: yes, forgotten: yes }),
      examples: ['logout'],
      run: (ctx, { options }) => logout(ctx, options),
    }),
    command({
      name: 'status',
      summary: 'Show the sign-in status of each profile',
      exits: '4 a profile is not signed in, or its token does not work',
      calls: ['GET /user', 'GET /tokens'],
      prints: () => listOf(signInStatus),
      examples: ['status', 'status --json'],
      run: signedIn,
    }),
    refreshCommand,
    command({
      name: 'switch',
      aliases: ['use'],
      reach: 'outlasts',
      summary: 'Switch to another profile',
      description:
        'With --here, for this directory and those below it alone: not for other worktrees or clones of its repository. The innermost directory wins. It overrides the profile of all other directories; --profile and DNX_PROFILE override it. It is kept in your settings, never in the repository.',
      effect: 'local',
      options: {
        profile_name: argument(text('Profile name', 'profile')),
        here: flag('Only in this directory and below'),
        unset: flag('With --here: use what holds elsewhere again'),
      },
      prints: () => objectOf({ profile: word }, { directory: word }),
      examples: ['switch default', 'switch default --here', 'switch --here --unset'],
      async run(ctx, { options: { profile_name, here, unset } }) {
        if (unset && !here) throw usage('--unset needs --here.');
        if (unset && profile_name !== undefined) throw usage('--unset takes no profile.');
        return unset ? unsetHere(ctx) : here ? switchHere(ctx, profile_name) : switchProfile(ctx, profile_name);
      },
    }),
    command({
      name: 'whoami',
      summary: 'Show the signed-in user',
      calls: 'GET /user',
      prints: () => recordOf(['id', 'name', 'email']),
      examples: ['whoami'],
      run: async (ctx) => answer(await ctx.call(), columns('name', 'email', 'id')),
    }),
  ],
});
