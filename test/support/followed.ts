import type { ExecutableOptions, Started } from './executable.ts';
import { find } from './programs.ts';
import { openSshBed, type SshBed } from './ssh-bed.ts';

/** A site of the sandbox with a domain of its own, so that no other test has its directory. */
export interface LogBed extends SshBed {
  readonly domain: string;
  /** The directory of the site, with two releases. */
  readonly root: string;
  /** Removes and adds it again, with these files. */
  reset(files?: Readonly<Record<string, string>>): void;
  /** Starts `dnx logs DOMAIN ARGS` and collects its output. */
  follow(args: readonly string[], env?: Readonly<Record<string, string>>): Followed;
}

/** A running dnx. */
export interface Followed {
  readonly child: Started;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves once stdout contains this text; rejects if dnx ends without it. */
  shows(text: string): Promise<void>;
  /** The same for stderr. */
  says(text: string): Promise<void>;
  /** Ends it with Ctrl-C, and returns what it printed. */
  end(): Promise<{ readonly stdout: string; readonly stderr: string }>;
}

/** The releases of the site, the second of which is live. */
export const releases = ['20260101_000000', '20260102_000000'] as const;

/** Opens a bed whose site shop.example.com has another domain. */
export async function openLogBed(domain: string, options: ExecutableOptions = {}): Promise<LogBed> {
  const bed = await openSshBed(options);
  bed.shop(domain);
  // What follows a log sleeps between looks.
  bed.sshd.program('sleep', `#!/bin/sh\nexec ${find('sleep')} 0.1\n`);
  const reset = (files = {}) => bed.sshd.site(domain, { releases, files });
  return {
    ...bed,
    domain,
    root: reset(),
    reset,
    follow: (args, env = {}) => collected(bed.dnx(['logs', domain, ...args], { env })),
  };
}

/** A running dnx, whose output is collected. */
export function collected(child: Started): Followed {
  const texts = { stdout: '', stderr: '' };
  let ended = false;
  const waiting = new Set<() => void>();
  const tell = () => {
    for (const each of waiting) each();
  };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (chunk) => {
      texts[name] += chunk;
      tell();
    });
  child.on('close', () => {
    ended = true;
    tell();
  });
  const until = (name: keyof typeof texts) => (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (texts[name].includes(text)) resolve();
        else if (ended) reject(new Error(`dnx ended without '${text}': ${texts.stdout}\n${texts.stderr}`));
        else return;
        waiting.delete(look);
      };
      waiting.add(look);
      look();
    });
  const end = async () => {
    child.kill('SIGINT');
    const { exitCode } = await child;
    if (exitCode !== 130) throw new Error(`dnx exited ${exitCode} after Ctrl-C: ${texts.stderr}`);
    return { ...texts };
  };
  return { child, stdout: () => texts.stdout, stderr: () => texts.stderr, shows: until('stdout'), says: until('stderr'), end };
}
