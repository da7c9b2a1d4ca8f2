"""Opens a report in a headless browser and does what a reader does. Usage: check_page.py BROWSER PAGE [FOLDER FOR SCREENSHOTS]

Says one line; fails with a sentence if a chart does not draw or react, or if the browser complains or is asked for the network.
"""

import pathlib
import sys

from browser import Browser

VIEW = "({x: steepest.chart.view.x, y: steepest.chart.view.y})"
# the picture is read from a copy, since reading a canvas twice makes the browser complain
PIXELS = """const c = document.querySelector('#plot canvas'), copy = new OffscreenCanvas(c.width, c.height).getContext('2d', {willReadFrequently: true});
    copy.drawImage(c, 0, 0);
    const d = copy.getImageData(0, 0, c.width, c.height).data;"""
INK = f"(() => {{ {PIXELS} let n = 0; for (let k = 3; k < d.length; k += 4) n += d[k] > 0; return n; }})()"
LEAST_OF_A_LINE = f"""(() => {{ {PIXELS}
    const seen = new Map();
    for (let k = 0; k < d.length; k += 4) if (d[k + 3] === 255) {{
        const colour = '#' + [d[k], d[k + 1], d[k + 2]].map(part => part.toString(16).padStart(2, '0')).join('');
        seen.set(colour, (seen.get(colour) || 0) + 1);
    }}
    return Math.min(...steepest.chart.curves.map(curve => seen.get(curve.look.colour) || 0)); }})()"""
PICTURE = "document.querySelector('#plot canvas').toDataURL()"
TIP = "(t => t.hidden ? '' : t.textContent)(document.querySelector('.tip'))"
RUN_BOXES = "document.querySelectorAll('#runs input').length"


def check(is_so, what):
    if not is_so:
        sys.exit(f"the page is not as it should be: {what}")


def choose(browser, selector, expression):
    """Chooses an option of a list, whose own menu is none of the page."""
    browser.ask(f"(s => {{ s.value = {expression}; s.dispatchEvent(new Event('change')); }})(document.querySelector('{selector}'))")
    browser.settle()


def option(name):
    return f"[...document.querySelectorAll('#series option')].find(o => o.text.split(' ')[0] === '{name}').value"


def draws(browser):
    check(browser.ask(INK) > 3000, "the canvas is empty")
    check(browser.ask(LEAST_OF_A_LINE) > 50, "a curve has no line of its colour")
    check(browser.ask("[...document.querySelectorAll('.paper svg')].every(s => s.getBoundingClientRect().height > 100)"), "a figure is not there")


def runs_react(browser):
    before = browser.ask(PICTURE)
    browser.click("#runs [data-name]")
    without = browser.ask(PICTURE)
    check(before != without, "a name that is taken away stays on the chart")
    check(not browser.ask("document.querySelector('#runs .seeds input').checked"), "a name does not take its seeds along")
    browser.click("#runs .seeds input")
    check(browser.ask(PICTURE) not in (before, without), "a seed alone is not drawn")
    check(browser.ask("document.querySelector('#runs [data-name]').indeterminate"), "a name with some of its seeds looks whole")
    browser.click("#runs [data-name]")
    check(browser.ask(PICTURE) == before, "a name that comes back is not as it was")
    for _ in range(2):
        browser.ask("document.querySelectorAll('#runs [data-name]').forEach(box => box.click())")
        if not browser.ask("steepest.chart.curves.length"):
            check("No run is chosen" in browser.ask("document.querySelector('#notes').textContent"), "an empty chart says nothing")
    browser.settle()
    check(browser.ask(PICTURE) == before, "runs that come back are not as they were")


