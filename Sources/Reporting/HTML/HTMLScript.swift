/// What the HTML report does beyond being read: values at the pointer, and at a point that the arrow keys move.
///
/// Without it the page is whole: the same values are in the table below each figure.
enum HTMLScript {
    static let javaScript = #"""
        "use strict";
        (() => {
          const space = "http://www.w3.org/2000/svg";
          const tip = document.createElement("div");
          tip.className = "tip";
          tip.hidden = true;
          const voice = document.createElement("div");
          voice.className = "unseen";
          voice.setAttribute("role", "status");
          document.body.append(tip, voice);

          const make = (name, parent, attributes) => {
            const element = document.createElementNS(space, name);
            for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
            parent.append(element);
            return element;
          };

          for (const figure of document.querySelectorAll("figure")) {
            const source = figure.querySelector("script.readout");
            if (!source) continue;
            const { axis, names, series, stops } = JSON.parse(source.textContent);
            if (stops.length === 0) continue;
            for (const plot of figure.querySelectorAll("svg.plot[data-map]")) {
              const map = JSON.parse(plot.dataset.map);
              const place = (pair, value) => pair[0] + pair[1] * value;
              const layer = make("g", plot, { class: "cross", visibility: "hidden" });
              const hair = make("line", layer, { class: "hair" });
              const marks = map.v.map((_, index) =>
                make("circle", layer, { r: 4.5, class: "f" + (series[index] ?? 0) + " mark" }));
              let current = -1;

              const show = (index, speak) => {
                current = index;
                const [position, title, values, texts] = stops[index];
                const at = place(map.p, position);
                const ends = axis === "x"
                  ? { x1: at, x2: at, y1: map.from, y2: map.to } : { y1: at, y2: at, x1: map.from, x2: map.to };
                for (const [key, value] of Object.entries(ends)) hair.setAttribute(key, value);
                marks.forEach((mark, number) => {
                  const value = values[number];
                  mark.setAttribute("visibility", value == null ? "hidden" : "inherit");
                  if (value == null) return;
                  const other = place(map.v[number], value);
                  mark.setAttribute("cx", axis === "x" ? at : other);
                  mark.setAttribute("cy", axis === "x" ? other : at);
                });
                layer.setAttribute("visibility", "visible");
                tip.replaceChildren();
                const head = document.createElement("strong");
                head.textContent = title;
                tip.append(head);
                names.forEach((name, number) => {
                  if (!texts[number]) return;
                  const line = document.createElement("div");
                  const label = document.createElement("span");
                  label.textContent = name;
                  if (series[number] != null) label.className = "t" + series[number];
                  const value = document.createElement("span");
                  value.textContent = texts[number];
                  line.append(label, value);
                  tip.append(line);
                });
                tip.hidden = false;
                const box = plot.getBoundingClientRect();
                const scale = box.width / plot.viewBox.baseVal.width;
                const first = values.findIndex((value) => value != null);
                const other = first < 0 ? (map.from + map.to) / 2 : place(map.v[first], values[first]);
                const left = box.left + scale * (axis === "x" ? at : other);
                const top = box.top + scale * (axis === "x" ? Math.min(map.from, map.to) : at);
                const room = document.documentElement.clientWidth;
                const x = left + 16 + tip.offsetWidth < room ? left + 16 : Math.max(4, left - 16 - tip.offsetWidth);
                tip.style.left = x + scrollX + "px";
                tip.style.top = Math.max(4, top - 6) + scrollY + "px";
                if (speak) {
                  voice.textContent = title + ": "
                    + names.map((name, number) => texts[number] && name + " " + texts[number]).filter(Boolean).join(", ");
                }
              };
              const hide = () => {
                layer.setAttribute("visibility", "hidden");
                tip.hidden = true;
              };
              const nearest = (event) => {
                const box = plot.getBoundingClientRect();
                const scale = plot.viewBox.baseVal.width / box.width;
                const at = scale * (axis === "x" ? event.clientX - box.left : event.clientY - box.top);
                let best = 0;
                stops.forEach((stop, index) => {
                  const distance = Math.abs(place(map.p, stop[0]) - at);
                  if (distance < Math.abs(place(map.p, stops[best][0]) - at)) best = index;
                });
                return best;
              };
              plot.addEventListener("pointermove", (event) => show(nearest(event), false));
              plot.addEventListener("pointerdown", (event) => show(nearest(event), false));
              plot.addEventListener("pointerleave", hide);
              plot.addEventListener("blur", hide);
              plot.addEventListener("keydown", (event) => {
                const steps = {
                  ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10,
                  Home: -stops.length, End: stops.length,
                };
                if (event.key === "Escape") return hide();
                const step = steps[event.key];
                if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
                event.preventDefault();
                const start = current < 0 && step > 0 ? -1 : current < 0 ? stops.length : current;
                show(Math.min(stops.length - 1, Math.max(0, start + step)), true);
              });
            }
          }
        })();
        """#
}
