// What Lighthouse says about accessibility, page by page: `lighthouse.mjs <chromium> <base> <cookie> <path>…` prints
// one line of JSON, with a score, the number of checks that applied and what each one that failed found.
import { snapshot } from 'lighthouse';
import puppeteer from 'puppeteer-core';

const [executablePath, base, cookie, ...paths] = process.argv.slice(2);
const [name, value] = cookie.split('=');
const flags = { onlyCategories: ['accessibility'], disableFullPageScreenshot: true, formFactor: 'desktop', screenEmulation: { disabled: true } };
const browser = await puppeteer.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
const said = {};
try {
  await browser.setCookie({ name, value, domain: new URL(base).hostname, path: '/' });
  const page = await browser.newPage();
  for (const path of paths) {
    const answer = await page.goto(base + path, { waitUntil: 'load' });
    const { lhr } = await snapshot(page, { flags });
    const applied = Object.values(lhr.audits).filter(({ score }) => score !== null);
    const failed = applied.filter(({ score }) => score < 1).map(({ id, details }) => `${id}: ${JSON.stringify(details?.items ?? []).slice(0, 500)}`);
    said[path] = { status: answer.status(), score: lhr.categories.accessibility.score, applied: applied.length, failed };
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify(said));
process.stdin.resume().on('end', () => process.exit());
