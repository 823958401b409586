import { type Row, task } from '../task.ts';

export default task({
  outright: "Revoke the token 'Old laptop'.",
  loose: 'somebody stole the old laptop. Its token must be worthless, now',
  // Whether it is the token in use, only a person knows.
  mcp: false,
  end: {
    changes: ['DELETE /tokens/Old laptop'],
    holds: ({ tokens }) => tokens.every(({ name }) => name !== 'Old laptop'),
  },
  async solve(dnx) {
    const tokens = await dnx<Row[]>('token list --json --fields id,name');
    await dnx(`token revoke ${tokens.find(({ name }) => name === 'Old laptop')?.id} --yes`);
  },
});
