"""Opens every report of a folder in headless Chromium, at three widths in light and dark, and looks for faults.

For each NAME.html there is NAME.json, the analysis it was made from. What is looked for: nothing is wider than the screen;
every figure that the analysis has data for is there, drawn, titled and described; every number with a place in the JSON file
equals what stands there; contrast of text; values appear at the pointer and by the keyboard; nothing is asked of a network.
Prints a line a fault; the exit status is 1 if there is one. With a second folder, leaves pictures of everything there.
"""

import asyncio
import base64
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request

import websockets

WIDTHS = (390, 1280, 1920)
SCHEMES = ("light", "dark")
# How many milliseconds' figures a report must show at least, so that a page without any cannot pass.
FEWEST_FIGURES = 8
# The height of a picture, when pictures are asked for.
PIECE = 1_500

LOOK = r"""
(() => {
  const faults = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) faults.push(`the page is ${root.scrollWidth} wide on ${root.clientWidth}`);
  const isShown = (element) => element.getClientRects().length > 0;
  for (const element of document.querySelectorAll("main *")) {
    if (!isShown(element) || element.closest(".scroll") || element.closest(".unseen, svg, nav ul")) continue;
    const box = element.getBoundingClientRect();
    if (box.right > root.clientWidth + 0.5) faults.push(`${element.tagName}.${element.className} ends at ${box.right}`);
  }
  for (const figure of document.querySelectorAll("figure")) {
    const plots = [...figure.querySelectorAll("svg.plot")].filter(isShown);
    if (plots.length !== 1) faults.push(`${figure.id} shows ${plots.length} drawings`);
    for (const plot of plots) {
      const box = plot.getBoundingClientRect();
      if (box.width < 250) faults.push(`${figure.id} is ${box.width} wide`);
      const scale = box.width / plot.viewBox.baseVal.width;
      for (const text of plot.querySelectorAll("text")) {
        const size = 12 * scale;
        if (size < 9 || size > 18) { faults.push(`${figure.id} has text of ${size} px`); break; }
      }
      const texts = [...plot.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
      for (const [content, place] of texts) {
        if (place.left < -0.5 || place.right > root.clientWidth + 0.5) faults.push(`${figure.id}: "${content}" is cut off`);
      }
      texts.forEach(([content, a], index) => {
        for (const [other, b] of texts.slice(index + 1)) {
          const isOver = a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3;
          if (isOver) faults.push(`${figure.id}: "${content}" and "${other}" overlap`);
        }
      });
      for (const id of plot.getAttribute("aria-labelledby").split(" ")) {
        if (!document.getElementById(id)?.textContent) faults.push(`${figure.id}: nothing is called ${id}`);
      }
      if (/NaN|Infinity|undefined/.test(plot.outerHTML)) faults.push(`${figure.id} has places that are no numbers`);
    }
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  if (new Set(ids).size !== ids.length) faults.push("an id stands twice");
  for (const table of document.querySelectorAll("table")) {
    if (!table.caption?.textContent) faults.push("a table has no caption");
    for (const head of table.querySelectorAll("th")) if (!head.scope) faults.push("a table's head has no scope");
  }
  const colour = (text) => text.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const linear = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = colour(getComputedStyle(at).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const seen = new Set();
  for (const element of document.querySelectorAll("main *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !isShown(element) || element.closest(".unseen")) continue;
    const isDrawn = element instanceof SVGElement;
    if (isDrawn && element.tagName !== "text") continue;
    const style = getComputedStyle(element);
    const pair = [light(colour(isDrawn ? style.fill : style.color)), light(ground(element))].sort((a, b) => b - a);
    const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
    const what = `${element.tagName}.${element.getAttribute("class")}`;
    if (contrast < 4.5 && !seen.has(what)) {
      seen.add(what);
      faults.push(`contrast of ${what} is ${contrast.toFixed(2)}: ${element.textContent.slice(0, 30)}`);
    }
  }
  return {
    faults,
    figures: [...document.querySelectorAll("figure")].map((figure) => figure.id),
    numbers: [...document.querySelectorAll("data[data-json]")].map((d) => [d.dataset.json, d.value, d.textContent]),
    verdict: document.querySelector(".verdict h2").textContent,
    text: document.querySelector("main").textContent,
    links: [...document.querySelectorAll("[src], link, a[href]")]
      .map((element) => element.getAttribute("src") ?? element.getAttribute("href")),
  };
})()
"""

