"use strict";
// Shows the first rows of a long table, in the order that it has; a button shows all of them, and so does print.
for (const table of document.querySelectorAll("table[data-fold]")) {
  const first = Number(table.dataset.fold);
  const count = table.tBodies[0].rows.length;
  if (count <= first) continue;
  const button = document.createElement("button");
  const fold = (isFolded) => {
    table.classList.toggle("folded", isFolded);
    button.textContent = isFolded ? `Show all ${count} rows` : `Show the first ${first} rows`;
    button.setAttribute("aria-expanded", String(!isFolded));
  };
  button.type = "button";
  button.className = "fold";
  button.addEventListener("click", () => fold(!table.classList.contains("folded")));
  table.parentElement.after(button);
  let wasFolded = true;
  addEventListener("beforeprint", () => { wasFolded = table.classList.contains("folded"); fold(false); });
  addEventListener("afterprint", () => fold(wasFolded));
  fold(true);
}
