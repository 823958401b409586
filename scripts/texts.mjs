/**
 * A plugin of rolldown and vite: a shell script or a page of Markdown that is imported is its text. A script is without comments and indents,
 * because it becomes an argument of sh.
 */
export function texts() {
  return {
    name: 'texts',
    transform: {
      filter: { id: /\.(sh|md)$/ },
      handler: (code, id) => ({
        code: `export default ${JSON.stringify(id.endsWith('.sh') ? code.replace(/^[ \t]*#.*\n|^[ \t]+|^\n/gm, '') : code)};`,
        map: { mappings: '' },
        moduleType: 'js',
      }),
    },
  };
}
