"""Fixtures that every test may use: see stack.py for what they are made of."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import stack  # noqa: E402


@pytest.fixture(scope="session")
def postgres():
    cluster = stack.Postgres()
    yield cluster
    cluster.remove()


@pytest.fixture(scope="module")
def database(postgres):
    """A fresh database for each test file."""
    return stack.Database(postgres)


@pytest.fixture(scope="session")
def npm():
    """The folder with the packages of tests/npm, installed as its lock file says."""
    return stack.npm_packages()
