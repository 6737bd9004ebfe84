"""The simulator's page in a real browser, used as people do.

- Texting, calling and faxing work by keyboard alone, and what follows appears by itself.
- A call can be hung up; a refused number says why; a person not listed can be chosen.
- Everything that can be used has a name; text has the contrast WCAG AA asks for, light and dark.
- Nothing lies outside of a narrow window, and the console stays empty.
"""

from collections.abc import AsyncIterator

import pytest

from tests.e2e.browser import Page, browsing, chromium
from tests.e2e.command import Up
from tests.support.eventually import eventually

pytestmark = pytest.mark.skipif(
    chromium() is None, reason="no chromium found; SWITCHHOOK_CHROMIUM may name one"
)

# The lowest contrast between a text and what lies behind it (WCAG 2.2, 1.4.3).
CONTRAST = """(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const parts = colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = colour => {
    const [r, g, b] = [...colour].map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parts(getComputedStyle(each).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("script, option")) continue;
    const [a, b] = [light(parts(getComputedStyle(element).color)), light(behind(element))];
    found.push([(Math.max(a, b) + .05) / (Math.min(a, b) + .05), walker.currentNode.data.trim()]);
  }
  return found.sort((x, y) => x[0] - y[0])[0];
})()"""  # noqa: E501


@pytest.fixture(scope="module")
async def browser(suite: Up, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Page]:
    """The page in a browser, 1200 by 900."""
    program = chromium()
    assert program is not None
    url = f"http://127.0.0.1:{suite.ports['simulator']}/"
    async with browsing(program, tmp_path_factory.mktemp("browser"), url) as page:
        yield page


@pytest.fixture
async def page(browser: Page, suite: Up) -> Page:
    """The same, loaded anew; the suite answers STOP, START and HELP."""
    suite.control.post("/_sim/profile", {"autoresponder": False})
    await browser.resize(1200, 900)
    await browser.open(str(await browser.value("location.href")))
    return browser


async def test_text_by_keyboard(page: Page) -> None:
    """Tab, the first letter of a name, Tab, a text, Enter: the text and its answer appear."""
    await page.press("Tab", "ArrowDown", "Tab")
    await page.write("info")
    await page.press("Enter")
    await eventually(lambda: _shows(page, "#said", "The text is sent."))
    await eventually(lambda: _shows(page, "#live", "Example: help at example.com/help"))
    cards = await page.value("[...document.querySelectorAll('#live .card')].map(e => e.innerText)")
    (card,) = (card for card in cards if card.startswith("Grace Hopper"))
    assert card.index("info") < card.index("Example: help")


async def test_call_and_hang_up_by_keyboard(page: Page) -> None:
    """A caller appears, hears music while waiting, and is gone when the button is pressed."""
    await page.value("document.querySelector('form[action=\"/_sim/call\"] button').focus()")
    await page.press("Enter")
    await eventually(lambda: _shows(page, "[aria-labelledby=calls]", "hears music"))
    assert "Ada Lovelace" in await page.text("[aria-labelledby=calls]")
    await page.value("document.querySelector('[aria-labelledby=calls] button').focus()")
    await page.press("Enter")
    await eventually(lambda: _shows(page, "[aria-labelledby=calls]", "Nobody is on the phone."))


async def test_fax_from_another_number(page: Page) -> None:
    """A number that is not listed can be given; a wrong one is refused with the reason."""
    await page.press("Tab", *["ArrowDown"] * 3, "Tab")
    await page.write("123")
    await page.value("document.querySelector('form[action=\"/_sim/fax\"] button').click()")
    await eventually(lambda: _shows(page, "#said", "Refused: "))
    await page.value("document.getElementById('number').select()")
    await page.write("+13125550177")
    await page.value("document.querySelector('form[action=\"/_sim/fax\"] button').click()")
    await eventually(lambda: _shows(page, "#said", "The fax is on its way."))
    await eventually(lambda: _shows(page, "[aria-labelledby=feed]", "media.downloaded"))
    page.problems.clear()  # the browser notes the refused request


async def test_focus_outlives_news(page: Page) -> None:
    """What is in use keeps the focus when the page renews itself."""
    await page.value("document.querySelector('[data-key=autoresponder]').focus()")
    await page.press("Enter")
    await eventually(lambda: _shows(page, "#said", "Changed."))
    answered = "are answered by the carrier"
    await eventually(lambda: _shows(page, "#live", answered))
    assert await page.value("document.activeElement.dataset.key") == "autoresponder"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_can_be_read(page: Page, scheme: str) -> None:
    """No text has less contrast than 4.5 to 1."""
    await page.prefer(scheme)
    contrast, text = await page.value(CONTRAST)
    assert contrast >= 4.5, text


async def test_controls_have_names(page: Page) -> None:
    """Everything one can use has a name for those who do not see it."""
    await page.ask("Accessibility.enable")
    nodes = (await page.ask("Accessibility.getFullAXTree"))["nodes"]
    used = {"button", "textbox", "combobox", "spinbutton", "searchbox"}
    controls = [node for node in nodes if node.get("role", {}).get("value") in used]
    assert len(controls) >= 8
    assert [node for node in controls if not node.get("name", {}).get("value")] == []


@pytest.mark.parametrize("width", [320, 700, 1900])
async def test_nothing_lies_outside(page: Page, width: int) -> None:
    """The page fits into windows from 320 pixels (WCAG 2.2, 1.4.10) to wide ones."""
    await page.resize(width, 700)
    assert await page.value("document.documentElement.scrollWidth") <= width


async def test_console_is_empty(page: Page) -> None:
    """No script fails and no policy is broken."""
    await page.value("refresh()")
    assert page.problems == []


async def _shows(page: Page, selector: str, words: str) -> bool:
    return words in await page.text(selector)
