import { phaseOf } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import { type Column, columns, record, type View } from '../../cli/output/view.ts';
import { certificateIn, type Reader } from '../overview/certificate.ts';
import type { Status } from './status.ts';
import {
  branchWords,
  checkedWords,
  currentWords,
  newsTitle,
  originWords,
  scheduledWords,
  serverWords,
  unknownWords,
  wordsOf,
  workerWords,
} from './words.ts';

/** What the lines of a status need besides it. */
interface Surroundings {
  readonly reader: Reader;
  readonly profile: string;
  /** True if it is watched. */
  readonly live: boolean;
}

/** The status of a site as a record. */
export function statusView(status: Status, { reader, profile, live }: Surroundings): View {
  const { site, latest_release: latest, release } = status;
  const news = latest && latest.id !== release?.id ? latest : undefined;
  const line = (key: string, title: string, cell: (status: Status) => unknown, more: Partial<Column<Status>> = {}): Column<Status> => ({
    key,
    title,
    computed: true,
    wrap: true,
    cell,
    ...more,
  });
  const certificate = status.certificates ? certificateIn(status.certificates, reader) : undefined;
  const shown: readonly Column<Status>[] = [
    line('domain', 'Site', () => `${wordOf(site.domain) || wordOf(site.id)}  ${originWords(status, profile)}`),
    line('status', 'Status', () => site.status),
    line('server_name', 'Server', () => serverWords(status)),
    line('release_name', 'Release', () => currentWords(status, reader)),
    ...(news ? [line('news', newsTitle(news), () => wordsOf(news, reader))] : []),
    line('certificate_state', 'Certificate', () => certificate?.words ?? unknownWords(status, 'certificates'), {
      tone: () => certificate?.tone,
    }),
    line('scheduled', 'Scheduled', () => scheduledWords(site.scheduled_deploy_at, reader)),
    line('workers', 'Workers', () => (status.queues ? workerWords(status.queues) : unknownWords(status, 'queues')), {
      tone: () => (status.queues?.some((queue) => phaseOf(queue.status) === 'bad') ? 'red' : undefined),
    }),
    line('branch', 'Branch', () => branchWords(site)),
    line('zero_downtime', 'Zero downtime', () => site.zero_downtime_enabled),
    ...(live
      ? [line('checked', 'Checked', () => checkedWords(status, reader), { tone: () => (status.errors.site ? 'yellow' : undefined) })]
      : []),
  ];
  return record(status, columns<Status>(...shown));
}
