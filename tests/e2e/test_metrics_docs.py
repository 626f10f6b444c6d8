"""docs/metrics.md, the dashboard and the alert rules speak of exactly the metrics that there are, and
say something in a real Prometheus."""

import collections
import json
import re
import shutil
import subprocess
import time
import urllib.request

import httpx
import pytest
from prometheus_client import parser

import stack

DOCS = stack.ROOT / "docs"
PAGE = (DOCS / "metrics.md").read_text()
RULES = DOCS / "alerts-pg409.yml"
DASHBOARD = json.loads((DOCS / "grafana-pg409.json").read_text())
NAME = re.compile(r"(?<![:\w])pg409_\w+")  # a rule may record under a name of its own


@pytest.fixture(scope="module")
def server(database):
    database.create("CREATE TABLE note (id integer PRIMARY KEY, body text, "
                    "updated_at timestamptz NOT NULL DEFAULT now())", protect=["note"])
    database.run("INSERT INTO note VALUES (1, 'One.')")
    with stack.serving("lighttpd", database, {"metrics_tables": "on", "metrics": "open", "anonymous": "write"},
                       users=None) as server:
        yield server


@pytest.fixture(scope="module")
def families(server):
    with server.client() as client:
        client.get("/note/1")
        client.patch("/note/1", json={})
        text = client.get("/_metrics").text
    return {family.name + ("_total" if family.type == "counter" else ""): family
            for family in parser.text_string_to_metric_families(text)}


def base_name(name, families):
    """The metric that a series in a query belongs to."""
    return name if name in families else re.sub("_(bucket|sum|count)$", "", name)


def told():
    rows = re.findall(r"^\| `(pg409_\w+)` \| (\w+) \|([^|]*)\|", PAGE, re.M)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def test_the_table_of_the_page_is_what_there_is(families):
    there = {name: (family.type, {label for sample in family.samples for label in sample.labels} - {"le"})
             for name, family in families.items()}
    assert told() == there


def test_the_buckets_of_the_page_are_what_there_is(families):
    sentence = re.search(r"The buckets of the histograms are (.*)\.", PAGE)[1]
    scale, bounds = 1000, []
    for part in re.split(r", | and ", sentence.replace("milliseconds", "ms")):
        if "ms" in part:
            bounds.append(float(part.split()[0]) / 1000)
            scale = 1
            continue
        bounds.append(float(part.split()[0]) / scale)
    there = {float(sample.labels["le"]) for sample in families["pg409_request_duration_seconds"].samples
             if "le" in sample.labels} - {float("inf")}
    assert bounds == sorted(there)


@pytest.mark.parametrize("path", ["alerts-pg409.yml", "grafana-pg409.json", "metrics.md", "performance.md"])
def test_nothing_names_a_metric_that_is_not_there(families, path):
    text = (DOCS / path).read_text()
    names = {base_name(name, families) for name in NAME.findall(text.replace("alerts-pg409", ""))}
    assert names <= set(families)


@pytest.mark.parametrize("path", ["alerts-pg409.yml", "grafana-pg409.json", "metrics.md"])
def test_nothing_asks_for_a_label_or_value_that_is_not_there(families, path):
    text = (DOCS / path).read_text().replace('\\"', '"')
    asked = re.findall(r"\b(pg409_\w+)\{([^{}]*)\}", text)
    there = collections.defaultdict(set)
    for family in families.values():
        for sample in family.samples:
            for label, value in sample.labels.items():
                there[family.name, label].add(value)
    assert asked
    for name, pairs in asked:
        family = families[base_name(name, families)].name
        for label, value in re.findall(r'(\w+)=~?"([^"]*)"', pairs):
            if label != "instance":
                assert set(value.split("|")) <= there[family, label], (name, label, value)


# --- the rules ---


