"""pg409 probe: what web servers in the way do is found, and each cure that it prints cures."""

import re

import pytest

import stack
from e2e import probed
from e2e.probed import in_front, probe


@pytest.fixture(scope="module")
def php():
    with probed.php() as pages:
        yield pages


def cure(report, name, kind):
    """The lines that are printed for this server."""
    return next(finding["cure"][kind] for finding in report["findings"] if finding["name"] == name)


# By server: what is wrong, and what has to stand there as well so that something can be wrong.
GZIP = "gzip_proxied any; gzip_types application/json; gzip_min_length 1;"
TROUBLES = {
    ("etag-refused", "apache"): ("SetOutputFilter DEFLATE", "SetOutputFilter DEFLATE\n"),
    ("etag-refused", "lighttpd"): ('deflate.mimetypes = ( "application/json" )\ndeflate.allowed-encodings = ( "gzip" )\n'
                                   'deflate.min-compress-size = 1', 'deflate.allowed-encodings = ( "gzip" )\n'),
    ("etag-refused", "nginx"): (f"gzip on; {GZIP}", GZIP),
    ("errors", "apache"): ("ProxyErrorOverride On", ""),
    ("errors", "lighttpd"): ('server.error-intercept = "enable"', ""),
    ("errors", "nginx"): ("proxy_intercept_errors on; error_page 409 /_refused;", "error_page 409 /_refused;\n"),
    ("body", "lighttpd"): ("server.max-request-size = 128", ""),
    ("body", "nginx"): ("client_max_body_size 1m;", ""),
    ("methods", "apache"): ("<Location />\n<LimitExcept GET POST>\nRequire all denied\n</LimitExcept>\n</Location>", ""),
    ("methods", "lighttpd"): ('$HTTP["request-method"] !~ "^(GET|POST)$" { url.access-deny = ( "" ) }', ""),
    ("methods", "nginx"): ("limit_except GET POST { deny all; }", ""),
    ("cache", "nginx"): ("proxy_cache answers; proxy_cache_valid 200 1m; proxy_ignore_headers Cache-Control Set-Cookie;", ""),
}
PAGES = {"etag-refused": "honours", "errors": "checks", "body": "checks", "methods": "honours", "cache": "honours"}
SAID = {"body": "about 12[78] KiB|about 102[34] KiB", "methods": "PUT, PATCH, DELETE", "errors": "s own", "cache": "keeps",
        "etag-refused": "not accepted"}


@pytest.mark.parametrize("name, kind", sorted(TROUBLES))
def test_the_cure_cures(php, name, kind):
    trouble, beside = TROUBLES[name, kind]
    page = PAGES[name]
    php.forget(page)
    with in_front(kind, php.url, trouble) as url:
        report = probe(f"{url}/{page}")
        assert name in report["names"] and report["restored"] is not False, report
        assert any(re.search(SAID[name], found["text"]) for found in report["findings"]), report
    php.forget(page)
    with in_front(kind, php.url, beside + cure(report, name, kind)) as url:
        report = probe(f"{url}/{page}", status=0)
        assert report["names"] == set() and report["restored"] is True, report


def test_an_error_page_in_place_of_the_form_loses_the_text(php):
    php.forget("checks")
    with in_front("apache", php.url, "ProxyErrorOverride On") as url:
        report = probe(f"{url}/checks", status=2)
        assert report["names"] == {"text", "errors"} and report["verdict"] == "loses-text"


@pytest.mark.parametrize("kind", ["apache", "nginx"])
def test_a_tag_that_the_application_repairs(php, kind):
    php.forget("tolerant")
    with in_front(kind, php.url, TROUBLES["etag-refused", kind][0]) as url:
        report = probe(f"{url}/tolerant", status=0)
        assert report["names"] == set() and "accepted all the same" in " ".join(report["steps"]), report
        assert probe(f"{url}/tolerant", "--path", status=1)["names"] == {"etag"}


ASKS = """#!/bin/sh
if [ "$HTTP_AUTHORIZATION" ]; then echo 'Status: 200'; else echo 'Status: 401'; echo 'WWW-Authenticate: Basic realm="x"'; fi
printf 'Content-Type: text/html\n\n<form method=post><textarea name=text>A day</textarea></form>'
"""
TAKES = """#!/bin/sh
cat >/dev/null
if [ "$PATH_INFO" = /form ]; then echo 'Status: 200'; else echo 'Status: 404'; fi
printf 'Content-Type: text/html\n\n<form method=post><textarea name=text>A day</textarea></form>'
"""


@pytest.mark.parametrize("name, script, trouble, options, status", [
    ("authorization", ASKS, "", ["-u", "anna:anna"], 3),
    ("body", TAKES, "LimitRequestBody 131072", ["--path"], 1),
])
def test_the_cure_cures_cgi(php, name, script, trouble, options, status):
    with in_front("apache", php.url, trouble, script=script) as url:
        report = probe(f"{url}/cgi/form", *options, status=status)
        assert report["names"] == {name}
    with in_front("apache", php.url, cure(report, name, "apache"), script=script) as url:
        assert probe(f"{url}/cgi/form", *options, "--path", status=0)["names"] == set()


def test_the_limit_of_mod_fcgid(database):
    database.create("CREATE TABLE note (id integer PRIMARY KEY, body text); INSERT INTO note VALUES (1, 'x')", protect=["note"])
    with stack.serving("apache-htaccess", database) as server:
        report = probe(f"{server.url}/note/1", "-u", "anna:anna", status=0)
        assert "about 127 KiB" in " ".join(found["text"] for found in report["findings"]), report
    assert database.one("SELECT body FROM note") == "x"


def test_path_writes_nothing(php):
    php.forget("honours")
    report = probe(f"{php.url}/honours", "--path", status=0)
    assert report["restored"] is None and not (php.path / "honours").exists()
    assert probe(f"{php.url}/checks", "--path", "--body", "9000", status=0)["names"] == set()
