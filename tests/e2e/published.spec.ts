/** Numbers that maintainers add to the ledger: what is wrong with a table, what everybody reads, and what is drawn. */
import { expectAccessible } from './accessibility.ts';
import { expect, rendered, signIn, test } from './site-test.ts';

const stamp = Date.now().toString(36); // a site may see the tests more than once
const HEADER = 'method,year,metric,value,split,protocol note,source';

test('a table is added whole or not at all, and shown beside the others', async ({ page }) => {
  await signIn(page, { name: `Lea ${stamp}`, email: `lea-${stamp}@example.org`, role: 'maintainer' });
  await page.goto('/maintain/published');
  await rendered(page);
  const good = `Net ${stamp},2026,mSA (.50:.95),.61,test (1512 files),torch_em,a paper`;
  const table = page.getByLabel('Table', { exact: true });
  await table.fill(`${HEADER}\n${good}\nOther ${stamp},soon,mSA,high,test,,a paper`);
  await page.getByRole('button', { name: 'Add the table' }).click();
  await expect(page.getByText('Nothing was added: 2 things have to be mended.')).toBeVisible();
  await expect(page.getByText('Line 3, year: “soon” is not a year.')).toBeVisible();
  await expect(page.getByText('Line 3, value: “high” is not a number')).toBeVisible();
  await expect(table).toHaveValue(/Other/);

  // from a file, with one that is there already
  await page.getByLabel('File').setInputFiles({
    ...{ name: 'numbers.csv', mimeType: 'text/csv' },
    buffer: Buffer.from(`${HEADER}\n${good}\n${good}\n`),
  });
  await expect(table).toHaveValue(new RegExp(`^${HEADER}`));
  await page.getByRole('button', { name: 'Add the table' }).click();
  await expect(page.getByText('1 of 2 numbers added. 1 was there already')).toBeVisible();
  await expect(page.getByText('Line 3: “Net')).toBeVisible();

  for (const [label, value] of Object.entries({
    ...{ Method: `Form ${stamp}`, Year: '2026', Metric: 'PQ', Value: '470', Images: 'val', Source: 'a paper' },
  }))
    await page.getByLabel(label, { exact: true }).fill(value);
  await page.getByRole('button', { name: 'Add the number' }).click();
  await expect(page.getByText('“470” is not a number from 0 to 100.')).toBeVisible();
  await page.getByLabel('Value', { exact: true }).fill('47');
  await page.getByRole('button', { name: 'Add the number' }).click();
  await expect(page.getByText('Added to the ledger.')).toBeVisible();
  await expectAccessible(page);

  await page.goto(`/published?q=${stamp}`);
  await expect(page.getByRole('row', { name: new RegExp(`^Net ${stamp}`) })).toContainText('msa/flat-large/test');
  await page.goto('/charts/livecell-wide/progress');
  await page.getByText('Numbers of the chart “Best').first().waitFor();
  await page.locator('summary').last().scrollIntoViewIfNeeded();
  await expect(page.locator('table').filter({ hasText: `Net ${stamp}` })).toHaveCount(1);

  await page.goto('/maintain/published');
  await rendered(page);
  const row = page.getByRole('row', { name: new RegExp(`^Form ${stamp}`) });
  await row.getByLabel(/^Reason/).fill('Misread');
  await row.getByRole('button', { name: 'Remove' }).click();
  await expect(row).toHaveCount(0);
  await page.goto('/maintain/audit');
  await expect(page.getByText(`removed the published number 47 (PQ) of Form ${stamp}: Misread`)).toBeVisible();
});
