// Light or dark: what the system prefers, until somebody chooses.

import { recall, remember } from "./memory.js";

const KEY = "theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;

const isDark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";

const chosen = recall(KEY);
if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;

export function bindTheme(button) {
  const show = () => button.setAttribute("aria-pressed", String(isDark()));
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember(KEY, root.dataset.theme);
    show();
  });
  system.addEventListener("change", show);
  show();
}
