//! How a person uses a page: with a pointer, or with the keyboard alone.

use crate::page::Browser;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use serde_json::{Value, json};

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
/// No page of ours needs more steps to anything.
const STEPS_MAX: usize = 150;

/// A pointer, or the keyboard alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hands {
    Pointer,
    Keyboard,
}

impl Hands {
    /// Presses a button or follows a link.
    pub async fn press(self, browser: &Browser, css: &str) {
        match self {
            Self::Pointer => browser.press(css).await,
            Self::Keyboard => {
                browser.walk_to(css).await;
                browser.strike(ENTER).await;
            }
        }
    }

    /// Marks a choice.
    pub async fn choose(self, browser: &Browser, css: &str) {
        match self {
            Self::Pointer => browser.press(css).await,
            Self::Keyboard => {
                browser.walk_to(css).await;
                browser.strike(" ").await;
            }
        }
    }

    /// Types into a field and sends its form.
    pub async fn search(self, browser: &Browser, css: &str, text: &str) {
        match self {
            Self::Pointer => browser.press(css).await,
            Self::Keyboard => browser.walk_to(css).await,
        }
        browser.strike(text).await;
        browser.strike(ENTER).await;
    }
}

impl Browser {
    /// Strikes keys wherever the focus is.
    pub async fn strike(&self, keys: &str) {
        let downs_and_ups = keys.chars().flat_map(|value| [KeyAction::Down { value }, KeyAction::Up { value }]);
        let actions = downs_and_ups.fold(KeyActions::new("keyboard".into()), KeyActions::then);
        self.client.perform_actions(actions).await.unwrap();
    }

    /// Goes there with the Tab key; what has the focus must be visible and marked.
    async fn walk_to(&self, css: &str) {
        self.find(css).await;
        for _ in 0..STEPS_MAX {
            self.strike(TAB).await;
            if self.is_focused(css).await {
                let shown = "const e = document.activeElement, box = e.getBoundingClientRect(), after = getComputedStyle(e, '::after'); \
                             return box.width > 0 && box.height > 0 && [getComputedStyle(e), after].some((s) => s.outlineStyle !== 'none')";
                assert_eq!(self.run(shown).await, json!(true), "the focus on {css} cannot be seen");
                return;
            }
        }
        panic!("{css} cannot be reached with the keyboard on {}", self.client.current_url().await.unwrap());
    }

    async fn is_focused(&self, css: &str) -> bool {
        self.run(&format!("return document.activeElement.matches({})", Value::from(css))).await == json!(true)
    }
}
