import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { find } from './programs.ts';
import type { Sshd } from './sshd.ts';

/** A PATH whose `ssh` is this shell script. It knows no configuration. */
export const stubSsh = (sshd: Pick<Sshd, 'directory'>, script: string): string => programs(sshd, `[ "$1" = -G ] && exit 1\n${script}`);

function programs({ directory }: Pick<Sshd, 'directory'>, script: string): string {
  const folder = mkdtempSync(join(directory, 'stub-'));
  writeFileSync(join(folder, 'ssh'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return `${folder}:${process.env.PATH}`;
}

/** A PATH whose `ssh` is the real one with this configuration before that of the server. */
export function sshWith(sshd: Pick<Sshd, 'directory' | 'config'>, ...options: readonly string[]): string {
  const given = options.map((each) => `-o '${each}'`).join(' ');
  return programs(sshd, `exec ${find('ssh')} ${given} -F ${sshd.config} "$@"`);
}

/**
 * A server that accepts connections and says nothing, and a PATH whose `ssh` connects to it: for all servers, or for those with one
 * address alone. Then the 10 s of dnx, and no others, last 1 s.
 */
export async function openSilence(sshd: Pick<Sshd, 'directory' | 'config'>, address?: string) {
  const sockets = new Set<Socket>();
  let notify = () => {};
  const connected = new Promise<void>((resolve) => (notify = resolve));
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    notify();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    path: address === undefined ? sshWith(sshd, `Port=${port}`) : programs(sshd, sshToOne(address, port, sshd.config)),
    connected,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const sshToOne = (address: string, port: number, config: string): string =>
  `case " $* " in
*'@${address} '* | *' ${address} '*)
  case " $* " in *' ConnectTimeout=10 '*) set -- -o ConnectTimeout=1 "$@" ;; esac
  set -- -o Port=${port} "$@"
  ;;
esac
exec ${find('ssh')} -F ${config} "$@"`;
