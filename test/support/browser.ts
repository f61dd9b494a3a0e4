import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Chromium of the distribution, without anything of its own that would call home. */
export async function startBrowser(): Promise<Browser> {
  if (!existsSync(executablePath)) {
    throw new Error(`no browser at ${executablePath}: apt-get install chromium, or name another with CHROMIUM=/path`);
  }
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface Watched {
  page: Page;
  /** Errors that the page or its console reported. */
  errors: string[];
  /** Requests that left the origin. */
  foreign: string[];
}

export interface PageOptions {
  colorScheme?: 'light' | 'dark';
  width?: number;
  height?: number;
}

/** Opens the URL and keeps account of everything that must not happen. */
export async function openPage(browser: Browser, url: string, options: PageOptions = {}): Promise<Watched> {
  const { colorScheme = 'light', width = 1280, height = 900 } = options;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme, reducedMotion: 'reduce' });
  page.setDefaultTimeout(300_000);
  const errors: string[] = [];
  const foreign: string[] = [];
  const { origin } = new URL(url);
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(`${message.text()} ${message.location().url}`);
  });
  page.on('request', (request) => {
    const to = new URL(request.url());
    if (to.protocol !== 'data:' && to.origin !== origin) foreign.push(request.url());
  });
  await page.goto(url);
  return { page, errors, foreign };
}

/** The number behind a figure of the page; null while it is not known. */
export async function figure(page: Page, name: string): Promise<number | null> {
  const value = await page.locator(`[data-figure="${name}"]`).first().getAttribute('data-value');
  return value === null || value === '' ? null : Number(value);
}

const waitMs = 600_000;

/** Looks until the condition holds; a page is behind its server, and a busy machine behind both. @throws Error naming what did not come */
export async function waitFor<T>(what: string, look: () => Promise<T | null | false>): Promise<T> {
  const untilMs = performance.now() + waitMs;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== false) return seen;
    if (performance.now() > untilMs) throw new Error(`waited ${waitMs / 1000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
