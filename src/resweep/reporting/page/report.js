// What the report does beyond being read: it opens evidence, sorts tables, shows the values of
// marks, zooms the history, and keeps the lines of parallel coordinates that pass where one drags.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const make = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

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
      const button = make("button", { type: "button", className: "sort" }, ...head.childNodes);
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

  // Values: the nearest mark of a picture, by pointer, or by the arrow keys where it has the focus.
  const tip = make("div", { className: "tip", hidden: true });
  tip.setAttribute("role", "status");
  document.body.append(tip);
  const NEAR = 24; // pixels
  const vertices = (path) =>
    [...path.getAttribute("d").matchAll(/[ML](-?\d+) (-?\d+)/g)].map((m) => [+m[1], +m[2]]);
  const values = new Map();
  for (const svg of all("svg.area")) {
    const found = all("circle.mark", svg).map((mark) => {
      const title = mark.querySelector("title");
      const text = title ? title.textContent : "";
      title?.remove(); // or the browser would show it, too
      if (text) mark.setAttribute("aria-label", text);
      return { text, at: () => [parseFloat(mark.getAttribute("cx")) / 100,
                                parseFloat(mark.getAttribute("cy")) / 100] };
    });
    for (const path of all("path[data-titles]", svg)) {
      const view = path.ownerSVGElement.viewBox.baseVal;
      const places = vertices(path);
      path.dataset.titles.split("\n").forEach((text, i) => {
        const [x, y] = places[i];
        found.push({ text, at: () => [(x - view.x) / view.width, (y - view.y) / view.height] });
      });
    }
    if (found.some((one) => one.text)) values.set(svg, found.filter((one) => one.text));
  }
  const inside = ([x, y]) => x >= 0 && x <= 1 && y >= 0 && y <= 1;
  const show = (svg, one) => {
    const box = svg.getBoundingClientRect();
    const [x, y] = one.at();
    tip.textContent = one.text;
    tip.hidden = false;
    const left = box.left + x * box.width - tip.offsetWidth / 2;
    tip.style.left = `${clamp(left, 4, innerWidth - tip.offsetWidth - 4)}px`;
    tip.style.top = `${Math.max(4, box.top + y * box.height - tip.offsetHeight - 10)}px`;
  };
  const hide = () => { tip.hidden = true; };
  for (const [svg, found] of values) {
    const frame = svg.parentElement;
    frame.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      let nearest = null, least = NEAR;
      for (const one of found) {
        const place = one.at();
        const [x, y] = place;
        const away = Math.hypot(box.left + x * box.width - event.clientX,
                                box.top + y * box.height - event.clientY);
        if (inside(place) && away < least) [nearest, least] = [one, away];
      }
      if (nearest) show(svg, nearest);
      else hide();
    });
    frame.addEventListener("pointerleave", hide);
    if (!frame.classList.contains("frame")) continue; // one row of many: no stop for the keyboard
    svg.tabIndex = 0;
    let current = -1;
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const order = found.filter((one) => inside(one.at()))
        .sort((a, b) => a.at()[0] - b.at()[0]);
      if (!order.length) return;
      event.preventDefault();
      current = clamp(current + step, 0, order.length - 1);
      show(svg, order[current]);
    });
    svg.addEventListener("blur", hide);
  }
  addEventListener("scroll", hide, { passive: true });
  addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });

  // The history: a stretch of trials, chosen by dragging or by buttons; the height follows.
  const ticks = (low, high, count, whole) => {
    let step = 10 ** Math.floor(Math.log10((high - low) / count));
    step *= [1, 2, 5, 10].find((f) => (high - low) / (f * step) <= count);
    if (whole) step = Math.max(1, step);
    const found = [];
    for (let i = Math.ceil(low / step); i * step <= high; i++) found.push(i * step);
    return found.map((value) => [value, String(+value.toPrecision(6)).replace("-", "−")]);
  };
  const draw = (axis, side, low, high, marks) => {
    axis.replaceChildren(...marks.map(([value, text]) => {
      const span = make("span", { textContent: text });
      span.style[side] = `${(100 * (value - low)) / (high - low)}%`;
      return span;
    }));
  };
  for (const plot of all(".plot[data-x]")) {
    const [frame, svg] = [plot.querySelector(".frame"), plot.querySelector("svg.area")];
    const inner = svg.querySelector("svg.fit");
    const [lowX, highX] = plot.dataset.x.split(" ").map(Number);
    const [lowY, highY] = plot.dataset.y.split(" ").map(Number);
    const points = all(".dots.point", inner).flatMap(vertices);
    const marks = all("circle.mark", svg).map((mark) =>
      [mark, parseFloat(mark.getAttribute("cx")) / 100, parseFloat(mark.getAttribute("cy")) / 100]);
    const axes = [".x-axis", ".y-axis"].map((name) => plot.querySelector(name));
    const before = axes.map((axis) => [...axis.childNodes]);
    const grid = all(".grid-y", frame);
    const least = Math.min(1, 4 / (highX - lowX)); // about four trials
    let [from, to] = [0, 1];
    const apply = (start, end) => {
      const width = clamp(end - start, least, 1);
      from = clamp(start, 0, 1 - width);
      to = from + width;
      const whole = width === 1;
      const heights = points.filter(([x]) => x >= 1000 * from && x <= 1000 * to).map(([, y]) => y);
      let [top, bottom] = [0, 1000];
      if (!whole && heights.length) {
        const room = 0.1 * (Math.max(...heights) - Math.min(...heights)) || 50;
        [top, bottom] = [Math.min(...heights) - room, Math.max(...heights) + room];
      }
      const view = [1000 * from, top, 1000 * width, bottom - top];
      inner.setAttribute("viewBox", view.join(" "));
      for (const [mark, x, y] of marks) {
        mark.setAttribute("cx", `${(100 * (x - from)) / width}%`);
        mark.setAttribute("cy", `${(100 * (1000 * y - top)) / (bottom - top)}%`);
      }
      plot.classList.toggle("zoomed", !whole);
      for (const line of grid) line.hidden = !whole;
      const [span, rise] = [highX - lowX, highY - lowY];
      const x = [lowX + from * span, lowX + to * span];
      const y = [highY - (bottom / 1000) * rise, highY - (top / 1000) * rise];
      if (whole) axes.forEach((axis, i) => axis.replaceChildren(...before[i]));
      else {
        draw(axes[0], "left", ...x, ticks(...x, 6, true));
        draw(axes[1], "bottom", ...y, ticks(...y, 5, false));
      }
      hide();
    };
    const move = (factor, shift) => () => {
      const [middle, half] = [(from + to) / 2 + shift * (to - from), (factor * (to - from)) / 2];
      apply(middle - half, middle + half);
    };
    const button = (text, act) => {
      const one = make("button", { type: "button", textContent: text });
      one.addEventListener("click", act);
      return one;
    };
    const controls = make("div", { className: "controls" },
      button("Zoom in", move(0.5, 0)), button("Zoom out", move(2, 0)),
      button("Earlier", move(1, -0.5)), button("Later", move(1, 0.5)),
      button("All trials", () => apply(0, 1)));
    plot.after(controls, make("p", { className: "note", textContent:
      "Drag over the picture to see a stretch of trials." }));
    frame.classList.add("drag-x");
    let start = null;
    const across = (event) => {
      const box = svg.getBoundingClientRect();
      return from + clamp((event.clientX - box.left) / box.width, 0, 1) * (to - from);
    };
    frame.addEventListener("pointerdown", (event) => {
      start = across(event);
      frame.setPointerCapture(event.pointerId);
    });
    frame.addEventListener("pointerup", (event) => {
      const [a, b] = [start, across(event)].sort((one, other) => one - other);
      if (start !== null && b - a > 0.02 * (to - from)) apply(a, b);
      start = null;
    });
    frame.addEventListener("pointercancel", () => { start = null; });
  }

  // Parallel coordinates: only the lines that pass where one dragged along the axes stay.
  for (const picture of all(".parallel")) {
    const frame = picture.querySelector(".parallel-frame");
    const inner = frame.querySelector("svg.fit");
    const heads = all(".parallel-heads > div", picture);
    const lines = all("path", inner)
      .filter((path) => /trace/.test(path.getAttribute("class")))
      .map((path) => ({ path, heights: vertices(path).map(([, y]) => 1 - y / 1000) }));
    const kept = new Map(); // axis -> [low, high]
    const shades = heads.map((_, i) => {
      const shade = make("i", { className: "brush", hidden: true });
      shade.style.left = `${(100 * i) / (heads.length - 1)}%`;
      frame.append(shade);
      return shade;
    });
    const told = make("p", { className: "note" });
    told.setAttribute("role", "status");
    picture.parentElement.after(told);
    const apply = () => {
      let count = 0;
      for (const { path, heights } of lines) {
        const passes = [...kept].every(([i, [low, high]]) => heights[i] >= low && heights[i] <= high);
        path.classList.toggle("out", !passes);
        count += passes;
      }
      shades.forEach((shade, i) => {
        const [low, high] = kept.get(i) ?? [0, 0];
        shade.hidden = !kept.has(i);
        shade.style.bottom = `${100 * low}%`;
        shade.style.height = `${100 * (high - low)}%`;
      });
      told.textContent = kept.size ? `${count} of ${lines.length} lines pass.` : "";
    };
    const HALVES = [[0.5, 1.01], [0.1, 0.5]]; // upper, lower; inactive ones are in neither
    heads.forEach((head, i) => {
      const button = make("button", { type: "button", className: "sort", title:
        "keep the upper half, the lower half, all" }, ...head.querySelector("b").childNodes);
      head.querySelector("b").append(button);
      button.addEventListener("click", () => {
        const place = HALVES.indexOf(kept.get(i));
        const next = kept.has(i) && place < 0 ? undefined : HALVES[place + 1];
        if (next) kept.set(i, next);
        else kept.delete(i);
        apply();
      });
    });
    frame.classList.add("drag-y");
    let start = null;
    const height = (event) => {
      const box = frame.getBoundingClientRect();
      return clamp(1 - (event.clientY - box.top) / box.height, 0, 1);
    };
    frame.addEventListener("pointerdown", (event) => {
      const box = frame.getBoundingClientRect();
      const place = Math.round(((event.clientX - box.left) / box.width) * (heads.length - 1));
      start = [clamp(place, 0, heads.length - 1), height(event)];
      frame.setPointerCapture(event.pointerId);
    });
    frame.addEventListener("pointerup", (event) => {
      if (!start) return;
      const [axis, first] = start;
      const [low, high] = [first, height(event)].sort((a, b) => a - b);
      if (high - low > 0.02) kept.set(axis, [low, high]);
      else kept.delete(axis);
      start = null;
      apply();
    });
    frame.addEventListener("pointercancel", () => { start = null; });
  }
})();
