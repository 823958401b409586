import { type Row, task, variablesIn } from '../task.ts';

export default task({
  outright: 'Give blog.example.com the same MAIL_FROM_NAME as shop.example.com.',
  loose: 'the blog should send mail under the same name as the shop',
  mcp: ['--show-values'],
  end: {
    reads: ['GET /servers/web-1/sites/shop.example.com/environment-variables'],
    changes: ['POST /servers/web-1/sites/blog.example.com/environment-variables'],
    holds: (state) => variablesIn(state, 'blog.example.com').MAIL_FROM_NAME === 'Example Shop',
  },
  async solve(dnx) {
    const { value } = await dnx<Row>('env get shop.example.com MAIL_FROM_NAME --json');
    await dnx(`env set blog.example.com 'MAIL_FROM_NAME=${value}'`);
  },
});
