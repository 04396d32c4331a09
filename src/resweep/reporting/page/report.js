// Opens and closes evidence, filters decisions, opens what a link or the printer asks for.
(() => {
  const decisions = [...document.querySelectorAll("details.decision")];
  for (const button of document.querySelectorAll("button[data-open]")) {
    button.addEventListener("click", () => {
      for (const one of decisions) one.open = button.dataset.open === "all" && !one.hidden;
    });
  }
  const changes = document.getElementById("only-changes");
  if (changes) {
    const filter = () => {
      for (const one of decisions) one.hidden = changes.checked && one.classList.contains("kept");
    };
    changes.addEventListener("change", filter);
    filter();
  }
  const follow = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) target.open = true;
  };
  addEventListener("hashchange", follow);
  follow();
  addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("main details")) one.open = true;
  });
})();
