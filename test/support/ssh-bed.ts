import { seeded } from '../../src/sandbox/index.ts';
import { type Executable, type ExecutableOptions, openExecutable } from './executable.ts';
import { openSshd, type Sshd } from './sshd.ts';

/** The built dnx, a sandbox, and a real sshd that its servers lead to. */
export interface SshBed extends Executable {
  readonly sshd: Sshd;
  /** Gives the shop of the sandbox this domain, and its directory on the server. */
  shop(domain: string, options?: Parameters<Sshd['site']>[1]): SshBed['sandbox']['state']['sites'][number];
}

/** Opens both. */
export async function openSshBed(options: ExecutableOptions = {}): Promise<SshBed> {
  const sshd = await openSshd();
  const executable = await openExecutable({ rateLimit: 0, ...options });
  const env = { ...executable.env, PATH: sshd.path };
  return {
    ...executable,
    sshd,
    shop(domain, options) {
      const shop = executable.sandbox.state.sites.find(({ id }) => id === seeded.sites['shop.example.com']);
      if (!shop) throw new Error('The shop is gone.');
      shop.domain = domain;
      sshd.site(domain, options);
      return shop;
    },
    env,
    dnx: (args, given = {}) => executable.dnx(args, { ...given, env: { PATH: sshd.path, ...given.env } }),
    shell: (line, given = {}) => executable.shell(line, { ...given, env: { PATH: sshd.path, ...given.env } }),
    async close() {
      await executable.close();
      await sshd.close();
    },
  };
}
