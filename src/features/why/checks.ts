import { wordOf } from '../../base/text.ts';
import { certificateIn } from '../overview/certificate.ts';
import { missingKeys } from './causes/environment.ts';
import type { Checks } from './diagnosis.ts';
import type { Facts } from './facts.ts';

/** What was checked, for scripts. */
export function checksOf(facts: Facts): Checks {
  const { answer, certificates, logs, machine, now, queues, site } = facts;
  const best = certificates && certificateIn(certificates, { now, terminal: false }).certificate;
  return {
    http: answer,
    disks: machine?.disks.map(({ mount, space, inodes }) => ({ mount, space_percent: space, inodes_percent: inodes })) ?? null,
    memory: machine?.memory ?? null,
    php: machine && { site: wordOf(site.php_version) || null, cli: machine.php },
    certificate: best ? { status: wordOf(best.status) || null, expires_at: wordOf(best.expires_at) || null } : null,
    workers: queues?.map(({ queue, id, status }) => ({ queue: wordOf(queue) || wordOf(id), status: wordOf(status) })) ?? null,
    missing_variables: machine && missingKeys(facts),
    logs: logs
      .filter(({ file, lines }) => file !== null || lines.length > 0)
      .map(({ source, file, lines }) => ({ source, file, lines: lines.length })),
  };
}
