#!/usr/bin/env python3
"""The report in headless Chromium, of runs that `hvlab demo` has just made. Catches errors of its script, anything
asked of a network, tabs and a zoom that do nothing, numbers other than `hvlab compare --json` has, a page that hides
something without its script or on paper, one that is wider than a narrow screen.

usage: report_browser.py HVLAB [FOLDER]     with FOLDER, pictures are left there
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from browser import Browser  # noqa: E402

failures = []


def check(holds, what):
    print(("ok    " if holds else "FAIL  ") + what)
    if not holds:
        failures.append(what)


def hvlab(folder, *words):
    return subprocess.run([program, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def at(document, pointer):
    for word in pointer.split("/")[1:]:
        document = document[int(word)] if isinstance(document, list) else document[word]
    return document


def check_numbers(page, document):
    cells = page.value("[...document.querySelectorAll('[data-at]')].map(c => [c.dataset.at, c.dataset.value])")
    wrong = [place for place, value in cells if float(value) != at(document, place)]
    check(len(cells) > 200 and not wrong, f"{len(cells)} cells are the numbers of compare --json {wrong[:3]}")
    times = [place for place, _ in cells if place.endswith("/seconds")]
    phases = sum(len(way["phases"]) for way in document["ways"])
    check(len(set(times)) >= phases, f"every phase's time is there: {len(set(times))} of {phases}")


def seen(page, selector):
    """How many elements of the selector there are, and how many of them have a place on the page."""
    return page.value(f"(l => [l.length, l.filter(e => e.getClientRects().length > 0).length])"
                      f"([...document.querySelectorAll({json.dumps(selector)})])")


def check_all_seen(page, how):
    for selector in (".panel", ".panel-title", ".fold table", ".lane", "section", "td", ".bar-row"):
        all_of_it, visible = seen(page, selector)
        check(all_of_it > 0 and all_of_it == visible, f"{how}: all of {selector} is visible ({visible} of {all_of_it})")


def check_tabs(page):
    shown = "[...document.querySelectorAll('#phases .panel')].map(p => p.getClientRects().length > 0)"
    check(page.value(shown) == [True, False], "one panel of the phases is shown")
    page.value("document.querySelectorAll('#phases [role=tab]')[1].click()")
    check(page.value(shown) == [False, True], "a click on its tab shows the other")
    check(page.value("document.querySelector('#ledger [aria-selected=true]').textContent") ==
          page.value("document.querySelector('#phases [aria-selected=true]').textContent"), "tabs elsewhere follow")
    page.value("document.querySelector('#phases [aria-selected=true]').focus()")
    page.key("ArrowLeft")
    check(page.value(shown) == [True, False], "the arrow keys choose tabs")
    page.value("document.querySelectorAll('#phases [role=tab]')[2].click()")
    check(page.value(shown) == [True, True], "the last tab shows all")
    page.value("document.querySelectorAll('#phases [role=tab]')[0].click()")


def check_zoom(page):
    state = "document.querySelector('.timeline').dataset.zoom.split(' ').map(Number)"
    paths = "[...document.querySelectorAll('.timeline .lane path')].map(p => p.getAttribute('d')).join()"
    whole, before = page.value(state), page.value(paths)
    page.value("document.querySelector('.timeline').focus()")
    page.key("+")
    page.key("+")
    closer = page.value(state)
    check(abs((whole[1] - whole[0]) / (closer[1] - closer[0]) - 4) < 1e-9, "+ twice shows a quarter of the time")
    check(page.value(paths) != before, "zooming draws other areas")
    page.key("ArrowRight")
    moved = page.value(state)
    check(moved[0] > closer[0] and abs((moved[1] - moved[0]) - (closer[1] - closer[0])) < 1e-12, "an arrow key moves it")
    box = page.value("(r => [r.left + r.width / 2, r.top + r.height / 2])((l => (l.scrollIntoView({block: 'center'}), "
                     "l.getBoundingClientRect()))(document.querySelector('.timeline .lane')))")
    page.call("Input.dispatchMouseEvent", type="mouseWheel", x=box[0], y=box[1], deltaX=0, deltaY=-120)
    page.call("Input.dispatchMouseEvent", type="mouseMoved", x=box[0], y=box[1])
    finer = page.value(state)
    check(finer[1] - finer[0] < moved[1] - moved[0], "the wheel zooms where the pointer is")
    said = page.value("document.querySelector('.tools output').textContent")
    check("%" in said and "core 0" in said, "the pointer tells what is under it: " + said)
    page.key("0")
    check(page.value(state) == whole and page.value(paths) == before, "0 shows the whole run as it was")


def check_sorting(page):
    column = "[...document.querySelectorAll('#phases tbody')][0]"
    values = f"[...{column}.rows].map(r => Number(r.cells[1].dataset.value))"
    before = page.value(values)
    click = "document.querySelectorAll('#phases thead th')[1].querySelector('button').click()"
    page.value(click)
    check(page.value(values) == sorted(before, reverse=True) != before, "a click on a heading sorts, largest first")
    page.value(click)
    page.value(click)
    check(page.value(values) == before, "a third click restores the order")


def check_structure(page):
    check(page.value("document.doctype !== null && document.compatMode === 'CSS1Compat'"), "it is in standards mode")
    check(page.value("[...document.querySelectorAll('table')].every(t => t.caption && t.caption.textContent)"), "every table has a caption")
    check(page.value("[...document.querySelectorAll('svg[role=img]')].every(s => s.firstElementChild.tagName === 'title')"),
          "every picture has a title")
    check(page.value("(ids => new Set(ids).size === ids.length)([...document.querySelectorAll('[id]')].map(e => e.id))"), "no id is there twice")
    levels = page.value("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => Number(h.tagName[1]))")
    check(levels[0] == 1 and all(b <= a + 1 for a, b in zip(levels, levels[1:])), "no level of headings is left out")
    fills = page.value("[...document.querySelectorAll('.lane path, .hbar rect')].filter(e => ['none', 'rgb(0, 0, 0)'].includes(getComputedStyle(e).fill)).length")
    check(fills == 0, "every area has its colour or hatch")


# Contrast of text with what is behind it (WCAG 2.1, 1.4.3: 4.5 to 1), of all text on the page's own ground.
CONTRAST = """(() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] !== 0) return c; } };
  const bad = [];
  for (const e of document.querySelectorAll('p, td, th, dt, dd, li, h1, h2, h3, h4, small, span, button, a, caption, output')) {
    if (!e.textContent.trim() || !e.getClientRects().length) continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(ground(e) || [255, 255, 255]);
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) bad.push(e.tagName + '.' + e.className + ' ' + contrast.toFixed(2));
  }
  return [...new Set(bad)];
})()"""


def main(folder, pictures):
    hvlab(folder, "demo", "--quick", "--ways", "bare,container,monolithic,hosted", "--processors", "1,2")
    page_file = folder / "runs/teaching/latest/report.html"
    check(page_file.exists(), "the demo has left a report beside its run.json")
    hvlab(folder, "report", "teaching", "-o", "en.html")
    hvlab(folder, "report", "teaching", "-o", "ja.html", "--lang", "ja")
    check(page_file.read_bytes() == (folder / "en.html").read_bytes(), "hvlab report makes the demo's page again, byte for byte")
    document = json.loads(hvlab(folder, "compare", "teaching", "--json"))
    with Browser(chromium) as page:
        page.size(1300, 1000)
        for language in ("en", "ja"):
            page.open((folder / f"{language}.html").as_uri())
            print("--", language, page.value("document.title"))
            check_structure(page)
            check_numbers(page, document)
            check_tabs(page)
            check_zoom(page)
            check_sorting(page)
            for dark in (False, True):
                page.dark(dark)
                weak = page.value(CONTRAST)
                check(not weak, f"text stands out {'dark' if dark else 'light'} {weak[:5]}")
            page.dark(False)
        page.media("print")
        check_all_seen(page, "on paper")
        page.media("")
        if pictures:
            take_pictures(page, pictures)
        page.size(400, 800)
        page.open((folder / "en.html").as_uri())
        check(page.value("document.documentElement.scrollWidth <= 400"), "a screen of 400 pixels is wide enough")
        page.size(1300, 1000)
        page.scripts(False)
        page.open((folder / "en.html").as_uri())
        page.scripts(True)
        check(page.value("!document.documentElement.classList.contains('js')"), "the script has not run")
        check_all_seen(page, "with scripts off")
        check(page.errors == [], f"no errors {page.errors[:2]}")
        others = [url for url in page.requests if not url.startswith(folder.as_uri())]
        check(others == [], f"nothing but the page was asked for {others[:2]}")


def take_pictures(page, pictures):
    for name, width, dark in (("desktop", 1300, False), ("narrow", 400, False), ("dark", 1300, True)):
        page.size(width, 1000)
        page.dark(dark)
        height = page.value("document.documentElement.scrollHeight")
        page.picture(pictures / f"{name}.png", {"x": 0, "y": 0, "width": width, "height": height})
    page.dark(False)
    page.pdf(pictures / "page.pdf")


program = str(pathlib.Path(sys.argv[1]).resolve())
chromium = shutil.which("chromium")
if chromium is None:
    print("chromium is not installed (packages-slow.txt)")
    sys.exit(77)
with tempfile.TemporaryDirectory(prefix="hvlab-report-") as name:
    main(pathlib.Path(name), pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None)
print(f"{len(failures)} failures")
sys.exit(1 if failures else 0)
