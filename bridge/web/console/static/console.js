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
    const text = document.getElementById(button.dataset.copy).textContent;
    navigator.clipboard.writeText(text).then(() => { if (button.dataset.done) button.textContent = button.dataset.done; });
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("once" in form.dataset) { // a double click is one wish
    if (form.dataset.once) event.preventDefault();
    form.dataset.once = "sent";
  }
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

addEventListener("pageshow", () => document.querySelectorAll("form[data-once]").forEach((form) => { form.dataset.once = ""; }));
const able = navigator.clipboard ? "button[data-check], button[data-copy]" : "button[data-check]"; // none over plain http
document.querySelectorAll(able).forEach((button) => { button.hidden = false; });
