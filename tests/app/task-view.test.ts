import { expect, test } from 'vitest';
import { exportHref, type Params, parseView, viewHref } from '#app/leaderboards/[task]/view.ts';
import { listOpenTasks, TASKS } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';

const single: Task = TASKS['single-cell-type'];
const view = (params: Params = {}, task = single) => parseView(task, params);
const reread = (href: string, task = single) => view(Object.fromEntries(new URL(href, 'http://x').searchParams), task);

test('the bare address of every board of values is its headline, the best first', () => {
  for (const task of listOpenTasks()) {
    const bare = view({}, task);
    expect(bare.sort.key).toBe(task.headline);
    expect(bare.direction).toBe(bare.sort.better === 'lower' ? 'asc' : 'desc');
    expect(viewHref(bare)).toBe(`/leaderboards/${task.id}`);
  }
});

test('a view written as an address and read again is the same view', () => {
  const chosen = view({
    protocol: 'coco',
    evaluation: 'bbox',
    cellType: 'SK-OV-3',
    sort: 'ap50',
    direction: 'asc',
    entries: ['a', 'b,c'],
    dataset: 'my set & more',
  });
  expect(chosen).toMatchObject({ cellType: 'SKOV3', entries: ['a', 'b', 'c'] });
  expect(reread(viewHref(chosen))).toEqual(chosen);
});

test('what does not exist falls back; a task without boards of types has none', () => {
  const nonsense = { protocol: 'x', evaluation: 'y', cellType: 'HeLa', sort: 'toString', direction: 'up' };
  expect(view(nonsense)).toMatchObject({ protocol: 'livecell-paper', evaluation: 'segm', cellType: null });
  expect(view(nonsense).sort.key).toBe('AP');
  expect(view({ cellType: 'BV2' }, TASKS['training-size']).cellType).toBeNull();
});

test('a column that another cell type’s board does not have is left for the headline, one that it has is kept', () => {
  const byType = view({ sort: 'AFNR-BV2' });
  expect(viewHref(byType, { cellType: 'A172' })).toBe('/leaderboards/single-cell-type?cellType=A172');
  const byAFNR = view({ sort: 'AFNR' });
  expect(viewHref(byAFNR, { cellType: 'A172' })).toBe('/leaderboards/single-cell-type?cellType=A172&sort=AFNR');
  const small = view({ cellType: 'A172', sort: 'APs', direction: 'asc' });
  expect(viewHref(small, { cellType: 'BV2' })).toContain('?cellType=BV2&sort=APs&direction=asc');
  expect(viewHref(small, { cellType: null })).toBe('/leaderboards/single-cell-type');
});

test('an export is the view in full, without what only the page has', () => {
  expect(exportHref(view({ cellType: 'BV2', sort: 'AFNR', entries: 'a' }), 'bibtex')).toBe(
    '/api/v1/leaderboards/single-cell-type?cellType=BV2&sort=AFNR&protocol=livecell-paper&evaluation=segm&format=bibtex',
  );
});

test('no more entries are drawn than there are styles', () => {
  expect(view({ entries: 'a,a,b,c,d,e,f,g' }).entries).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});