POINT = r"""
(() => {
  const faults = [];
  for (const plot of document.querySelectorAll("svg.plot[data-map]")) {
    if (plot.getClientRects().length === 0) continue;
    plot.scrollIntoView({ block: "center", behavior: "instant" });
    const figure = plot.closest("figure").id;
    const box = plot.getBoundingClientRect();
    const at = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true };
    plot.dispatchEvent(new PointerEvent("pointermove", at));
    const tip = document.querySelector(".tip");
    if (tip.hidden || !/\d/.test(tip.textContent)) faults.push(`${figure}: no values at the pointer`);
    const place = tip.getBoundingClientRect();
    if (place.right > document.documentElement.clientWidth) faults.push(`${figure}: the values leave the screen`);
    plot.dispatchEvent(new PointerEvent("pointerleave", {}));
    if (!tip.hidden) faults.push(`${figure}: the values stay`);
    plot.focus();
    plot.dispatchEvent(new KeyboardEvent("keydown", { key: "Home", bubbles: true }));
    const first = document.querySelector("[role=status]").textContent;
    plot.dispatchEvent(new KeyboardEvent("keydown", { key: "End", bubbles: true }));
    const last = document.querySelector("[role=status]").textContent;
    if (!/\d/.test(first) || first === last) faults.push(`${figure}: the arrow keys read nothing`);
    plot.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    if (!tip.hidden) faults.push(`${figure}: Escape leaves the values`);
  }
  return faults;
})()
"""


class Browser:
    """One page of Chromium, by its debugging protocol."""

    def __init__(self, socket):
        self.socket = socket
        self.number = 0
        self.requests = []

    async def call(self, method, **parameters):
        self.number += 1
        await self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(await asyncio.wait_for(self.socket.recv(), 20))
            if answer.get("method") == "Network.requestWillBeSent":
                self.requests.append(answer["params"]["request"]["url"])
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    async def open(self, page):
        await self.call("Page.navigate", url=page.as_uri())
        for _ in range(400):
            if await self.evaluate("document.readyState") == "complete" and await self.evaluate("location.href") == page.as_uri():
                return
            await asyncio.sleep(0.01)
        raise RuntimeError(f"{page} does not load")

    async def evaluate(self, script):
        answer = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"])
        return answer["result"].get("value")

    async def show(self, width, scheme):
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500
        )
        await self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    async def pictures(self, stem):
        """The whole page, in pieces that can be looked at."""
        size = (await self.call("Page.getLayoutMetrics"))["cssContentSize"]
        for number, top in enumerate(range(0, min(int(size["height"]), 20_000), PIECE)):
            tall = min(PIECE, size["height"] - top)
            clip = {"x": 0, "y": top, "width": size["width"], "height": tall, "scale": 1}
            shot = await self.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
            stem.with_name(f"{stem.name}-{number + 1}.png").write_bytes(base64.b64decode(shot["data"]))


def at(document, pointer):
    """The value at a JSON pointer; None when there is none."""
    for key in pointer.split("/")[1:]:
        key = key.replace("~1", "/").replace("~0", "~")
        if isinstance(document, list):
            document = document[int(key)] if key.isdigit() and int(key) < len(document) else None
        else:
            document = document.get(key)
        if document is None:
            return None
    return document


