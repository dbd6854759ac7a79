"use strict";
// The legend's buttons show and hide a model in every chart; print opens what is folded.
for (const button of document.querySelectorAll("button[data-model]")) {
  button.addEventListener("click", () => {
    const isShown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isShown));
    for (const line of document.querySelectorAll(`.chart g.${button.dataset.model}`)) {
      line.classList.toggle("hidden-model", !isShown);
    }
  });
}
addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details.task")) folded.open = true;
});
