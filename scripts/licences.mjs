import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licenses under which a library may be bundled. All but MPL-2.0 ask only for their text; noticeOf says what that one asks for. */
const allowed = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'MPL-2.0'];

/** A rolldown plugin that writes the license of every bundled package beside the bundle, as those licenses require. */
export function licences() {
  return {
    name: 'licences',
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((chunk) => Object.keys(chunk.modules ?? {}));
      const folders = new Set(modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id.replace(/^\0/, ''))?.[0] ?? []));
      const texts = [...folders].sort().map(licenceOf);
      this.emitFile({ type: 'asset', fileName: 'licences.txt', source: texts.join(`\n${'-'.repeat(80)}\n\n`) });
    },
  };
}

/** The heading and license texts of the package in this folder. Throws if its license is not allowed, or it has no text. */
export function licenceOf(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { name, version, license } = manifest;
  if (!allowed.includes(license))
    throw new Error(`${name} ${version} has the license ${license}, which scripts/licences.mjs does not allow.`);
  const files = readdirSync(folder).filter((each) => /^(licen[cs]e|copying|notice)/i.test(each));
  if (files.every((each) => /^notice/i.test(each))) throw new Error(`${name} ${version} has no license text.`);
  const texts = files.map((each) => readFileSync(join(folder, each), 'utf8').trim());
  return `${[`${name} ${version} (${license})`, ...noticeOf(manifest), ...texts].join('\n\n')}\n`;
}

/** Section 3.2 of the MPL 2.0: who gets an executable form must be told how to get the source code. */
function noticeOf({ name, version, license, repository }) {
  if (license !== 'MPL-2.0') return [];
  const url = (repository?.url ?? repository ?? '').replace(/^git(\+https)?:/, 'https:').replace(/\.git$/, '');
  return [
    `dnx contains ${name} in executable form, unmodified but for bundling. Its source code is available under the
Mozilla Public License 2.0, free of charge, from ${url}
and in version ${version} of the npm package ${name}.`,
  ];
}
