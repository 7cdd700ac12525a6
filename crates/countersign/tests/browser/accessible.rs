//! Whether everybody can use a page: axe with every rule, on a desk and on a phone, light and dark; and what axe leaves
//! out: that it fits, that what can be pressed is large enough, that headings have an order.

use crate::page::Browser;
use crate::peers::installed;
use crate::screen::{DESK, PHONE, Theme};
use serde_json::{Value, json};
use std::sync::OnceLock;

static AXE: OnceLock<String> = OnceLock::new();

/// What axe says against the page, one line a place.
const RUN: &str = "
    const options = { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } };
    const found = await axe.run(document, options);
    return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)}: ${failureSummary}`));";

/// What axe does not look at.
const BESIDES: &str = "
    const wrong = [], shown = (element) => element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
    if (!document.documentElement.lang) wrong.push('no language');
    if (!document.title.trim()) wrong.push('no title');
    if (!document.querySelector('meta[name=viewport]')) wrong.push('no viewport');
    if (document.documentElement.scrollWidth > innerWidth) wrong.push(`it scrolls sideways: ${document.documentElement.scrollWidth}`);
    const levels = [...document.querySelectorAll('h1, h2, h3, h4')].filter(shown).map((heading) => Number(heading.tagName[1]));
    if (levels.filter((level) => level === 1).length !== 1) wrong.push(`headings of the first level: ${levels}`);
    levels.forEach((level, nth) => { if (nth && level > levels[nth - 1] + 1) wrong.push(`headings leave out a level: ${levels}`); });
    for (const element of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')) {
        const box = (element.closest('label, .row-mark') || element).getBoundingClientRect();
        if (!shown(element) || box.right < 0 || getComputedStyle(element).display === 'inline' || element.closest('.unseen')) continue;
        if (box.width < 24 || box.height < 24) wrong.push(`smaller than 24 px: ${element.outerHTML.slice(0, 120)} ${box.width}x${box.height}`);
    }
    return [...new Set(wrong)];";

/// Checks the page that is open, in both lights and on both screens, and leaves it light and on a desk.
pub async fn check(browser: &Browser, name: &str) {
    let mut findings = Vec::new();
    for screen in [PHONE, DESK] {
        browser.on(screen).await;
        for theme in [Theme::Dark, Theme::Light] {
            browser.in_light(theme).await;
            findings.extend(found(browser).await.into_iter().map(|finding| format!("{name}, {theme:?}, {} px: {finding}", screen.0)));
        }
    }
    assert!(findings.is_empty(), "{} things stand in somebody's way:\n{}", findings.len(), findings.join("\n"));
}

async fn found(browser: &Browser) -> Vec<String> {
    if browser.run("return typeof axe === 'undefined'").await == json!(true) {
        browser.run(&format!("{}; window.axe = axe;", axe().await)).await;
    }
    let said = [browser.call(RUN, Vec::new()).await, browser.run(BESIDES).await];
    said.iter().flat_map(|lines| lines.as_array().unwrap()).map(|line| Value::as_str(line).unwrap().to_owned()).collect()
}

/// The checker, as installed from the lock file.
async fn axe() -> &'static str {
    let read = || AXE.get_or_init(|| std::fs::read_to_string(installed().join("node_modules/axe-core/axe.min.js")).unwrap());
    tokio::task::spawn_blocking(read).await.unwrap()
}
