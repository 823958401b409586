/** A CycloneDX document of the libraries in the bundle, which licences.mjs lists with their licenses. */
export function sbom({ name, version, licences }) {
  const headings = [...licences.matchAll(/(?:^|-{80}\n\n)(\S+) (\S+) \((\S+)\)\n/g)];
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { ...component('application', name, version), licenses: [{ license: { id: 'MIT' } }] } },
    components: headings.map(([, library, its, id]) => ({ ...component('library', library, its), licenses: [{ license: { id } }] })),
  };
}

const component = (type, name, version) => ({ type, 'bom-ref': purl(name, version), name, version, purl: purl(name, version) });

const purl = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`;
