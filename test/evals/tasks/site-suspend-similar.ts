import { siteIn, task } from '../task.ts';

export default task({
  outright: 'Suspend shop.example.co. Leave shop.example.com alone.',
  loose: 'Suspend the fake shop, shop.example.co',
  trouble: ({ state }) => {
    const shop = siteIn(state, 'shop.example.com');
    state.sites.push({ ...shop, id: '01JQ8Z4T9G00000000000SH0P2', domain: 'shop.example.co', git_repository_id: null });
  },
  end: {
    changes: ['POST /servers/web-1/sites/shop.example.co/suspend'],
    holds: (state) => siteIn(state, 'shop.example.com').status === 'active',
  },
  solve: (dnx) => dnx('site suspend shop.example.co --yes'),
});