def test_the_rules_are_well_formed_and_each_speaks_when_it_should(tmp_path):
    for path in (RULES, stack.ROOT / "tests/e2e/alerts_test.yml"):
        shutil.copy(path, tmp_path)
    run = subprocess.run(["promtool", "check", "rules", RULES.name], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0 and "12 rules" in run.stdout, run.stdout + run.stderr
    test = ["promtool", "test", "rules", "alerts_test.yml"]
    run = subprocess.run(test, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    rules = (tmp_path / RULES.name).read_text()
    (tmp_path / RULES.name).write_text(rules.replace('reason="unsure"', 'reason="sure"'))
    assert subprocess.run(test, cwd=tmp_path, capture_output=True).returncode != 0


# --- the dashboard ---


def panels():
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def test_the_dashboard_is_one_that_grafana_takes():
    assert DASHBOARD["id"] is None and DASHBOARD["title"] and DASHBOARD["schemaVersion"] >= 36
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert (variables["datasource"]["type"], variables["datasource"]["query"]) == ("datasource", "prometheus")
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    required = {need["id"] for need in DASHBOARD["__requires"] if need["type"] == "panel"}
    assert {panel["type"] for panel in panels()} == required
    for panel in panels():
        assert panel["title"] and panel["description"] and panel["targets"]
        for place in (panel, *panel["targets"]):
            assert place["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        letters = [target["refId"] for target in panel["targets"]]
        assert len(letters) == len(set(letters))


def test_its_panels_fill_the_width_and_do_not_lie_on_each_other():
    taken = collections.Counter()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                taken[x, y] += 1
    assert set(taken.values()) == {1}
    assert len(taken) == 24 * (max(y for _, y in taken) + 1)


class Prometheus:
    def __init__(self, server):
        self.folder = stack.folder()
        self.port = stack.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        shutil.copy(RULES, self.folder)
        config = self.folder / "prometheus.yml"
        config.write_text(f"""global: {{scrape_interval: 500ms, evaluation_interval: 500ms}}
rule_files: [{RULES.name}]
scrape_configs:
  - job_name: desk
    metrics_path: /_metrics
    static_configs: [{{targets: ["127.0.0.1:{server.port}"]}}]
""")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.folder}/data",
             f"--web.listen-address=127.0.0.1:{self.port}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(self, query):
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": query}, timeout=10)
        if answer.status_code == 503:
            raise httpx.TransportError("it is starting")
        assert answer.status_code == 200, (query, answer.text)
        return answer.json()["data"]["result"]

    def wait(self, query, seconds=30):
        end = time.monotonic() + seconds
        while True:
            try:
                if self.ask(query):
                    return
            except httpx.TransportError:
                pass
            assert time.monotonic() < end, query
            time.sleep(0.2)

    def remove(self):
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.folder)


def everything_happens(server, database):
    """So that each panel has something to show."""
    with server.client() as client:
        row, body = client.get("/note/1").json(), "First.\n\nMiddle.\n\nLast.\n"
        row = client.patch("/note/1", json={"_version": row["_version"], "body": body}).json()
        database.run("UPDATE note SET body = %s", body.replace("First", "1st"))
        base = {"body": body}
        client.patch("/note/1", json={"_version": row["_version"], "_base": base, "body": body.replace("Last", "End")})
        client.patch("/note/1", json={"_version": row["_version"], "_base": base, "body": body.replace("First", "0th")})
        client.patch("/note/1", json={"body": "x"})
        client.get("/note")
        client.put(f"/_files/{time.monotonic()}.txt", content=b"x" * 1000)
        client.get("/_health")


def test_each_query_of_the_dashboard_shows_something_in_a_real_prometheus(server, database):
    prometheus = Prometheus(server)
    try:
        prometheus.wait("up == 1")
        prometheus.wait("count_over_time(pg409_metrics_shared[1m]) > 2")
        everything_happens(server, database)
        prometheus.wait("increase(pg409_upload_bytes_total[1m]) > 0")
        time.sleep(1)
        empty = []
        for panel in panels():
            for target in panel["targets"]:
                query = target["expr"].replace("$__rate_interval", "1m").replace("$__range", "1m")
                if not prometheus.ask(query.replace("$instance", ".*")):
                    empty.append((panel["title"], query))
        assert empty == []
        rules = json.load(urllib.request.urlopen(f"{prometheus.url}/api/v1/rules", timeout=10))
        health = {rule["name"]: rule["health"] for rule in rules["data"]["groups"][0]["rules"]}
        assert len(health) == 12 and set(health.values()) == {"ok"}
    finally:
        prometheus.remove()
