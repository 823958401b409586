import type { JsonObject } from '../../base/json.ts';
import type { PreviewSettings } from '../../machine/settings/preview.ts';
import type { Located, Target } from '../../platform/names/names.ts';
import type { PreviewOwner } from './names.ts';

/** A project whose branches have previews: what its default branch says, and what Deploynix has. */
export interface PreviewProject {
  readonly owner: PreviewOwner;
  readonly settings: PreviewSettings;
  /** The base site, which previews are like, by its names. */
  readonly base: Located;
  /** The base site as Deploynix shows it. */
  readonly site: JsonObject;
  /** At Deploynix. */
  readonly repository: Target;
  readonly remote: string;
  readonly defaultBranch: string;
  /** The commit whose link file counts. */
  readonly commit: string;
  /** The servers that may have previews. */
  readonly servers: readonly Target[];
  /** True for a site that a link file names, by its id or domain. */
  readonly isLinked: (place: Located) => boolean;
  /** The branches of the remote with their commits, read from it within the last minute. Throws if it cannot be read or lacks the branch of the base site. */
  readonly heads: () => Promise<ReadonlyMap<string, string>>;
}

/** What DNX_PREVIEW at a preview says. `hidden`: the API does not show it. */
export type PreviewRecord = 'none' | 'hidden' | { readonly deadline: number; readonly isSeeded: boolean };

/** A site that is certainly a preview of the project. */
export interface Preview {
  readonly branch: string;
  readonly mark: string;
  readonly place: Located;
  readonly site: JsonObject;
  readonly record: PreviewRecord;
  /** When it may be removed although its branch is there, in ms since 1970; undefined if nothing tells. */
  readonly deadline: number | undefined;
  /** In ms since 1970; undefined if the API does not show it. */
  readonly createdAt: number | undefined;
}

/** A database that is certainly of a preview of the project, whose site may be there or not. */
export interface PreviewDatabase {
  readonly mark: string;
  readonly server: Target;
  readonly database: Target;
  readonly createdAt: number | undefined;
}

/** Something that is like a preview, and is left alone. */
export interface Lookalike {
  readonly kind: 'site' | 'database';
  readonly server: Target;
  readonly target: Target;
  /** `its branch is main, not feature/x` */
  readonly why: string;
}

/** What the servers of previews have. */
export interface FoundPreviews {
  readonly previews: readonly Preview[];
  readonly databases: readonly PreviewDatabase[];
  readonly lookalikes: readonly Lookalike[];
}
