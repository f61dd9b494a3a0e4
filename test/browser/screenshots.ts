import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { openPage } from '../support/browser.ts';

const folder = fileURLToPath(new URL('../../docs/screenshots', import.meta.url));

/** Pictures of the page as it is now, for the documentation; only when `OAAS_SCREENSHOTS=1` asks for them. */
export async function screenshots(page: Page, browser: Browser, url: string, poolId: string): Promise<void> {
  if (process.env.OAAS_SCREENSHOTS !== '1') return;
  mkdirSync(folder, { recursive: true });
  // At noon of the demo day, when the killed machine's fault is history and the burst is still to come.
  await page.getByText(/It is (12|13):\d\d of the demo day/).waitFor({ timeout: 240_000 });
  const save = (from: Page, name: string, fullPage = false) =>
    from.screenshot({ path: join(folder, `${name}.png`), fullPage });
  await page.setViewportSize({ width: 1280, height: 1020 });
  await save(page, 'light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.waitForTimeout(1_000);
  await save(page, 'dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.locator(`[data-pool="${poolId}"] button.slot:is(.up, .down, .same)`).last().click();
  await page.getByRole('dialog').getByText('Expected').waitFor();
  await save(page, 'slot');
  await page.keyboard.press('Escape');
  await page.getByText('What if?').click();
  await page.locator('tr[data-row="paper"]').waitFor();
  await page.locator('details.what-if').screenshot({ path: join(folder, 'what-if.png') });
  await page.getByText('What if?').click();
  const phone = await openPage(browser, url, { width: 390, height: 844 });
  await phone.page.locator('li.cell').first().waitFor();
  await phone.page.waitForTimeout(6_000);
  await save(phone.page, 'phone');
  await phone.page.close();
}
