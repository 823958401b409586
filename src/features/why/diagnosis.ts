import { wordOf } from '../../base/text.ts';
import type { Release } from '../deploy/release.ts';
import { certificateIn } from '../overview/certificate.ts';
import { missingKeys } from './causes/environment.ts';
import { givenUp } from './causes/workers.ts';
import type { Answer, Facts, Source, Unknown } from './facts.ts';

/** A line that shows a cause, or one that is near it. */
export interface QuotedLine {
  readonly source: Source;
  readonly file: string | null;
  readonly line_number: number | null;
  /** Without secrets, values of variables and control sequences. */
  readonly line: string;
  readonly at: string | null;
}

/** A release in a diagnosis. */
export interface ShownRelease {
  readonly id: string;
  readonly name: string;
  readonly commit: string | null;
  readonly message: string | null;
  readonly status: string | null;
  /** Null if the API does not say which release is live. */
  readonly live: boolean | null;
  readonly created_at: string | null;
}

/** What differs between the live and the failed release, if the working directory is a clone of the repository. */
export interface Changed {
  /** Newest first. */
  readonly commits: readonly { readonly commit: string; readonly subject: string }[];
  readonly migrations: readonly string[];
  readonly dependencies: readonly string[];
}

/** What was checked, whatever it says. Null: it could not be read. */
interface Checks {
  readonly http: Answer | null;
  readonly disks:
    | readonly { readonly mount: string; readonly space_percent: number | null; readonly inodes_percent: number | null }[]
    | null;
  readonly memory: { readonly total: number; readonly available: number; readonly swap: number } | null;
  readonly php: { readonly site: string | null; readonly cli: string | null } | null;
  readonly certificate: { readonly status: string | null; readonly expires_at: string | null } | null;
  readonly workers: readonly { readonly queue: string; readonly status: string }[] | null;
  /** Processes of Supervisor that it gave up, unless they are another site's. */
  readonly given_up: readonly { readonly name: string; readonly state: string }[] | null;
  /** Keys of .env.example that the site lacks. */
  readonly missing_variables: readonly string[] | null;
  /** The logs that were read. */
  readonly logs: readonly { readonly source: Source; readonly file: string | null; readonly lines: number }[];
}

/** Why a deployment failed or a site is down, for scripts. */
export interface Diagnosis {
  readonly site: string;
  readonly server: string;
  readonly checked_at: string;
  /** What was to be explained. */
  readonly subject: 'deployment' | 'site';
  readonly outcome: 'known' | 'unknown' | 'healthy';
  readonly cause: string | null;
  readonly title: string;
  /** Why the cause no longer holds. */
  readonly resolved: string | null;
  /** The lines that show the cause, or the nearest if it is unknown. */
  readonly evidence: readonly QuotedLine[];
  readonly fixes: readonly { readonly command: string | null; readonly why: string }[];
  /** The failed release. */
  readonly release: ShownRelease | null;
  /** The release that is live, or that was before. */
  readonly previous: ShownRelease | null;
  readonly changes: Changed | null;
  readonly checks: Checks;
  readonly unknown: readonly Unknown[];
}

/** A release for scripts. */
export const shownRelease = (release: Release | undefined): ShownRelease | null =>
  release
    ? {
        id: release.id,
        name: release.name,
        commit: release.commit || null,
        message: release.message || null,
        status: release.word || null,
        live: release.live ?? null,
        created_at: release.created || null,
      }
    : null;

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
    given_up: machine && givenUp(facts).map(({ name, state }) => ({ name, state })),
    missing_variables: machine && missingKeys(facts),
    logs: logs
      .filter(({ file, lines }) => file !== null || lines.length > 0)
      .map(({ source, file, lines }) => ({ source, file, lines: lines.length })),
  };
}