def check_numbers(numbers, analysis):
    """Every number with a pointer against the JSON file: to half of its last digit."""
    faults = []
    if len(numbers) < FEWEST_FIGURES:
        faults.append(f"only {len(numbers)} figures with a place in the JSON file")
    for pointer, value, shown in numbers:
        found = at(analysis, pointer)
        if found is None:
            faults.append(f"nothing stands at {pointer}")
            continue
        shown = shown.replace("\u2212", "-")
        readings = [float(text.replace(",", "")) for text in re.findall(r"-?[\d,]*\d(?:\.\d+)?", value)[:1]]
        seen = [float(text.replace(",", "")) for text in re.findall(r"-?[\d,]*\d(?:\.\d+)?", shown)[:1]]
        if not readings or not seen or (readings != seen and abs(readings[0] - seen[0]) > 1e-9):
            faults.append(f"{pointer} shows {shown} and means {value}")
            continue
        decimals = len(value.split(" ")[0].split(".")[1].rstrip()) if "." in value.split(" ")[0] else 0
        expected = found / 1e6 if decimals else float(found)
        if abs(readings[0] - expected) > 0.5000001 * 10**-decimals:
            faults.append(f"{pointer} shows {value} where {expected} stands")
    return faults


def expected_figures(analysis):
    """The figures that an analysis has data for."""
    if "runsA" in analysis:
        return {f"differences-{i}-{s['metric']}" for i, pair in enumerate(analysis["paths"]) for s in pair["summaries"]}
    if "points" in analysis:
        counted = [point for point in analysis["points"] if point["isCounted"]]
        figures = set()
        if any("difference" in point for point in counted):
            figures |= {"campaign---over-the-campaign", "campaign---by-time-of-day"}
        for key, name in (("median", "campaign-medians-over-the-campaign"), ("p99", "campaign-p---over-the-campaign")):
            if any(key in path for point in counted for path in point["paths"]):
                figures.add(name)
        return figures
    plots = analysis["plots"]
    figures = set()
    if any(len(plot["valuesNs"]) > 2 for plot in plots["distributions"]):
        figures.add("distribution")
    if any(0.99 <= p < 1 for plot in plots["distributions"] for p in plot["probabilities"]):
        figures.add("tail")
    if plots.get("differences"):
        figures.add("difference-distribution")
    if analysis["differences"]:
        figures.add("difference-quantiles")
    if any(len(series["bins"]) > 1 for series in plots["timeSeries"]):
        figures.add("time")
    if analysis["budgets"]:
        figures.add("budget")
    lanes = [lane for path in analysis["paths"] for lane in path["lanes"]]
    timed = [lane for lane in lanes if "endToEndNs" in lane]
    if len(timed or [lane for lane in lanes if "behindSoonestNs" in lane]) > 1:
        figures.add("lanes-strip")
    return figures


def required_pointers(analysis):
    """What a report must show: every quantile of the main metric with its interval, and every Δ."""
    pointers = set()

    def add(base, interval, is_difference=False):
        if "low" in interval:
            pointers.update({base + "/low", base + "/high"})
        # "~" stands for a difference that is not shown.
        if not is_difference or interval.get("low", -1) > 0 or interval.get("high", 1) < 0:
            pointers.add(base + "/value")

    if "runsA" in analysis:
        for number, pair in enumerate(analysis["paths"]):
            for index, figure in enumerate(pair["figures"]):
                base = f"/paths/{number}/figures/{index}"
                add(base + "/a", figure["a"])
                add(base + "/b", figure["b"])
                add(base + "/difference", figure["difference"], is_difference=True)
        return pointers
    if "points" in analysis:
        for index, point in enumerate(analysis["points"]):
            if "difference" in point:
                add(f"/points/{index}/difference", point["difference"])
            for place, path in enumerate(point["paths"]):
                if point["isCounted"]:
                    pointers.update(f"/points/{index}/paths/{place}/{key}/value" for key in ("median", "p99") if key in path)
        return pointers
    for number, path in enumerate(analysis["paths"]):
        for place, metric in enumerate(path["metrics"]):
            if metric["metric"] == "end_to_end":
                for index, interval in enumerate(metric["quantilesNs"]):
                    add(f"/paths/{number}/metrics/{place}/quantilesNs/{index}", interval)
    for number, difference in enumerate(analysis["differences"]):
        for index, interval in enumerate(difference["quantilesNs"]):
            add(f"/differences/{number}/quantilesNs/{index}", interval)
    for index, interval in enumerate(analysis["endToEndDifferencesNs"]):
        add(f"/endToEndDifferencesNs/{index}", interval, is_difference=True)
    return pointers


