// What plain HTML does not do: mark all, copy, say that something takes a while.
"use strict";

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.check) {
    const boxes = [...document.querySelectorAll(`input[type=checkbox][name=${button.dataset.check}]`)];
    const all = boxes.every((box) => box.checked);
    boxes.forEach((box) => { box.checked = !all; });
  }
  if (button.dataset.copy) {
    navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  }
});

document.addEventListener("submit", (event) => {
  const busy = event.target.querySelector("button[data-busy]");
  if (busy) busy.textContent = busy.dataset.busy;
});

// Nobody loses the place where the keyboard or a selection is: that part waits to be brought up to date.
document.addEventListener("htmx:beforeRequest", (event) => {
  const part = event.detail.elt;
  const selected = getSelection();
  const reading = selected && !selected.isCollapsed && part.contains(selected.anchorNode);
  if (part.id === "live" && (part.contains(document.activeElement) || reading)) event.preventDefault();
});

document.querySelectorAll("button[data-check], button[data-copy]").forEach((button) => { button.hidden = false; });
