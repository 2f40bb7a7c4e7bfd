// What the pages gain from a script. Every page works without it.
(() => {
  "use strict";
  const root = document.documentElement;
  const search = document.getElementById("global-search");

  const post = (form, extra) => {
    const body = new FormData(form);
    if (extra) body.set(extra.name, extra.value);
    return fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "wotu" } });
  };

  const themeForms = document.querySelectorAll("[data-theme-form]");
  const showTheme = (theme) => {
    if (theme === "system") delete root.dataset.theme; else root.dataset.theme = theme;
    for (const button of document.querySelectorAll("[data-theme-form] button")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
    document.dispatchEvent(new CustomEvent("wotu:theme"));
  };
  for (const form of themeForms) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      post(form, event.submitter).then((answer) => { if (answer.ok) showTheme(event.submitter.value); });
    });
  }
  for (const form of document.querySelectorAll("[data-rail-form]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      post(form).then((answer) => {
        if (!answer.ok) return;
        if (root.dataset.rail) delete root.dataset.rail; else root.dataset.rail = "folded";
        window.dispatchEvent(new Event("resize"));
      });
    });
  }

  const typing = (element) => element.closest("input, select, textarea, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    const wanted = (event.key === "k" && (event.ctrlKey || event.metaKey))
      || (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !typing(event.target));
    if (wanted && search) { event.preventDefault(); search.focus(); search.select(); }
    if (event.key === "Escape") {
      if (event.target === search) search.blur();
      for (const open of document.querySelectorAll("details[data-closes][open]")) {
        open.open = false;
        open.querySelector("summary").focus();
      }
    }
  });

  // A fragment that turns out to be the sign-in page means the session has ended: show it whole.
  // One that is refused, or fails, is shown whole too: its page says why.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, pathInfo } = event.detail;
    if (xhr.responseURL.includes("/sign-in/")) {
      event.detail.shouldSwap = false;
      window.location.reload();
    } else if (xhr.status >= 400) {
      event.detail.shouldSwap = false;
      window.location.assign(pathInfo.finalRequestPath || pathInfo.requestPath);
    }
  });

  // Arrow keys walk from the search field through what it found.
  const panel = document.getElementById("search-panel");
  if (search && panel) {
    search.form.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      const stops = [search, ...panel.querySelectorAll("a")];
      const at = stops.indexOf(document.activeElement);
      const next = stops[at + (event.key === "ArrowDown" ? 1 : -1)];
      if (next) { event.preventDefault(); next.focus(); }
    });
  }

  // Arrow keys walk from row to row of the customers, and down into them from the field that searches them.
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (!["ArrowDown", "ArrowUp", "Home", "End"].includes(key) || event.ctrlKey || event.metaKey || event.altKey) return;
    const stops = [...document.querySelectorAll("[data-rows] tbody th a")];
    const at = stops.indexOf(target);
    const above = target.id === "customer-search" && key === "ArrowDown";
    if (at < 0 && !above) return;
    const next = { ArrowDown: stops[at + 1], ArrowUp: stops[at - 1], Home: stops[0], End: stops.at(-1) }[key];
    if (next) { event.preventDefault(); next.focus(); }
  });

  // A choice that narrows a list takes effect at once.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  });

  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll("details[data-closes][open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
    const copy = event.target.closest("[data-copy], [data-copy-of]");
    if (copy && navigator.clipboard) {
      const text = copy.dataset.copy ?? document.getElementById(copy.dataset.copyOf).textContent;
      navigator.clipboard.writeText(text).then(() => {
        const before = [...copy.childNodes];
        copy.replaceChildren(copy.dataset.copied);
        setTimeout(() => copy.replaceChildren(...before), 1200);
      });
    }
  });
})();
