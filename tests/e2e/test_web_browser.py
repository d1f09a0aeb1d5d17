"""From the link to the end, in a real Chromium with optout-web behind it; scripts are switched off."""

import pytest
from lab.browser import Browser
from lab.world import MARKETING, person
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait

BRAND = """
brand acme {
    scope       = "acme"
    name        = "Acme"
    privacy_url = "https://www.acme.example/privacy"
    reasons     = {"too-many", "moved: I moved away", "moved[de]: Ich bin umgezogen"}
}
"""


@pytest.fixture(scope="module")
def web(lab):
    return lab.web(lab.site(policy=MARKETING + BRAND), settings={"language": "de"})


@pytest.fixture(scope="module")
def browser(lab):
    made = Browser(lab.directory("profile").path)
    yield made
    made.close()


def open_page(browser, web, path):
    """Chromium asks for English first; this person does not."""
    browser.tool("Network.enable")
    browser.tool("Network.setExtraHTTPHeaders", headers={"Accept-Language": "de-AT, en;q=0.5"})
    browser.complaints()
    browser.show(f"http://127.0.0.1:{web.port}{path}", width=360, scripts=False)


def heading(browser):
    return browser.find("h1")[0].text


def press(browser, css):
    """Returns once the page that answers has taken this one's place."""
    button = browser.find(css)[0]
    button.click()
    WebDriverWait(browser.driver, 30).until(staleness_of(button))


def test_a_person_opts_out_says_why_and_thinks_again(web, browser):
    to = person()
    open_page(browser, web, "/" + web.token(to))
    assert heading(browser) == "Was möchten Sie abbestellen?"
    labels = [button.text for button in browser.find("button")]
    assert labels == ["Abmelden: Acme Newsletter (p…@h…)", "Alle Werbe-E-Mails von Acme abbestellen"]
    assert not web.entries(to)

    press(browser, "button[value=this]")
    assert heading(browser) == "Sie sind abgemeldet"
    assert "p…@h… erhält nicht mehr: Acme Newsletter" in browser.find(".done")[0].text
    assert web.sources(to) == ["page"]

    browser.find("input[value=moved]")[0].click()
    browser.find("textarea")[0].send_keys("Neue Stadt <b>&\nneues Glück")
    press(browser, "button[value=reason]")
    assert heading(browser) == "Danke für Ihre Antwort"
    [reason] = web.entries(to, "reason")
    assert reason["reason"] == "moved"
    assert reason["words"]["text"].replace("\r\n", "\n") == "Neue Stadt <b>&\nneues Glück"

    press(browser, "button[value=undo]")
    assert heading(browser) == "Ihre Abmeldung ist rückgängig gemacht"
    assert len(web.entries(to, "withdrawal")) == 1
    assert browser.complaints() == []
    assert browser.driver.get_cookies() == []


def test_all_advertising_of_a_brand_takes_one_press(web, browser):
    to = person()
    open_page(browser, web, "/" + web.token(to))
    press(browser, "button[value=all]")
    assert "keine Werbe-E-Mails von Acme mehr" in browser.find(".done")[0].text
    [entry] = web.entries(to, "choice")
    assert entry["scope"] == "acme"


def test_the_general_page_helps_who_mistypes(web, browser):
    to = person()
    open_page(browser, web, "/s/acme/newsletter")
    browser.find("#address")[0].send_keys("anna@")
    press(browser, "button")
    assert browser.driver.title.startswith("Fehler: ")
    field = browser.find("#address")[0]
    assert field.get_attribute("value") == "anna@"
    field.clear()
    field.send_keys(to)
    press(browser, "button")
    assert heading(browser) == "Ihre Abmeldung ist eingetragen"
    assert web.sources(to) == ["general-page"]


def test_a_broken_link_says_what_can_be_done(web, browser):
    open_page(browser, web, "/" + web.token(person())[:-3])
    assert heading(browser) == "Dieser Link funktioniert nicht"
    assert not browser.find("form")
