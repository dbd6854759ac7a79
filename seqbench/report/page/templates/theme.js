"use strict";
// Light or dark: as the system has it, until the reader says otherwise; the choice is kept where that is allowed.
{
  const order = ["auto", "light", "dark"];
  const button = document.getElementById("theme");
  const show = (theme) => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
  };
  const kept = () => {
    try { return localStorage.getItem("seqbench-theme"); } catch { return null; }
  };
  let theme = order.includes(kept()) ? kept() : "auto";
  show(theme);
  button.hidden = false;
  button.addEventListener("click", () => {
    theme = order[(order.indexOf(theme) + 1) % order.length];
    show(theme);
    try { localStorage.setItem("seqbench-theme", theme); } catch { /* a file may not keep anything: no matter */ }
  });
}
