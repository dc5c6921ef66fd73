// Keeps the page fresh: takes the parts that changed from the live stream and puts them in place, but never under the
// reader's hand. Without it the page is complete and is reloaded by hand.
(() => {
  "use strict";
  const connection = document.getElementById("connection");
  const button = document.getElementById("pause");
  if (!connection || !button || !window.EventSource) return;

  const lists = new Set(["cases", "messages"]);
  const waiting = new Map();
  let paused = false;
  let source = null;

  function say(state, words) {
    connection.hidden = false;
    if (connection.dataset.state !== state) connection.dataset.state = state;
    const text = words || connection.dataset[state === "back" ? "heldBack" : state];
    if (connection.textContent !== text) connection.textContent = text;
  }

  // Somebody points at it, has the focus in it or has selected text of it.
  function isBusy(region) {
    if (region.contains(document.activeElement)) return true;
    const selection = document.getSelection();
    const isSelected = selection && !selection.isCollapsed && selection.containsNode(region, true);
    return isSelected || (lists.has(region.id) && region.matches(":hover"));
  }

  function settle() {
    if (paused) return;
    for (const [id, html] of waiting) {
      const region = document.getElementById(id);
      if (region && isBusy(region)) continue;
      waiting.delete(id);
      if (region && region.innerHTML !== html) region.innerHTML = html;
    }
    if (connection.dataset.state === "live" && waiting.size > 0) say("back");
    if (connection.dataset.state === "back" && waiting.size === 0) say("live");
  }

  function open() {
    source = new EventSource(connection.dataset.stream);
    source.addEventListener("open", () => { say("live"); settle(); });
    source.addEventListener("error", () => {
      say("lost");
      // A refusal ends the stream for good; try again as a lost connection would.
      if (source.readyState === EventSource.CLOSED) setTimeout(() => { if (!paused) reopen(); }, 5000);
    });
    source.addEventListener("trouble", (event) => say("lost", event.data));
    source.addEventListener("changes", (event) => {
      const changes = JSON.parse(event.data);
      const asOf = document.getElementById("as-of");
      if (!asOf) { location.reload(); return; }
      asOf.textContent = changes.as_of;
      for (const [id, html] of Object.entries(changes.parts)) waiting.set(id, html);
      if (connection.dataset.state === "lost") say("live");
      settle();
    });
  }

  function reopen() {
    if (source) source.close();
    open();
  }

  button.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    button.textContent = paused ? button.dataset.resume : button.dataset.pause;
    button.setAttribute("aria-pressed", String(paused));
    if (paused) { source.close(); waiting.clear(); say("paused"); } else { open(); }
  });
  for (const event of ["mouseout", "focusout", "selectionchange"]) {
    document.addEventListener(event, () => setTimeout(settle, 0));
  }
  open();
})();
