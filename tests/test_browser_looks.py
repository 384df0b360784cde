"""How pages look and feel: dark, on a phone, by keyboard; how much is loaded, and what may run."""

from __future__ import annotations

import re
from collections.abc import Iterator

import optuna
import pytest
from playwright.sync_api import Page, expect

from runbase.dashboard import save_note
from tests import shapes
from tests.people import Site, assert_finds_nothing, assert_fits, site

LARGEST_FIRST_LOAD = 150_000
PAGES = {
    "": "Overview",
    "analytics": "Analytics",
    "trials": "Trials",
    "trialTable": "Table",
    "smartSelection": "Selection",
    "note": "Note",
}
NOTE = """# A *note*
<img src="data:," onerror="window.hacked = 1"> <script>window.hacked = 1</script>
[a link](javascript:window.hacked=1) <a href="https://example.org" onclick="hacked=1">another</a>
<iframe src="https://example.org"></iframe> <form action="/api/studies"><button>x</button></form>
"""
#: Controls without a name that a screen reader could say.
NAMELESS = """() => [...document.querySelectorAll(
    'button, a[href], input, select, textarea, [role=button], [role=application], [tabindex="0"]'
)].filter(element => {
    const labels = [...(element.labels ?? [])].map(label => label.textContent).join('')
    const by = (element.getAttribute('aria-labelledby') ?? '').split(' ')
        .map(id => document.getElementById(id)?.textContent ?? '').join('')
    const own = element.matches('select') ? '' : element.textContent
    const name = element.getAttribute('aria-label') || by || labels || own || element.title
    const isHidden = element.closest('[aria-hidden=true]') !== null
    return element.checkVisibility() && !isHidden && !name.trim()
}).map(element => element.outerHTML.slice(0, 200))"""
#: Buttons, fields and tabs that are too small for a finger.
SMALL = """() => [...document.querySelectorAll(
    'button.button, .tabs a, select, input:is([type=text], [type=search])'
)].filter(element => element.checkVisibility())
  .filter(element => !element.closest('.chart-card, th, [role=columnheader]'))
  .map(element => [element.outerHTML.slice(0, 120), element.getBoundingClientRect()])
  .filter(([_, box]) => box.width > 1 && box.height < 40)
  .map(([html, box]) => `${html} ${box.width} x ${box.height}`)"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("looks")) as shown:
        yield shown


@pytest.fixture(autouse=True)
def expected(page: Page) -> None:
    """What Chromium says of handlers in notes while they are taken out."""
    page.console.expected.append("Content Security Policy")  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def study(shown: Site) -> optuna.Study:
    study = shapes.pruned_study(shown, "a study with a name_that_is_too_long_for_" + "a_phone" * 9)
    study.set_user_attr("where", "x" * 200)
    save_note(study, NOTE)
    study.ask({"x": shapes.X, "n": shapes.N})
    return study


def paths(shown: Site, study: optuna.Study) -> Iterator[str]:
    yield f"{shown.url}/dashboard/"
    for page in PAGES:
        yield shown.path(study, page)
    yield shown.path(study, "trials", numbers="0,1")
    yield f"{shown.url}/dashboard/compare-studies?ids={study._study_id}"


def load(page: Page, path: str) -> None:
    """Open a page, and wait until it has all that it shows at first."""
    page.goto(path)
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    expect(page.locator("main .spinner")).to_have_count(0)


@pytest.mark.item("P13")
def test_the_dark_theme_is_remembered_and_there_before_anything_is_drawn(page: Page, shown: Site):
    page.add_init_script(
        """window.looks = []
        new MutationObserver(() => {
            if (document.querySelector('#app')?.children.length)
                window.looks.push(document.documentElement.dataset.theme)
        }).observe(document, { subtree: true, childList: true, attributes: true })"""
    )
    load(page, f"{shown.url}/dashboard/")
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(background)
    page.get_by_role("button", name="Dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate(background) != light
    page.reload()
    expect(page.get_by_role("button", name="Light theme")).to_be_visible()
    assert set(page.evaluate("window.looks")) == {"dark"}
    page.keyboard.press("t")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    assert page.evaluate(background) == light


@pytest.mark.item("P13")
def test_the_theme_is_that_of_the_system_unless_chosen(page: Page, shown: Site):
    page.emulate_media(color_scheme="dark")
    load(page, f"{shown.url}/dashboard/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


@pytest.mark.item("P14")
def test_no_page_is_wider_than_a_phone_and_controls_are_for_fingers(
    page: Page, shown: Site, study: optuna.Study
):
    page.set_viewport_size({"width": 390, "height": 844})
    for path in paths(shown, study):
        load(page, path)
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        expect(page.locator("main .spinner")).to_have_count(0)
        assert_fits(page)
        assert_finds_nothing(page, SMALL)


def test_all_controls_have_names(page: Page, shown: Site, study: optuna.Study):
    page.set_viewport_size({"width": 1440, "height": 3000})
    for path in paths(shown, study):
        load(page, path)
        assert_finds_nothing(page, NAMELESS)


def test_the_focus_is_seen_where_it_is(page: Page, shown: Site, study: optuna.Study):
    load(page, shown.path(study, ""))
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    expect(page.get_by_text("Skip to the content")).to_be_in_viewport()
    for _ in range(12):
        page.keyboard.press("Tab")
        style = page.evaluate(
            """() => {
                const { outlineStyle, outlineWidth, boxShadow } =
                    getComputedStyle(document.activeElement)
                return { outline: outlineStyle !== 'none' && parseFloat(outlineWidth) > 0,
                         shadow: boxShadow !== 'none', what: document.activeElement.outerHTML }
            }"""
        )
        assert style["outline"] or style["shadow"], style["what"]


def test_titles_tell_the_page_and_the_study(page: Page, shown: Site, study: optuna.Study):
    load(page, f"{shown.url}/dashboard/")
    expect(page).to_have_title("Experiments · Runbase")
    load(page, shown.path(study, ""))
    for name in PAGES.values():
        page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        expect(page).to_have_title(re.compile(f"^{name} · a study with a name.* · Runbase$"))


def test_little_is_loaded_before_the_list_is_seen(page: Page, shown: Site):
    load(page, f"{shown.url}/dashboard/")
    sizes: dict[str, int] = page.evaluate(
        """() => Object.fromEntries(
            [...performance.getEntriesByType('navigation'),
             ...performance.getEntriesByType('resource')]
                .filter(({ name }) => !name.includes('/api/'))
                .map(({ name, encodedBodySize }) => [name, encodedBodySize]))"""
    )
    assert len(sizes) >= 3
    assert all(sizes.values())
    assert sum(sizes.values()) <= LARGEST_FIRST_LOAD, sizes
    assert not any("plotly" in name for name in sizes)


def test_a_script_that_got_into_a_page_does_not_run(page: Page, shown: Site):
    load(page, f"{shown.url}/dashboard/")
    page.evaluate(
        """() => {
            window.blocked = new Promise(resolve =>
                document.addEventListener('securitypolicyviolation',
                    ({ effectiveDirective }) => resolve(effectiveDirective)))
            const script = document.createElement('script')
            script.textContent = 'window.hacked = 1'
            document.body.append(script)
        }"""
    )
    assert page.evaluate("window.blocked") == "script-src-elem"
    assert page.evaluate("window.hacked") is None


def test_notes_are_sanitised(page: Page, shown: Site, study: optuna.Study):
    load(page, shown.path(study, "note"))
    note = page.get_by_role("heading", name="A note").locator("..")
    expect(note.get_by_text("another")).to_have_attribute("href", "https://example.org")
    assert note.locator("script, iframe, form, [onerror], [onclick]").count() == 0
    assert note.locator("a[href^='javascript']").count() == 0
    assert page.evaluate("window.hacked") is None
