import { task } from '../task.ts';

export default task({
  outright: 'Let the redirect /sale of shop.example.com lead to /collections/winter.',
  loose: 'the sale link of the shop still goes to the summer collection. it is winter',
  end: {
    changes: ['PUT /servers/web-1/sites/shop.example.com/redirects//sale'],
    holds: ({ redirects }) => redirects.some(({ from, to }) => from === '/sale' && to === '/collections/winter'),
  },
  solve: (dnx) => dnx('redirect update shop.example.com /sale --to /collections/winter'),
});