def series_and_axes_react(browser):
    before = browser.ask(VIEW)
    choose(browser, "#series", option("norm_l2"))
    after = browser.ask(VIEW)
    check(before["y"] != after["y"], "another series has the same y axis")
    check("norm_l2" in browser.ask("document.querySelector('#heading').textContent"), "the heading is that of another series")
    browser.click("input[name=y][value=linear]")
    check(browser.ask("steepest.chart.plot.scales.y.distr") == 1, "the y axis is not linear")
    browser.click("input[name=x][value=loss]")
    check(browser.ask(VIEW)["x"] != after["x"], "the loss is not on the x axis")
    check(browser.ask("steepest.chart.curves.length") == browser.ask("steepest.chart.curves.filter(c => c.low === null).length"), "a median over the loss")
    browser.click("input[name=x][value=step]")
    medians = browser.ask("steepest.chart.curves.length")
    browser.click("input[name=draw][value=runs]")
    check(browser.ask("steepest.chart.curves.length") > medians, "every run is as many as medians")
    browser.click("input[name=draw][value=median]")
    choose(browser, "#series", option("ln_loss"))
    check(browser.ask("document.querySelector('input[name=y]:checked').value") == "linear", "a logarithm is on a logarithmic axis")
    choose(browser, "#series", option("margin_l2"))


def pointer_reacts(browser):
    whole = browser.ask(VIEW)
    x, y, width, height = browser.centre("#plot .u-over")
    browser.drag((x - width / 4, y - height / 4), (x + width / 4, y + height / 4))
    near = browser.ask(VIEW)
    check(whole["x"][0] < near["x"][0] < near["x"][1] < whole["x"][1], "a drag does not zoom the x axis")
    check(whole["y"][0] < near["y"][0] < near["y"][1] < whole["y"][1], "a drag does not zoom the y axis")
    check(browser.ask("steepest.chart.plot.scales.x.min") == near["x"][0], "the chart shows another range than it says")
    browser.click("#plot .u-over", clicks=2)
    check(browser.ask(VIEW) == whole, "a double click does not show everything")
    last = browser.ask("(c => { const r = c.plot.over.getBoundingClientRect(), k = c.curves[0].x.length - 1, p = c.pixel(c.curves[0], k, false);"
                       " return [r.left + p[0], r.top + p[1]]; })(steepest.chart)")
    browser.mouse("mouseMoved", last[0] - 3, last[1] + 2)
    browser.settle()
    check("step " in browser.ask(TIP), "nothing is read under the pointer")


def keys_react(browser):
    browser.mouse("mouseMoved", 1, 1)
    browser.ask("document.querySelector('#plot').focus()")
    whole = browser.ask(VIEW)
    browser.key("ArrowRight")
    first = browser.ask("document.querySelector('#reading').textContent")
    browser.key("ArrowRight")
    second = browser.ask("document.querySelector('#reading').textContent")
    browser.key("ArrowDown")
    third = browser.ask("document.querySelector('#reading').textContent")
    check("step " in first and len({first, second, third}) == 3, f"arrows do not walk: {[first, second, third]}")
    browser.key("+")
    near = browser.ask(VIEW)
    check(near["x"][1] / near["x"][0] < whole["x"][1] / whole["x"][0], "+ does not zoom")
    browser.key("0")
    check(browser.ask(VIEW) == whole, "0 does not show everything")


def looks_react(browser):
    light = browser.ask(PICTURE)
    browser.media(prefers_color_scheme="dark")
    check(browser.ask(PICTURE) != light, "the chart does not follow the dark")
    browser.media("print")
    check(browser.ask("getComputedStyle(document.querySelector('#controls')).display") == "none", "controls are printed")
    browser.media()


def links_open(browser):
    browser.click(".runs tbody a")
    check(browser.ask("document.querySelectorAll('#details details[open]').length") == 1, "a link does not open its run")
    check("[model]" in browser.ask("document.querySelector('#details details[open] pre').innerText"), "a run has no configuration")


def main(program, page, folder=None):
    with Browser(program) as browser:
        browser.open(pathlib.Path(page).resolve().as_uri())
        if folder:
            for scheme in ("light", "dark"):
                browser.media(prefers_color_scheme=scheme)
                browser.screenshot(pathlib.Path(folder) / f"{scheme}.png", whole=True)
            browser.media()
        for step in (draws, runs_react, series_and_axes_react, pointer_reacts, keys_react, looks_react, links_open):
            step(browser)
        check(not browser.complaints, "; ".join(browser.complaints))
        print(f"the charts draw and react, {browser.ask(RUN_BOXES)} boxes, no complaints")


main(*sys.argv[1:])