def plain(text):
    return re.sub(r"\W+", " ", text.replace("\u2212", "-").replace("\u00b5", "u")).strip().lower()


def check(found, analysis):
    faults = list(found["faults"])
    missing = expected_figures(analysis) - set(found["figures"])
    faults += [f"there is no figure {name}" for name in sorted(missing)]
    shown = {pointer for pointer, _, _ in found["numbers"]}
    faults += [f"{pointer} is not shown" for pointer in sorted(required_pointers(analysis) - shown)]
    if plain(found["verdict"]) != plain(analysis["verdict"]["headline"]):
        faults.append(f"the verdict says {found['verdict']}")
    text = plain(found["text"])
    faults += [f"a warning is not there: {w['text']}" for w in analysis["warnings"] if plain(w["text"]) not in text]
    # Relative, so that they hold wherever the directory is copied.
    faults += [f"a link to {link}" for link in found["links"] if re.match(r"\w+:|/", link or "")]
    for point in analysis.get("points", []):
        if "run" in point and not any(link.startswith(point["run"] + "/") for link in found["links"]):
            faults.append(f"no link to the report of {point['run']}")
    return faults


async def look(browser, folder, pictures):
    faults = []
    pages = sorted(folder.glob("*.html"))
    if not pages:
        faults.append(f"no report in {folder}")
    for page in pages:
        analysis = json.loads(page.with_suffix(".json").read_text())
        await browser.open(page)
        shown = await browser.evaluate(LOOK)
        faults += [f"{page.name}: {fault}" for fault in check_numbers(shown["numbers"], analysis)]
        for width in WIDTHS:
            for scheme in SCHEMES:
                await browser.show(width, scheme)
                found = await browser.evaluate(LOOK)
                faults += [f"{page.name} at {width} {scheme}: {fault}" for fault in check(found, analysis)]
                if pictures:
                    await browser.pictures(pictures / f"{page.stem}-{width}-{scheme}")
            pointed = await browser.evaluate(POINT)
            faults += [f"{page.name} at {width}: {fault}" for fault in pointed]
    faults += [f"asked for {url}" for url in browser.requests if not url.startswith(("file:", "data:"))]
    return faults


async def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    pictures = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        sys.exit("chromium is not installed: apt-get install chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        arguments = [
            chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
            "--hide-scrollbars", f"--user-data-dir={home}", "about:blank",
        ]
        process = subprocess.Popen(arguments, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        try:
            address = None
            for line in process.stderr:
                if "DevTools listening on" in line:
                    address = line.split()[-1]
                    break
            if not address:
                sys.exit("chromium did not start")
            port = re.search(r":(\d+)/", address).group(1)
            for _ in range(100):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=5) as answer:
                    targets = [t for t in json.load(answer) if t["type"] == "page"]
                if targets:
                    break
                await asyncio.sleep(0.05)
            async with websockets.connect(targets[0]["webSocketDebuggerUrl"], max_size=1 << 28) as socket:
                browser = Browser(socket)
                await browser.call("Page.enable")
                await browser.call("Network.enable")
                faults = await look(browser, folder, pictures)
        finally:
            process.kill()
            process.wait()
    print("\n".join(faults))
    sys.exit(1 if faults else 0)


asyncio.run(main())
