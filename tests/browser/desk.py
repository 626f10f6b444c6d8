"""People at their browsers: a real Chromium for each, driven as a person would drive it."""

import base64
import shutil
import urllib.parse

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

import stack

ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-gpu",
             "--disable-dev-shm-usage", "--hide-scrollbars"]


class Person:
    """One browser with a profile of its own, logged in under a name."""

    def __init__(self, name):
        self.name = name
        self.profile = stack.folder()
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ARGUMENTS:
            options.add_argument(argument)
        options.add_argument(f"--user-data-dir={self.profile}")
        # The driver switches off what makes Back work as it does for people.
        options.add_experimental_option("excludeSwitches", ["disable-back-forward-cache"])
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_page_load_timeout(30)
        self.server = None
        self.screen(1200, 900)

    def quit(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    def at(self, server):
        """Logs in there, as a person would once a day: later addresses bear no password."""
        if self.server is not server:
            parts = urllib.parse.urlsplit(server.url)
            self.driver.get(f"http://{self.name}:{self.name}@{parts.netloc}/")
            self.server = server
        self.screen(1200, 900)
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        return self

    def scripts(self, run):
        """Whether the pages' own scripts run."""
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not run})
        return self

    # --- going about ---

    def open(self, path):
        self.driver.get(self.server.url + path)
        return self

    @property
    def path(self):
        parts = urllib.parse.urlsplit(self.driver.current_url)
        return parts.path + ("?" + parts.query if parts.query else "")

    @property
    def title(self):
        return self.find("h1").text

    @property
    def text(self):
        return self.find("main").text

    @property
    def status(self):
        """The status of the page as the browser saw it."""
        return self.script("return performance.getEntriesByType('navigation')[0].responseStatus")

    def script(self, code, *values):
        return self.driver.execute_script(code, *values)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def until(self, condition, seconds=20):
        return WebDriverWait(self.driver, seconds, 0.05, (NoSuchElementException,
                             StaleElementReferenceException)).until(lambda _: condition())

    def leave(self, act):
        """Does what leads to another page, and waits for that page."""
        self.script("window.here = true")
        act()
        self.until(lambda: self.script("return !window.here && document.readyState === 'complete'"))
        return self

    def back(self):
        self.driver.back()
        self.until(lambda: self.script("return document.readyState === 'complete'"))
        return self

    # --- forms ---

    def field(self, name):
        return self.find(f'[name="{name}"]:not([type=hidden]):not([type=radio])')

    def value(self, name):
        return self.field(name).get_property("value")

    def type(self, name, text):
        field = self.field(name)
        field.clear()
        field.send_keys(text)
        return self

    def set(self, name, value):
        """What pickers and paste do: the value as the page's own format has it."""
        self.script("const f = arguments[0]; f.value = arguments[1];"
                    "f.dispatchEvent(new Event('input', {bubbles: true}));"
                    "f.dispatchEvent(new Event('change', {bubbles: true}))", self.field(name), value)
        return self

    def choose(self, name, text):
        Select(self.field(name)).select_by_visible_text(text)
        return self

    def pick(self, column, side):
        """A side of a clash: yours, theirs or edit, by its label, as people click."""
        self.find(f'input[name="_pick.{column}"][value={side}]').find_element(By.XPATH, "ancestor::label").click()
        return self

    def place(self, column, number, choice):
        """A choice for one place of a text, by its label."""
        radio = self.find(f'input[name="_place.{column}.{number}"][value={choice}]')
        radio.find_element(By.XPATH, "ancestor::label").click()
        return self

    def save(self):
        return self.leave(self.find("button.main").click)

    def press(self, *keys):
        self.driver.switch_to.active_element.send_keys(*keys)
        return self

    def focused(self):
        """(tag, name or visible words) of what the keyboard would act on."""
        return tuple(self.script("const e = document.activeElement; return [e.tagName.toLowerCase(),"
                                 "e.name || e.innerText.trim()]"))

    def tab_to(self, wanted, most=80):
        """Tabs until wanted(tag, name) holds; what has the focus must show it, each time."""
        for _ in range(most):
            self.press(Keys.TAB)
            assert self.focus_shows(), self.focused()
            if wanted(*self.focused()):
                return self
        raise AssertionError("the keyboard does not reach it")

    def focus_shows(self):
        """A ring around what has the focus, on the screen. A picker's inner parts count as it."""
        return self.script("""
            const e = document.activeElement;
            if (e === document.body) return true;
            const box = e.getBoundingClientRect(), style = getComputedStyle(e);
            return box.width > 0 && box.bottom > 0 && box.top < innerHeight &&
                   style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;""")

    # --- what is seen ---

    def screen(self, width, height=900, dark=False):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
        return self

    def complaints(self):
        """What the browser wrote on its console since it was last asked, refused saves aside."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if "Failed to load resource" not in entry["message"]
                and "status of 4" not in entry["message"]]

    def picture(self, path, height=None):
        """The whole page, or its top, as PNG."""
        size = self.script("const e = document.documentElement; return [innerWidth, e.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": min(size[1], height or size[1]), "scale": 1}
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {
            "format": "png", "captureBeyondViewport": True, "clip": clip})
        path.write_bytes(base64.b64decode(shot["data"]))
