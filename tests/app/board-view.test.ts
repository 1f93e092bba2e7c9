import { expect, test } from 'vitest';
import { exportHref, type Params, parseView, viewHref } from '#app/leaderboards/[task]/view.ts';
import { TASKS } from '#lib/tasks/index.ts';

const task = TASKS['livecell-wide'];
const view = (params: Params = {}) => parseView(task, params);
/** The view an address means. */
const reread = (href: string) => view(Object.fromEntries(new URL(href, 'http://x').searchParams));

test('the bare address is masks, the paper’s protocol, all cell types, best AP first', () => {
  expect(view()).toMatchObject({ protocol: 'livecell-paper', evaluation: 'segm', cellType: null, direction: 'desc' });
  expect(view().sort.key).toBe('AP');
  expect(viewHref(view())).toBe('/leaderboards/livecell-wide');
});

test('what does not exist falls back to the default', () => {
  const nonsense = {
    protocol: 'best',
    evaluation: 'x',
    cellType: 'HeLa',
    sort: 'constructor',
    direction: 'up',
    columns: 'q',
  };
  expect(view(nonsense)).toMatchObject({ protocol: 'livecell-paper', evaluation: 'segm', cellType: null });
  expect(view(nonsense).sort.key).toBe('AP');
  expect(view(nonsense).groups).toEqual([]);
});

test('a view written as an address and read again is the same view', () => {
  const chosen = view({
    protocol: 'livecell-code',
    evaluation: 'bbox',
    cellType: 'SK-OV-3',
    sort: 'AR@2000',
    direction: 'asc',
    columns: 'recall,ap-by-type',
    entries: ['a', 'b'],
    dataset: 'my set & more',
    q: 'U-Net & more',
    rows: 'all',
  });
  expect(chosen.sort.key).toBe('ARmax');
  expect(reread(viewHref(chosen))).toEqual(chosen);
});

test('another view begins at its first page, and files of a view are complete', () => {
  const third = view({ page: '3', q: 'net' });
  expect(third).toMatchObject({ page: 3, search: 'net' });
  expect(reread(viewHref(third, { page: 4 })).page).toBe(4);
  expect(reread(viewHref(third, { cellType: 'BV2' }))).toMatchObject({ page: 1, search: 'net' });
  expect(view({ page: '0' }).page).toBe(1);
  expect(view({ rows: 'all', page: '3' }).page).toBeNull();
  // the means over types are shown, and files have them on demand
  expect([...new URL(exportHref(third, 'csv'), 'http://x').searchParams.keys()]).toEqual([
    'columns',
    'protocol',
    'evaluation',
    'format',
  ]);
});

test('a column where lower is better is sorted upwards first', () => {
  expect(view({ sort: 'AFNR' }).direction).toBe('asc');
  expect(view({ sort: 'AFNR-BV2' })).toMatchObject({ direction: 'asc', sort: { key: 'AFNR-BV2' } });
});

test('check boxes and commas name the same entries; doubles and more than six are left out', () => {
  expect(view({ entries: ['a', 'b'] }).entries).toEqual(view({ entries: 'a,b' }).entries);
  expect(view({ entries: 'a,a,b,c,d,e,f,g' }).entries).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});

test('showing the headline alone is a view of its own, not the default', () => {
  expect(reread(viewHref(view(), { groups: [] })).groups).toEqual([]);
});

test('an export names protocol and evaluation in full, and asks only for what the interface knows', () => {
  const href = exportHref(view({ columns: 'recall', entries: 'a' }), 'csv');
  expect(href).toBe('/api/v1/leaderboards/livecell-wide?protocol=livecell-paper&evaluation=segm&format=csv');
  expect(exportHref(view({ sort: 'AP-BV2', direction: 'asc', columns: 'recall,ap-by-type' }), 'csv')).toContain(
    '?sort=AP-BV2&direction=asc&columns=ap-by-type&protocol=',
  );
  expect(exportHref(view({ sort: 'AFNR', cellType: 'BV2' }), 'json')).toContain('cellType=BV2&sort=AFNR');
});
