"""The pages in a real Chromium: how they look, who can use them, what they load.

Pictures of every page in every language lie below BUILD/pages afterwards, to be looked at.
"""

import pytest
from lab.browser import Browser
from lab.dirs import PrivateDir
from lab.pages import LANGUAGES, Pages
from lab.product import CHECKOUT, program

AXE = CHECKOUT / "build/axe/node_modules/axe-core/axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = {  # width and mode
    "light": (1280, False),
    "dark": (1280, True),
    "360": (360, False),
}
SIZE_MIN = 44  # CSS pixels of what is touched; WCAG 2.2 asks for 24 at AA


@pytest.fixture(scope="module")
def folder():
    made = PrivateDir("pages")
    yield made.path
    made.close()


@pytest.fixture(scope="module")
def pages(folder):
    made = Pages(folder)
    yield made
    made.close()


@pytest.fixture(scope="module")
def browser(folder):
    made = Browser(folder / "profile")
    yield made
    made.close()


@pytest.fixture(scope="module")
def pictures():
    path = program("tests/web/render").parents[2] / "pages"
    path.mkdir(exist_ok=True)
    return path


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_without_a_finding(pages, browser, pictures, look, language):
    width, dark = LOOKS[look]
    findings = []
    for name in pages.names():
        browser.show(pages.url(name, language), width=width, height=2000, dark=dark)
        browser.save(pictures / f"{name}.{language}.{look}.png")
        browser.run(AXE.read_text())
        result = browser.wait_for(
            "axe.run({runOnly: arguments[0]}).then(arguments[1])", WCAG
        )
        assert result["passes"], "axe-core looked at nothing"
        for kind in ("violations", "incomplete"):
            findings += [
                (name, finding["id"], node["html"], node["failureSummary"])
                for finding in result[kind]
                for node in finding["nodes"]
                if not (kind == "incomplete" and node["html"].startswith("<textarea"))
            ]
    assert findings == []


@pytest.mark.parametrize("dark", (False, True))
def test_the_large_field_has_the_colours_of_the_small_one(pages, browser, dark):
    """axe-core cannot judge a textarea's contrast, and says so; that of the field for the address
    it can."""

    def colors(name, css):
        browser.show(pages.url(name, "en"), dark=dark)
        return browser.run(
            "const s = getComputedStyle(document.querySelector(arguments[0]));"
            "return [s.color, s.backgroundColor, s.borderTopColor]",
            css,
        )

    assert colors("done", "textarea") == colors("general", "#address")


def test_axe_finds_what_is_wrong(pages, browser):
    """That nothing was found above means something."""
    browser.show(pages.url("general", "en"))
    browser.run("document.querySelector('label').remove()")
    browser.run(AXE.read_text())
    result = browser.wait_for("axe.run({runOnly: arguments[0]}).then(arguments[1])", WCAG)
    assert "label" in [finding["id"] for finding in result["violations"]]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", (360, 320))
def test_nothing_is_cut_off_on_a_narrow_screen(pages, browser, language, width):
    """320 is a screen of 1280 at 400 %, WCAG 1.4.10."""
    for name in pages.names():
        browser.show(pages.url(name, language), width=width, height=640)
        assert browser.run("return document.documentElement.scrollWidth") <= width, name


def test_text_of_twice_the_size_stays_whole(pages, browser):
    """WCAG 1.4.4, and who has set a large font."""
    for name in pages.names():
        browser.show(pages.url(name, "de"), width=360)
        browser.run("document.documentElement.style.fontSize = '200%'")
        assert browser.run("return document.documentElement.scrollWidth") <= 360, name


def test_wide_spacing_of_text_cuts_nothing_off(pages, browser):
    """WCAG 1.4.12."""
    rules = ("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }",
             "p { margin-bottom: 2em !important }")
    for name in pages.names():
        browser.show(pages.url(name, "de"), width=320)
        browser.run(
            "const s = document.styleSheets[0];"
            "for (const rule of arguments[0]) s.insertRule(rule, s.cssRules.length)",
            rules,
        )
        assert browser.run("return document.documentElement.scrollWidth") <= 320, name
        cut = browser.run(
            "return [...document.querySelectorAll('button, p, h1, h2, label, li')]"
            ".filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth).map(e => e.outerHTML)"
        )
        assert cut == [], name


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_touched_is_large_enough(pages, browser, language):
    for name in pages.names():
        browser.show(pages.url(name, language), width=360)
        sizes = browser.run(
            "return [...document.querySelectorAll('button, a, label.choice, textarea, "
            "input:not([type=hidden]):not([type=radio])')]"
            ".map(e => [e.outerHTML, e.getBoundingClientRect().height])"
        )
        assert [size for size in sizes if size[1] < SIZE_MIN] == [], name


