// Cards of a dashboard are put into another order by dragging them; the menu of each card does the same by keyboard.
(() => {
  "use strict";
  const board = document.querySelector("[data-arrange]");
  const form = document.getElementById("arrange");
  if (!board || !form) return;
  let dragged = null;
  const cards = () => [...board.querySelectorAll("[data-saved]")];
  board.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("[data-saved]");
    if (!dragged) return;
    dragged.classList.add("dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.saved);
  });
  board.addEventListener("dragover", (event) => {
    const over = event.target.closest("[data-saved]");
    if (!dragged || !over) return;
    event.preventDefault();
    for (const card of cards()) card.classList.toggle("over", card === over && card !== dragged);
  });
  board.addEventListener("drop", (event) => {
    const over = event.target.closest("[data-saved]");
    if (!dragged || !over || over === dragged) return;
    event.preventDefault();
    const all = cards();
    board.insertBefore(dragged, all.indexOf(dragged) < all.indexOf(over) ? over.nextSibling : over);
    form.elements.order.value = cards().map((card) => card.dataset.saved).join(",");
    fetch(board.dataset.arrange, { method: "POST", body: new FormData(form) }).then((answer) => {
      if (!answer.ok) window.location.reload();
    });
  });
  board.addEventListener("dragend", () => {
    for (const card of cards()) card.classList.remove("dragged", "over");
    dragged = null;
    window.dispatchEvent(new Event("resize"));
  });
})();
