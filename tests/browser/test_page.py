"""The interactive picture in a real browser: it loads alone, and all that it promises works."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from support.chromium import Page
from treadle.cli.app import main

DEEP = """model Deep {
  input  x: f32[N, 8]
  target y: f32[N, 8]
  h = x
  for i in range(80) { h = h |> dense(8) |> relu }
  loss mse(h, y)
}
"""
COMMENT = "</script><script>document.title = 'broken'</script><b>&amp;\u2028'\"`${1}"
HOSTILE = f"""model Net {{
  input x: f32[N, 4]
  output y = exp(x)  # {COMMENT}
}}
"""
BOXES = "document.querySelectorAll('.boxes .box').length"
LABELS = "[...document.querySelectorAll('.boxes .box')].map((box) => box.getAttribute('aria-label'))"
DETAILS = "document.getElementById('details').innerText"
SCALE = "Number(/scale\\(([^)]+)\\)/.exec(document.querySelector('.picture').getAttribute('transform'))[1])"
SHIFT = "/translate\\(([^)]+)\\)/.exec(document.querySelector('.picture').getAttribute('transform'))[1]"


def drawn(folder: Path, *words: str) -> Path:
    """The page that the command makes."""
    path = folder / "net.html"
    with pytest.raises(SystemExit) as ended:
        main(["draw", *words, "-o", str(path)])
    assert ended.value.code == 0
    return path


@pytest.fixture(scope="module")
def lenet(tmp_path_factory) -> Path:
    return drawn(tmp_path_factory.mktemp("pages"), "lenet", "--what", "joint")


@pytest.fixture
def page(window, lenet) -> Page:
    window.open(lenet)
    return window


def box(label: str) -> str:
    return f'.boxes .box[aria-label^="{label}"]'


def picture(window: Page):
    """The screenshot as grey values."""
    return imread(io.BytesIO(window.screenshot()), format="png")[..., :3].mean(-1)


def test_it_loads_without_errors_and_asks_the_network_for_nothing(page, lenet):
    assert page.problems() == []
    assert page.requests() == [lenet.as_uri()]
    assert lenet.stat().st_size < 1_000_000


def test_something_is_to_be_seen(page):
    """Light page, dark ink, and neither alone."""
    grey = picture(page)
    assert grey.shape == (800, 1280)
    assert 0.005 < np.mean(grey < 0.5) < 0.5
    assert np.median(grey) > 0.9


def test_a_click_tells_all_about_a_box(page):
    """Spec line, operands, shape with its names, rule, kernel source."""
    page.click(box("relu"))
    text = page.run(DETAILS)
    facts = ("f32[N, 6, 28, 28]", "lenet.tdl, line 6", "x = add", "dx = where(x > 0, g, 0)", "def kernel(")
    assert [fact for fact in facts if fact not in text] == []
    assert page.run("document.querySelector('#details mark').textContent") == "relu"


def test_operands_are_links(page):
    page.click(box("relu"))
    page.click("#details button.link")
    assert page.run("document.querySelector('#details h2').textContent") == "add"


def test_search_finds_by_op_and_shape_and_jumps(page):
    """What lies in a closed chain is opened and moved to the middle."""
    page.run("document.getElementById('search').focus()")
    page.send("Input.insertText", text="conv_filter [16, 6, 5, 5]")
    assert page.run("document.querySelectorAll('#results [role=option]').length") >= 1
    page.key("Enter")
    assert "conv_filter_grad" in page.run(DETAILS)
    place = page.run("(({x, y}) => [x, y])(document.querySelector('.selected').getBoundingClientRect())")
    assert 0 < place[0] < 1280
    assert 0 < place[1] < 800


def test_search_says_when_there_is_nothing(page):
    page.run("document.getElementById('search').focus()")
    page.send("Input.insertText", text="no such thing")
    assert page.run("document.getElementById('results').innerText") == "nothing found"


def test_layers_close_and_open(page):
    """Forward and backward each keep a box of their own."""
    before = page.run(BOXES)
    page.run("document.getElementById('zoom-out').click()")
    page.click('.title[data-id="c0"] .sign')
    labels = page.run(LABELS)
    assert {"conv2d, 156 parameters, 3 ops", "gradient of conv2d, 4 ops"} <= set(labels)
    assert page.run(BOXES) < before
    page.click(f"{box('conv2d, ')} .sign")
    assert page.run(BOXES) == before


def test_everything_opens_and_closes(page):
    page.run("document.getElementById('open-all').click()")
    everything = page.run(BOXES)
    page.run("document.getElementById('close-all').click()")
    assert page.run(BOXES) < 40
    assert everything > 100
    assert page.problems() == []


def test_parts_are_switched(page):
    counts = []
    for number in (1, 2, 3):
        page.click(f"#modes button:nth-child({number})")
        counts.append(page.run(BOXES))
        assert page.run("document.querySelector('#modes [aria-pressed=true]').textContent") is not None
    forward, _, joint = counts
    assert forward < joint
    page.click("#modes button:nth-child(1)")
    assert not [label for label in page.run(LABELS) if label.startswith("d loss")]


def test_wheel_buttons_and_keys_zoom(page):
    begin = page.run(SCALE)
    page.mouse("mouseWheel", 640, 400, deltaX=0, deltaY=-300)
    page.wait(f"{SCALE} > {begin}")
    page.click("#zoom-in")
    larger = page.run(SCALE)
    page.run("document.activeElement.blur()")
    page.key("-")
    assert page.run(SCALE) < larger
    page.key("0")
    assert page.run(SCALE) <= begin


def test_a_drag_moves_and_selects_nothing(page):
    before = page.run(SHIFT)
    page.mouse("mousePressed", 640, 300, button="left", buttons=1, clickCount=1)
    for step in range(1, 6):
        page.mouse("mouseMoved", 640 + 20 * step, 300, button="left", buttons=1)
    page.mouse("mouseReleased", 740, 300, button="left", clickCount=1)
    assert page.run(SHIFT) != before
    assert page.run("document.getElementById('details').hidden")


def test_the_keyboard_reaches_everything(page):
    """From box to box by arrows; a closed layer opens by Enter, its frame closes by C."""
    page.run("document.getElementById('close-all').click()")
    closed = page.run(BOXES)
    page.run("document.querySelector('.box[tabindex=\"0\"]').focus()")
    page.key("ArrowDown")
    assert page.run("document.activeElement.getAttribute('aria-label')").startswith("conv2d")
    page.key("Enter")
    assert page.run(BOXES) > closed
    page.key("c")
    assert page.run(BOXES) == closed
    page.key("Escape")
    assert page.run("document.getElementById('details').hidden")
    page.key("/")
    assert page.run("document.activeElement.id") == "search"


def test_the_theme_changes(page):
    light = picture(page).mean()
    page.click("#theme")
    dark = picture(page).mean()
    page.click("#theme")
    assert abs(light - dark) > 0.5


def test_it_prints_on_paper(page):
    """One sheet, without controls."""
    paper = page.pdf()
    assert paper.startswith(b"%PDF")
    assert paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ") + paper.count(b"/Type /Page>") == 1


def test_boxes_never_overlap(page):
    """Neither at the start nor with every layer open."""
    overlaps = """(() => {
      const outlines = document.querySelectorAll('.boxes .box .outline');
      const boxes = [...outlines].map((outline) => outline.getBoundingClientRect());
      const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
        && a.top < b.bottom - 1 && b.top < a.bottom - 1;
      return boxes.flatMap((a, i) => boxes.slice(0, i).filter((b) => meet(a, b))).length;
    })()"""
    assert page.run(overlaps) == 0
    page.run("document.getElementById('open-all').click()")
    assert page.run(overlaps) == 0


@pytest.mark.parametrize("what", ["second", "kernels", "memory"])
def test_other_pictures_are_pages_too(window, tmp_path, what):
    window.open(drawn(tmp_path, "xor_mlp", "--what", what))
    assert (window.problems(), len(window.requests())) == ([], 1)
    assert np.mean(picture(window) < 0.5) > 0.003


def test_a_thousand_boxes_are_laid_out(window, tmp_path):
    """Eighty layers with their gradients, every one of them open."""
    (tmp_path / "deep.tdl").write_text(DEEP)
    window.open(drawn(tmp_path, str(tmp_path / "deep.tdl"), "--what", "joint"))
    window.run("document.getElementById('open-all').click()")
    assert window.run(BOXES) > 1000
    assert window.problems() == []


def test_text_of_the_spec_stays_text(window, tmp_path):
    """A comment that would end the script, were it not escaped, is shown as it was written."""
    (tmp_path / "net.tdl").write_text(HOSTILE)
    window.open(drawn(tmp_path, str(tmp_path / "net.tdl")))
    window.click(box("exp"))
    assert COMMENT in window.run(DETAILS)
    assert (window.run("document.title"), window.problems()) == ("Net: forward", [])