def test_nothing_is_loaded_from_elsewhere(pages, browser):
    """And what the policy forbids is not tried."""
    browser.complaints()
    for name in pages.names():
        browser.show(pages.url(name, "en"))
        loaded = browser.run("return performance.getEntriesByType('resource').map(e => e.name)")
        root = pages.url("", "").rsplit("/", 1)[0] + "/"
        assert loaded and all(url.startswith(root) for url in loaded), (name, loaded)
        assert browser.run("return document.scripts.length") == 0
        assert browser.run("return document.cookie") == ""
    assert browser.complaints() == []


def test_the_style_is_applied(pages, browser):
    browser.show(pages.url("ask", "en"))
    color = "return getComputedStyle(document.querySelector('.primary')).backgroundColor"
    assert browser.run(color) == "rgb(122, 31, 162)"
    browser.show(pages.url("ask", "en"), dark=True)
    assert browser.run(color) != "rgb(122, 31, 162)"


def test_keys_alone_reach_everything_and_show_where_they_are(pages, browser):
    for name in pages.names():
        browser.show(pages.url(name, "en"))
        wanted = browser.run(
            "return document.querySelectorAll('a, button, textarea, "
            "input:not([type=hidden]):not([type=radio])').length"
            " + (document.querySelector('input[type=radio]') ? 1 : 0)"
        )
        seen = []
        for _ in range(wanted):
            browser.tool("Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab", windowsVirtualKeyCode=9)
            browser.tool("Input.dispatchKeyEvent", type="keyUp", key="Tab", code="Tab", windowsVirtualKeyCode=9)
            style = browser.run(
                "const e = document.activeElement, s = getComputedStyle(e);"
                "return [e.outerHTML, s.outlineStyle, parseFloat(s.outlineWidth)]"
            )
            assert style[1] == "solid" and style[2] >= 2, (name, style)
            seen.append(style[0])
        assert len(set(seen)) == wanted, name


def test_a_screen_reader_is_told_names_and_descriptions(pages, browser):
    def told(name):
        browser.show(pages.url(name, "en"))
        nodes = [node for node in browser.tool("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
        value = lambda node, key: node.get(key, {}).get("value", "")
        return {(value(node, "role"), value(node, "name")): value(node, "description") for node in nodes}

    assert ("button", "Unsubscribe: Acme Newsletter (a…@e…)") in told("ask")
    done = told("done")
    assert ("group", "Why did you unsubscribe? (optional)") in done
    assert ("radio", "I moved away") in done
    assert "sensitive details" in done["textbox", "Anything else you would like to tell us"]
    assert ("navigation", "About this sender") in done
    assert ("image", "Acme") in done
    wrong = told("general-error")
    assert "complete email address" in wrong["textbox", "Your email address"]


def test_forms_work_without_scripts(pages, browser):
    """They go back to where they came from, with the fields that the daemon knows."""
    pages.posted.clear()
    browser.show(pages.url("ask", "en"), scripts=False)
    browser.press("button[value=this]")
    browser.press("button[value=all]")
    browser.show(pages.url("done", "en"), scripts=False)
    browser.press("button[value=undo]")
    browser.press("input[value=moved]")
    browser.find("textarea")[0].send_keys("Zu viel & <zu> oft")
    browser.press("button[value=reason]")
    browser.show(pages.url("general", "en"), scripts=False)
    browser.find("#address")[0].send_keys("jürgen@müller.example")
    browser.press("button")
    undo = pages.posted[2][1]["undo"]
    assert pages.posted == [
        ("/ask.en.html", {"action": ["this"]}),
        ("/ask.en.html", {"action": ["all"]}),
        ("/done.en.html", {"action": ["undo"], "undo": undo}),
        ("/done.en.html", {"action": ["reason"], "undo": undo, "reason": ["moved"], "text": ["Zu viel & <zu> oft"]}),
        ("/general.en.html", {"address": ["jürgen@müller.example"]}),
    ]


def test_a_wrong_address_is_told_at_its_field(pages, browser):
    browser.show(pages.url("general-error", "de"))
    field = browser.find("#address")[0]
    assert field.get_attribute("value") == "anna@"
    assert field.get_attribute("aria-invalid") == "true"
    ids = field.get_attribute("aria-describedby").split()
    assert "vollständige E-Mail-Adresse" in browser.find("#" + ids[0])[0].text
    assert browser.driver.title.startswith("Fehler: ")


def test_paper_has_what_counts_and_no_buttons(pages, browser, pictures):
    browser.show(pages.url("done", "de"), media="print", dark=True)
    browser.save(pictures / "done.de.print.png")
    assert browser.find("button") and not any(b.is_displayed() for b in browser.find("button"))
    assert browser.find(".done")[0].is_displayed()
    assert browser.run("return getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
