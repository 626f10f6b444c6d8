"""A private PostgreSQL for the tests of schema/, started once by demo/postgres."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import psycopg
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def cluster():
    """The connection string of a fresh cluster; it ends with the tests."""
    folder = tempfile.mkdtemp(prefix="pg409-schema-")
    os.chmod(folder, 0o755)
    server = subprocess.Popen([ROOT / "demo/postgres", folder], stdout=subprocess.PIPE, text=True)
    try:
        line = server.stdout.readline()
        assert line.startswith("database "), "demo/postgres did not start"
        yield line.removeprefix("database ").strip()
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def run_file():
    """run_file(conninfo, name) runs a file of schema/ the way the manual says: with psql."""
    return psql_file


def psql_file(conninfo, name):
    subprocess.run(["psql", "-qX", "-d", conninfo, "-f", ROOT / "schema" / name], check=True, capture_output=True)


@pytest.fixture
def database(cluster):
    """A fresh database with the schema loaded: its connection string."""
    with psycopg.connect(cluster, autocommit=True) as admin:
        admin.execute("drop database if exists work")
        admin.execute("create database work")
    conninfo = psycopg.conninfo.make_conninfo(cluster, dbname="work")
    psql_file(conninfo, "pg409.sql")
    return conninfo


@pytest.fixture
def db(database):
    """A connection to it, in autocommit."""
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection
