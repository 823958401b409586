/** A plugin of rolldown and vite: a shell script that is imported is its text, without comments and indents, because it becomes an argument of sh. */
export function shellScripts() {
  return {
    name: 'shell-scripts',
    transform: {
      filter: { id: /\.sh$/ },
      handler: (code) => ({
        code: `export default ${JSON.stringify(code.replace(/^[ \t]*#.*\n|^[ \t]+|^\n/gm, ''))};`,
        map: { mappings: '' },
        moduleType: 'js',
      }),
    },
  };
}
