import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A line of TCP to a port of this machine, with a round trip of its own. */
export interface Line {
  readonly port: number;
  /** The round trip of connections that are made from now on, in ms. TCP's handshake costs one, too. */
  roundTrip: number;
  /** How many round trips clients have waited for: handshakes, and how often one sent a request after an answer. */
  waits: number;
  close(): void;
}

/** The longest packet of ssh for which nobody waits: the end of a channel, or more room for what arrives. */
const SHORT = 36;

/** Opens one, without a delay. */
export async function openLine(to: number): Promise<Line> {
  const open = new Set<Socket>();
  let isAnswered = false;
  const server = createServer((client) => {
    const [far, trip, born] = [connect(to, '127.0.0.1'), line.roundTrip, performance.now()];
    line.waits += 1;
    isAnswered = true;
    for (const socket of [client, far]) {
      open.add(socket.setNoDelay(true));
      socket.on('close', () => open.delete(socket));
    }
    /** Passes bytes on half a round trip later, in their order. */
    const pass = (from: Socket, into: Socket, since: number, before: (data: Buffer) => void, after: () => void) => {
      let last = Promise.resolve();
      const later = (work: () => void) => {
        const at = Math.max(performance.now(), since) + trip / 2;
        last = last.then(() => delay(at - performance.now())).then(() => void (into.destroyed || work()));
      };
      from.on('data', (data: Buffer) => {
        before(data);
        later(() => {
          after();
          into.write(data);
        });
      });
      from.on('end', () => later(() => into.end()));
      from.on('error', () => into.destroy());
    };
    const sent = ({ length }: Buffer) => {
      if (length <= SHORT) return;
      if (isAnswered) line.waits += 1;
      isAnswered = false;
    };
    const answered = () => {
      isAnswered = true;
    };
    pass(client, far, born + trip, sent, () => {});
    pass(far, client, born, () => {}, answered);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const line: Line = {
    port: (server.address() as AddressInfo).port,
    roundTrip: 0,
    waits: 0,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
  return line;
}
