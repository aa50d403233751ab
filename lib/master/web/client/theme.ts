/// <reference lib="dom" />
// Before anything is drawn, so that the page does not flash in the other theme. A plain script, not a module.
try {
  const chosen = localStorage.getItem("theme");
  if (chosen !== null) document.documentElement.dataset["theme"] = chosen;
} catch {
  // the browser lets nothing be stored
}
