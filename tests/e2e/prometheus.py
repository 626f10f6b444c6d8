"""Reads what /_metrics answers, strictly: by Prometheus' own checker, by the parser of its Python
client, and into numbers that a test can compare."""

import subprocess

from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics

OPEN = "application/openmetrics-text;version=1.0.0"


def read(text, accept="text/plain"):
    """{(name of the series, its labels as sorted pairs): value}; histograms are checked."""
    if accept == OPEN:
        families = list(openmetrics.text_string_to_metric_families(text))
    else:
        families = list(parser.text_string_to_metric_families(text))
        run = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                             capture_output=True)
        assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    found = {}
    for family in families:
        assert family.type in ("counter", "gauge", "histogram") and family.documentation
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in found, f"{key} stands twice"
            found[key] = sample.value
    check_histograms(found)
    return found


def check_histograms(found):
    before = {}
    for (name, labels), value in found.items():
        if not name.endswith("_bucket"):
            continue
        kind = dict(labels)["kind"]
        bound = float(dict(labels)["le"])
        last = before.get((name, kind), (-1, 0))
        assert bound > last[0] and value >= last[1], (name, kind, bound)
        before[name, kind] = bound, value
    for (name, kind), (bound, value) in before.items():
        assert bound == float("inf")
        assert value == found[name.replace("_bucket", "_count"), (("kind", kind),)]


class Counts:
    def __init__(self, text, accept="text/plain"):
        self.all = read(text, accept)

    def one(self, name, **labels):
        return self.all[name, tuple(sorted(labels.items()))]

    def nonzero(self, name, *labels):
        """{values of these labels: count}, without those that are 0."""
        return {tuple(dict(pairs)[label] for label in labels): int(value)
                for (series, pairs), value in self.all.items() if series == name and value}

    def names(self):
        return {name for name, _ in self.all}
