import { type Row, task } from '../task.ts';

export default task({
  outright: "Remove the SSH key 'grace@desktop' from every server that has it.",
  loose: 'grace has left the company, lock her out of our servers',
  end: {
    changes: ['DELETE /servers/web-1/ssh-keys/grace@desktop'],
    holds: ({ ssh_keys }) => ssh_keys.every(({ name }) => !name.startsWith('grace')),
  },
  async solve(dnx) {
    for (const { name } of await dnx<Row[]>('server list --json --fields name')) {
      const keys = await dnx<Row[]>(`ssh-key list --server ${name} --json --fields id,name`);
      for (const { id } of keys.filter((key) => key.name.startsWith('grace'))) await dnx(`ssh-key delete ${id} --server ${name} --yes`);
    }
  },
});
