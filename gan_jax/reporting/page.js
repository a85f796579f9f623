"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const make = (name, text = "", type = "") => {
    const made = document.createElement(name);
    made.textContent = text;
    made.className = type;
    return made;
  };
  const json = (node) => (node ? JSON.parse(node.textContent) : {});

  // Pictures: one slider for the step, one row of buttons for the whole sheet or a single example.
  const sheets = all(".sheet");
  const slider = document.getElementById("when");
  const views = document.querySelector(".views");
  const examples = document.querySelector(".examples");
  const places = json(document.querySelector(".places"));
  let chosen = -1; // the example shown; -1 is the whole sheet
  const now = () => (slider ? sheets[slider.value] : sheets[0]);

  const cell = (image, size, [x, width, label], [y, height], step) => {
    const figure = make("figure");
    const canvas = make("canvas");
    const scale = image.naturalWidth / size[0]; // the sheet may have been reduced for this page
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${label}, example ${chosen + 1}, step ${step}`);
    canvas.getContext("2d").drawImage(
      image, x * scale, y * scale, width * scale, height * scale, 0, 0, canvas.width, canvas.height);
    figure.append(canvas, make("figcaption", label));
    return figure;
  };

  const draw = () => {
    const image = now();
    const step = image.dataset.step;
    const layout = places[step];
    const single = layout && chosen >= 0 && chosen < layout.rows.length;
    sheets.forEach((one) => { one.hidden = single || one !== image; });
    examples.hidden = !single;
    if (slider) {
      document.querySelector(".slider output").textContent = Number(step).toLocaleString("en");
      slider.setAttribute("aria-valuetext", `step ${step}`);
    }
    if (!single) return;
    const fill = () => {
      if (now() !== image) return; // the slider has moved on
      let first = 0;
      const rows = layout.groups.map((count) => {
        const row = make("div", "", "row");
        row.append(...layout.columns.slice(first, first + count).map(
          (column) => cell(image, layout.size, column, layout.rows[chosen], step)));
        first += count;
        return row;
      });
      examples.replaceChildren(...rows);
    };
    image.decode().then(fill, () => { });
  };

  const choose = (which) => {
    chosen = which;
    all("button", views).forEach((button) => {
      button.setAttribute("aria-pressed", String(Number(button.dataset.which) === which));
    });
    draw();
  };

  if (sheets.length) {
    if (views) {
      const most = Math.max(...Object.values(places).map((layout) => layout.rows.length));
      for (let which = -1; which < most; which++) {
        const button = make("button", which < 0 ? "all" : String(which + 1));
        button.type = "button";
        button.dataset.which = which;
        button.setAttribute("aria-label", which < 0 ? "the whole sheet" : `example ${which + 1}`);
        button.addEventListener("click", () => choose(which));
        views.append(button);
      }
      choose(0);
    }
    slider.addEventListener("input", draw);
    const play = document.querySelector(".play");
    let timer = 0;
    play.addEventListener("click", () => {
      if (timer) {
        clearInterval(timer);
        timer = 0;
      } else {
        if (Number(slider.value) >= sheets.length - 1) slider.value = 0;
        draw();
        timer = setInterval(() => {
          slider.value = Number(slider.value) + 1;
          draw();
          if (Number(slider.value) >= sheets.length - 1) play.click();
        }, 350);
      }
      play.textContent = timer ? "stop" : "play";
    });
  }

  // Charts: another axis, and the values beside the pointer.
  const told = Object.assign({}, ...all(".values").map((node) => ({ [node.parentElement.id]: json(node) })));
  const nearest = (points, step) => points.reduce(
    (best, point) => (Math.abs(point[0] - step) < Math.abs(best[0] - step) ? point : best));

  all(".chart").forEach((chart) => {
    const plot = chart.querySelector(".plot");
    const tip = chart.querySelector(".tip");
    const layers = all("svg", chart);
    const toggle = chart.querySelector(".scale");
    if (toggle) {
      toggle.addEventListener("click", () => {
        layers.forEach((layer) => layer.toggleAttribute("hidden"));
        toggle.textContent = layers[0].hasAttribute("hidden") ? "linear" : "log";
      });
    }
    const known = (told[chart.closest("section").id] || {})[chart.dataset.chart];
    if (!known || !known.lines.length) return;
    const [first, last] = known.steps;
    const [left, right] = layers[0].dataset.span.split(" ").map(Number);

    const hide = () => {
      tip.hidden = true;
      all(".cursor", plot).forEach((line) => line.remove());
    };
    const show = (event) => {
      hide();
      const box = plot.getBoundingClientRect();
      const wide = layers[0].viewBox.baseVal.width;
      const at = (event.clientX - box.left) / box.width * wide;
      if (at < left - 10 || at > right + 10) return;
      const step = first + Math.min(1, Math.max(0, (at - left) / (right - left))) * (last - first);
      const near = known.lines.map((line) => nearest(line.at, step));
      const shown = near.reduce((a, b) => (Math.abs(a[0] - step) < Math.abs(b[0] - step) ? a : b))[0];
      const x = left + (shown - first) / (last - first) * (right - left);
      layers.forEach((layer) => {
        const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
        Object.entries({ x1: x, x2: x, y1: 10, y2: layer.viewBox.baseVal.height - 24, class: "cursor" })
          .forEach(([key, value]) => line.setAttribute(key, value));
        layer.append(line);
      });
      const rows = known.lines.map((line, i) => {
        const row = make("div");
        row.append(make("span", "", `key c${i % 8}`), make("span", line.label), make("b", String(near[i][1])));
        return row;
      });
      tip.replaceChildren(make("div", `step ${shown.toLocaleString("en")}`), ...rows);
      tip.hidden = false;
      const place = x / wide * box.width;
      tip.style.left = `${Math.max(0, place > box.width / 2 ? place - tip.offsetWidth - 12 : place + 12)}px`;
    };
    plot.addEventListener("pointermove", show);
    plot.addEventListener("pointerdown", show);
    plot.addEventListener("pointerleave", hide);
  });
})();
