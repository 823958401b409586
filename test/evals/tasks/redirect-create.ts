import { task } from '../task.ts';

export default task({
  outright: 'Redirect /spring to /collections/spring on shop.example.com, permanently (301).',
  loose: 'people still type /spring at the shop. that moved to /collections/spring for good',
  end: {
    changes: ['POST /servers/web-1/sites/shop.example.com/redirects'],
    holds: ({ redirects }) => redirects.some(({ from, to, type }) => from === '/spring' && to === '/collections/spring' && type === 301),
  },
  solve: (dnx) => dnx('redirect create shop.example.com /spring /collections/spring --type 301'),
});
