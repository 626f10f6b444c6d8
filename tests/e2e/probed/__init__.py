"""Applications and servers for the tests of pg409 probe: small ones of PHP, Django's admin, DokuWiki, and web
servers that are in the way. Each runs on a port of its own, with what it keeps in a folder of its own."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import stack

HERE = pathlib.Path(__file__).resolve().parent
PG409 = pathlib.Path(stack.PROGRAM).parent / "pg409"
DEBS = stack.ROOT / "build/debs"


def run(*arguments, **more):
    return subprocess.run([PG409, "probe", *map(str, arguments)], capture_output=True, text=True, timeout=120, **more)


def probe(url, *options, status=None, **more):
    """The report as JSON, and the exit status in it."""
    found = run("--yes", "--json", *options, url, **more)
    assert found.returncode in (0, 1, 2, 3, 4) and found.stdout, found.stderr
    report = json.loads(found.stdout)
    report["status"] = found.returncode
    report["names"] = {finding["name"] for finding in report["findings"]}
    if status is not None:
        assert found.returncode == status, report
    return report


@contextlib.contextmanager
def process(command, port, log, cwd=None, **env):
    with open(log, "ab") as out:
        server = subprocess.Popen([str(part) for part in command], stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                  cwd=cwd, env={**os.environ, **env})
    try:
        end = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert server.poll() is None and time.monotonic() < end, pathlib.Path(log).read_text()
            time.sleep(.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


@contextlib.contextmanager
def folder():
    path = stack.folder()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Php:
    """The applications of pages.php; row() is what one of them keeps."""

    def __init__(self, url, path):
        self.url, self.path = url, path

    def row(self, kind):
        return json.loads((self.path / kind).read_text())

    def forget(self, kind):
        (self.path / kind).unlink(missing_ok=True)


@contextlib.contextmanager
def php():
    with folder() as path:
        (path / "data").mkdir()
        port = stack.free_port()
        with process(["php", "-S", f"127.0.0.1:{port}", HERE / "pages.php"], port, path / "log",
                     PROBED=str(path / "data")) as url:
            yield Php(url, path / "data")


@contextlib.contextmanager
def django():
    with folder() as path:
        port = stack.free_port()
        with process(["/usr/bin/python3", "-B", HERE / "django/serve.py", port], port, path / "log",
                     PROBED=str(path)) as url:
            yield url, path / "notes.db"


def unpacked(target):
    """DokuWiki out of Debian's packages, which are fetched once and never installed: that would set up Apache."""
    DEBS.mkdir(parents=True, exist_ok=True)
    for package in ("dokuwiki", "php-phpseclib"):
        if not list(DEBS.glob(f"{package}_*.deb")):
            with tempfile.TemporaryDirectory() as fresh:
                subprocess.run(["apt-get", "-qq", "download", package], cwd=fresh, check=True, capture_output=True)
                for deb in pathlib.Path(fresh).glob("*.deb"):
                    shutil.move(deb, DEBS / deb.name)
        subprocess.run(["dpkg-deb", "-x", next(DEBS.glob(f"{package}_*.deb")), target], check=True)
    for link in [path for path in target.rglob("*") if path.is_symlink()]:
        to = os.readlink(link)
        if to.startswith("/"):
            link.unlink()
            link.symlink_to(f"{target}{to}")
    for loader in (target / "usr/share/dokuwiki/vendor/composer").glob("autoload_*.php"):
        loader.write_text(loader.read_text().replace("'/usr/share/", f"'{target}/usr/share/"))


@contextlib.contextmanager
def dokuwiki():
    """A wiki whose page "start" is two hours old; with the file of that page."""
    with folder() as path:
        unpacked(path)
        (path / "prepend.php").write_text("<?php foreach (['DOKU_MAIN_CONF', 'DOKU_CONF'] as $name) "
                                          f"define($name, '{path}/etc/dokuwiki/');")
        (path / "etc/dokuwiki/local.php").write_text(f"<?php $conf['savedir'] = '{path}/var/lib/dokuwiki/data';")
        page = path / "var/lib/dokuwiki/data/pages/start.txt"
        page.write_text("First line\nSecond <line> & \"more\"\n")
        os.utime(page, (time.time() - 7200,) * 2)
        port = stack.free_port()
        with process(["php", "-d", f"auto_prepend_file={path}/prepend.php", "-S", f"127.0.0.1:{port}"], port,
                     path / "log", cwd=path / "usr/share/dokuwiki") as url:
            yield f"{url}/doku.php?id=start&do=edit", page


# --- web servers in the way ---------------------------------------------------------------------------------

APACHE = """
ServerRoot "{path}"
ServerName 127.0.0.1
DefaultRuntimeDir "{path}"
PidFile "{path}/pid"
Listen 127.0.0.1:{port}
ErrorLog "{path}/error.log"
{modules}
ScriptSock "{path}/cgid.sock"
FcgidIPCDir "{path}"
FcgidProcessTableFile "{path}/shm"
ProxyPass "/cgi" !
ScriptAlias "/cgi" "{path}/script"
{lines}
ProxyPass "/" "{to}/"
"""
NGINX = """
daemon off;
pid "{path}/pid";
error_log "{path}/error.log";
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path "{path}/body";
  proxy_temp_path "{path}/proxy";
  fastcgi_temp_path "{path}/fastcgi";
  uwsgi_temp_path "{path}/uwsgi";
  scgi_temp_path "{path}/scgi";
  proxy_cache_path "{path}/cache" keys_zone=answers:1m;
  server {{
    listen 127.0.0.1:{port};
    client_max_body_size 64m;
    location / {{
      proxy_pass {to};
      proxy_http_version 1.1;
      {lines}
    }}
    location = /_refused {{ internal; return 409; }}
  }}
}}
"""
LIGHTTPD = """
server.modules = ( "mod_access", "mod_setenv", "mod_deflate", "mod_proxy" )
server.document-root = "{path}"
server.errorlog = "{path}/error.log"
server.bind = "127.0.0.1"
server.port = {port}
server.upload-dirs = ( "{path}" )
proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => {to_port} )) )
{lines}
"""
MODULES = ("mpm_event", "authz_core", "proxy", "proxy_http", "deflate", "filter", "cgid", "alias", "fcgid")


@contextlib.contextmanager
def in_front(kind, to, lines, script=None):
    """One of the three, with a few lines of its own, as a proxy for what is at the address to; script is a CGI
    program at /cgi, of Apache."""
    text = {"apache": APACHE, "nginx": NGINX, "lighttpd": LIGHTTPD}[kind]
    with folder() as path:
        path.chmod(0o777)
        port = stack.free_port()
        modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in MODULES)
        conf = path / "server.conf"
        if script:
            (path / "script").write_text(script)
            (path / "script").chmod(0o755)
        conf.write_text(text.format(path=path, port=port, to=to, to_port=to.rsplit(":", 1)[1], lines=lines,
                                    modules=modules))
        command = {"apache": ["apache2", "-DFOREGROUND", "-f", conf],
                   "nginx": ["nginx", "-p", path, "-e", path / "error.log", "-c", conf],
                   "lighttpd": ["lighttpd", "-D", "-f", conf]}[kind]
        with process(command, port, path / "log", PATH=os.environ["PATH"] + ":/usr/sbin") as url:
            yield url
