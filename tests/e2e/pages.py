"""Reads forms out of pages as a browser does, and sends them back."""

import html.parser


class Form:
    def __init__(self, attributes):
        self.action = attributes.get("action", "")
        self.method = attributes.get("method", "get")
        self.fields = {}      # what would be sent
        self.choices = {}     # radio buttons and selects: name to values
        self.elsewhere = []   # where its buttons send it instead

    def __setitem__(self, name, value):
        if name not in self.fields and name not in self.choices:
            raise KeyError(f"the form has no field {name}")
        self.fields[name] = value

    def __getitem__(self, name):
        return self.fields[name]

    def send(self, client, to=None, **headers):
        return client.request(self.method.upper(), to or self.action, data=self.fields,
                              headers=headers)


class _Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms, self.form, self.area, self.select = [], None, None, None
        self.options, self.text = [], []

    def handle_starttag(self, tag, pairs):
        attributes = {name: value or "" for name, value in pairs}
        if tag == "form":
            self.form = Form(attributes)
            self.forms.append(self.form)
        if not self.form:
            return
        name, value = attributes.get("name"), attributes.get("value", "")
        if tag == "input" and name:
            self._input(name, value, attributes)
        elif tag == "button" and "formaction" in attributes:
            self.form.elsewhere.append(attributes["formaction"])
        elif tag == "textarea":
            self.area, self.text = name, []
        elif tag == "select":
            self.select, self.options = name, []
        elif tag == "option" and self.select:
            self.options.append((value, "selected" in attributes))

    def _input(self, name, value, attributes):
        kind = attributes.get("type", "text")
        if kind == "radio":
            self.form.choices.setdefault(name, []).append(value)
        if kind in ("radio", "checkbox") and "checked" not in attributes:
            self.form.choices.setdefault(name, [])
            return
        self.form.fields[name] = value

    def handle_data(self, data):
        self.text.append(data)

    def handle_endtag(self, tag):
        if tag == "textarea" and self.form and self.area:
            text = "".join(self.text)
            self.form.fields[self.area] = text[1:] if text.startswith("\n") else text
            self.area = None
        elif tag == "select" and self.select:
            chosen = [value for value, selected in self.options if selected]
            self.form.choices[self.select] = [value for value, _ in self.options]
            if self.options:
                self.form.fields[self.select] = (chosen or [self.options[0][0]])[0]
            self.select = None
        elif tag == "form":
            self.form = None


def forms(answer):
    """All forms of an HTML answer, in order."""
    assert answer.headers["content-type"].startswith("text/html"), answer.text
    reader = _Reader()
    reader.feed(answer.text)
    return reader.forms


def form(client, address, number=0):
    """The form of a page: number counts forms, search boxes included."""
    answer = client.get(address, headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return forms(answer)[number]
