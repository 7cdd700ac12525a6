//! What a page looks like: on which screen, in which light, kept as a picture, and whether it fits.

use crate::page::Browser;
use http::Method;
use serde_json::{Value, json};

/// Light or dark, as the system says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Theme {
    Light,
    Dark,
}

/// A desk.
pub const DESK: (u32, u32) = (1280, 860);
/// A small phone.
pub const PHONE: (u32, u32) = (360, 780);

impl Browser {
    /// The page on a screen of this size.
    pub async fn on(&self, (width, height): (u32, u32)) {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.tell("Emulation.setDeviceMetricsOverride", screen).await;
    }

    /// The page in this light, without motion.
    pub async fn in_light(&self, theme: Theme) {
        let scheme = if theme == Theme::Dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }, { "name": "prefers-reduced-motion", "value": "reduce" }]);
        self.tell("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Keeps what the page looks like, as `target/screenshots/NAME.png`.
    pub async fn picture(&self, name: &str) {
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), self.client.screenshot().await.unwrap()).unwrap();
    }

    /// Nothing of the page lies beside the screen.
    #[track_caller]
    pub fn fits(&self) -> impl Future<Output = ()> {
        let browser = self.clone();
        async move {
            let widths = browser.run("return [document.documentElement.scrollWidth, innerWidth]").await;
            let address = browser.client.current_url().await.unwrap();
            assert!(widths[0].as_u64() <= widths[1].as_u64(), "{address} scrolls sideways: {widths}");
        }
    }

    async fn tell(&self, command: &str, parameters: Value) {
        self.extension(Method::POST, "goog/cdp/execute".into(), Some(json!({ "cmd": command, "params": parameters }))).await;
    }
}
