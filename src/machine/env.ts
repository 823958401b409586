import type { Env } from './world.ts';

/** Environments whose variable names are case-insensitive. */
const caseless = new WeakSet<Env>();

/** The environment as this platform reads it: Windows ignores the case of names, such as that of `Path`. */
export function openEnv(env: Env, platform: NodeJS.Platform): Env {
  if (platform !== 'win32') return env;
  const spelled = (name: string | symbol): string | symbol => (typeof name === 'string' ? (spellingIn(env, name) ?? name) : name);
  const opened = new Proxy(env, {
    get: (target, name) => Reflect.get(target, spelled(name)),
    has: (target, name) => Reflect.has(target, spelled(name)),
  });
  caseless.add(opened);
  return opened;
}

/** The environment of a child process: that of dnx with changes. On Windows, a changed name replaces every spelling of it. */
export function childEnv(env: Env, changes: Env): Env {
  const ignoresCase = caseless.has(env);
  const variables = new Map<string, readonly [name: string, value: string | undefined]>();
  for (const [name, value] of [...Object.entries(env), ...Object.entries(changes)])
    variables.set(ignoresCase ? name.toUpperCase() : name, [name, value]);
  const child = Object.fromEntries([...variables.values()].filter(([, value]) => value !== undefined));
  if (ignoresCase) caseless.add(child);
  return child;
}

/** The environment of a program that dnx chooses, which may run for days or pass it on: without the token and the address of --notify. */
export const envWithoutSecrets = (env: Env): Env =>
  childEnv(env, { DNX_TOKEN: undefined, DNX_NOTIFY: undefined, FORGE_TOKEN: undefined, PLOI_TOKEN: undefined });

/** A variable in any spelling of its name, as Windows reads it. */
export const anyCase = (env: Env, name: string): string | undefined => env[spellingIn(env, name) ?? name];

function spellingIn(env: Env, name: string): string | undefined {
  if (Object.hasOwn(env, name)) return name;
  const upper = name.toUpperCase();
  return Object.keys(env).find((candidate) => candidate.toUpperCase() === upper);
}

/** True unless the value is undefined, empty, 0, false or no. */
export const truthy = (value: Env[string]): boolean => value !== undefined && !['', '0', 'false', 'no'].includes(value.toLowerCase());
