"""A real Chromium without a window, driven as its developer tools do it."""

import base64
import shutil

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service

from lab.waiting import until

CHROMIUM = "/usr/bin/chromium"
DRIVER = "/usr/bin/chromedriver"


def has_left(element):
    """Whether the page that this element is of is gone."""
    try:
        element.is_enabled()
    except StaleElementReferenceException:
        return True
    return False


class Browser:
    """One browser with a profile of its own below `folder`, which knows no host but this one."""

    def __init__(self, folder):
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for argument in (
            "--headless=new",
            "--no-sandbox",  # it refuses to start as root otherwise
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            "--hide-scrollbars",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            f"--user-data-dir={folder}",
        ):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service(DRIVER), options=options)
        self.folder = folder

    def tool(self, command, **parameters):
        return self.driver.execute_cdp_cmd(command, parameters)

    def show(self, url, width=1280, height=900, dark=False, scripts=True, media=""):
        """Opens a page as somebody with that screen and those preferences has it."""
        self.tool(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.tool(
            "Emulation.setEmulatedMedia",
            media=media,
            features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}],
        )
        self.tool("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.driver.get(url)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def wait_for(self, script, *arguments):
        """The result of a script that calls back."""
        return self.driver.execute_async_script(script, *arguments)

    def find(self, css):
        return self.driver.find_elements("css selector", css)

    def press(self, css):
        """Presses what matches first; a button of a form leads to a page that has to come first."""
        [element, *_] = self.find(css)
        leads_on = element.tag_name == "button"
        page = self.find("html")[0]
        element.click()
        if leads_on:
            until(lambda: has_left(page), "the next page")
            until(lambda: self.run("return document.readyState") == "complete", "all of it")

    def complaints(self):
        """What the browser said since the last time: of a style it did not load, for one."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def save(self, path):
        """A picture of the whole page, however long."""
        shot = self.tool("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.folder, ignore_errors=True)
