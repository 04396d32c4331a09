// What the report does beyond being read: it draws its charts, opens evidence, sorts tables, and
// keeps the lines of parallel coordinates that pass where one drags.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  // Evidence of decisions: open and close all, only changes, what a link or the printer asks for.
  const decisions = all("details.decision");
  for (const button of all("button[data-open]")) {
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
    for (const one of all("main details")) one.open = true;
  });

  // Tables: a click on a heading sorts, a second turns the order, a third restores it.
  const key = (row, place) => {
    const cell = row.cells[place];
    const exact = cell.querySelector("data");
    return exact ? Number(exact.value) : cell.textContent.trim();
  };
  const compare = (a, b) => {
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a === "number") return -1; // what is unknown comes last
    if (typeof b === "number") return 1;
    return a.localeCompare(b);
  };
  for (const table of all("table")) {
    const body = table.tBodies[0];
    if (!table.tHead || body.rows.length < 3 || table.closest(".confusion")) continue;
    const heads = [...table.tHead.rows[0].cells];
    const rows = [...body.rows];
    heads.forEach((head, place) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "sort" });
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const next = { ascending: "descending", descending: "none" };
        const order = next[head.getAttribute("aria-sort")] ?? "ascending";
        for (const one of heads) one.removeAttribute("aria-sort");
        const sorted = [...rows];
        if (order !== "none") {
          head.setAttribute("aria-sort", order);
          sorted.sort((a, b) => compare(key(a, place), key(b, place)));
          if (order === "descending") sorted.reverse();
        }
        body.append(...sorted);
      });
    });
  }

  // Charts: drawn when they come near, anew when the page turns dark or their room was not known.
  const themes = JSON.parse(document.getElementById("themes").textContent);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const dark = new Map(Object.entries(themes.colours)); // light colour -> dark one
  const texts = new Map(); // chart -> its definition
  const drawn = new Map(); // chart -> what vegaEmbed returned
  const recolour = (part) => { // data keep what they say, were it the name of a colour
    if (Array.isArray(part)) return part.map(recolour);
    if (part === null || typeof part !== "object") return dark.get(part) ?? part;
    const entries = Object.entries(part);
    return Object.fromEntries(entries.map(([k, v]) => [k, k === "values" ? v : recolour(v)]));
  };
  const defined = (chart, room, columns) => {
    const given = JSON.parse(texts.get(chart));
    const spec = scheme.matches ? recolour(given) : given;
    if (room) spec.width = room;
    const theme = themes[scheme.matches ? "dark" : "light"];
    spec.config = { ...theme, ...spec.config };
    spec.config.legend = { ...spec.config.legend, columns };
    const width = room || chart.clientWidth; // long names leave room for what they name
    const limit = (share) => Math.min(theme.axis.labelLimit, share * width);
    spec.config.axis = { ...theme.axis, labelLimit: limit(0.4) };
    spec.config.axisX = { titleLimit: 0.6 * width, labelLimit: limit(0.3) };
    return spec;
  };
  const overflows = (chart, view) => {
    const edge = Number(chart.querySelector("svg").getAttribute("width")) - view.origin()[0];
    return view.scenegraph().root.items[0].items.some(
      (mark) => mark.role === "legend" && mark.bounds.x2 > edge - 8); // measured a little short
  };
  const draw = async (chart, room = 0) => {
    const old = drawn.get(chart);
    drawn.set(chart, null); // under way
    old?.finalize();
    let view = null;
    for (let columns = themes.light.legend.columns; columns; columns -= 1) {
      view?.finalize();
      view = await vegaEmbed(chart, defined(chart, room, columns), {
        actions: false, ast: true, renderer: "svg", defaultStyle: false,
        tooltip: { theme: scheme.matches ? "dark" : "light", disableDefaultStyle: true },
      });
      if (!overflows(chart, view.view)) break;
    }
    chart.dataset.room = room || "own";
    drawn.set(chart, view);
    wire(chart, view.view);
  };
  const charts = all(".chart");
  for (const chart of charts) texts.set(chart, chart.querySelector("script").textContent);
  const due = (chart) => !drawn.has(chart) || (drawn.get(chart) && chart.dataset.room !== "own");
  const near = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting && target.clientWidth && due(target)) draw(target);
    }
  }, { rootMargin: "600px" });
  for (const chart of charts) near.observe(chart);
  scheme.addEventListener("change", () => {
    for (const chart of [...drawn.keys()]) draw(chart, Number(chart.dataset.room) || 0);
  });
  let settled = 0;
  addEventListener("resize", () => { // the legend of a chart that became narrow is laid out anew
    clearTimeout(settled);
    settled = setTimeout(() => {
      for (const [chart, view] of drawn) {
        const cut = view && chart.dataset.room === "own" && overflows(chart, view.view);
        if (cut && chart.clientWidth) draw(chart);
      }
    }, 200);
  });
  // What is not seen yet is drawn in idle time, for the printer.
  const rest = charts.slice();
  const idle = window.requestIdleCallback ?? ((act) => setTimeout(act, 50));
  const next = () => {
    const chart = rest.shift();
    if (!chart) {
      document.documentElement.dataset.charts = "drawn";
      return;
    }
    const room = chart.clientWidth ? 0 : clamp(document.body.clientWidth - 90, 220, 420);
    Promise.resolve(drawn.has(chart) ? null : draw(chart, room)).finally(() => idle(next));
  };
  idle(next);

  // Values by keyboard: the arrow keys go from mark to mark of a chart that has the focus.
  const tip = document.createElement("div");
  Object.assign(tip, { className: "tip", hidden: true });
  tip.setAttribute("role", "status");
  document.body.append(tip);
  const hide = () => { tip.hidden = true; };
  const show = (mark) => {
    const box = mark.getBoundingClientRect();
    tip.textContent = mark.getAttribute("aria-label");
    tip.hidden = false;
    const left = box.left + box.width / 2 - tip.offsetWidth / 2;
    tip.style.left = `${clamp(left, 4, innerWidth - tip.offsetWidth - 4)}px`;
    tip.style.top = `${Math.max(4, box.top - tip.offsetHeight - 8)}px`;
  };
  for (const chart of charts) {
    let current = -1;
    chart.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step || event.target !== chart) return;
      const marks = all("g.mark-symbol [aria-label], g.mark-rect [aria-label]", chart)
        .map((mark) => [mark, mark.getBoundingClientRect()])
        .sort(([, a], [, b]) => a.left - b.left || a.top - b.top);
      if (!marks.length) return;
      event.preventDefault();
      current = clamp(current + step, 0, marks.length - 1);
      show(marks[current][0]);
    });
    chart.addEventListener("blur", hide);
  }
  addEventListener("scroll", hide, { passive: true });
  addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });

  // Parallel coordinates: the signal `kept` holds, by axis, between which heights lines must pass.
  const HALVES = [[0.5, 1.01], [-0.01, 0.5]]; // inactive ones are in neither
  const wire = (chart, view) => {
    const figure = chart.closest("figure");
    const buttons = figure ? all("button[data-axis]", figure) : [];
    if (!buttons.length) return;
    const spec = JSON.parse(texts.get(chart));
    const lines = (spec.layer[0].data ?? spec.data).values;
    const axes = buttons.map((button) => button.dataset.axis);
    const told = figure.querySelector(".passing");
    const kept = {};
    const apply = () => {
      const passes = (line) => Object.entries(kept).every(
        ([axis, [low, high]]) => line[axis] >= low && line[axis] <= high);
      const count = lines.filter(passes).length;
      told.textContent = Object.keys(kept).length ? `${count} of ${lines.length} lines pass.` : "";
      for (const button of buttons) {
        button.setAttribute("aria-pressed", String(button.dataset.axis in kept));
      }
      view.signal("kept", { ...kept }).run();
    };
    for (const button of buttons) {
      button.onclick = () => {
        const axis = button.dataset.axis;
        const place = HALVES.indexOf(kept[axis]);
        const half = axis in kept && place < 0 ? undefined : HALVES[place + 1];
        if (half) kept[axis] = half;
        else delete kept[axis];
        apply();
      };
    }
    const svg = chart.querySelector("svg");
    const at = (event) => {
      const box = svg.getBoundingClientRect();
      const [left, top] = view.origin();
      const x = event.clientX - box.left - left;
      const y = event.clientY - box.top - top;
      const places = axes.map((axis) => Math.abs(view.scale("x")(axis) - x));
      return [axes[places.indexOf(Math.min(...places))], view.scale("y").invert(y)];
    };
    let start = null;
    svg.style.touchAction = "pan-x";
    svg.addEventListener("pointerdown", (event) => {
      start = at(event);
      svg.setPointerCapture(event.pointerId);
    });
    svg.addEventListener("pointerup", (event) => {
      if (!start) return;
      const [axis, first] = start;
      const [low, high] = [first, at(event)[1]].sort((a, b) => a - b);
      if (high - low > 0.02) kept[axis] = [low, high];
      else delete kept[axis];
      start = null;
      apply();
    });
    svg.addEventListener("pointercancel", () => { start = null; });
  };
})();
