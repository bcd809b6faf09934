"""The audit's verifier shares no code with the writer of the ledger but wire/ (it reads the database
through store.h, and knows the names of tables and events)."""
import pathlib
import re

import pytest

LEDGER = pathlib.Path(__file__).resolve().parents[2] / 'src' / 'ledger'
SOURCES = sorted([*LEDGER.glob('replay*.[ch]'), *LEDGER.glob('verify*.[ch]')])
MAY = re.compile(r'wire/\w+\.h|store/(store\.h|tables\.def)|base/(result|limits|err)\.h'
                 r'|ledger/(entry|replay|verify)\.h|ledger/(events|two_people)\.def|(replay|verify)_\w+\.h|uthash\.h')
C_LIBRARY = re.compile(r'\w+\.h')


def test_there_is_a_verifier():
    assert len(SOURCES) >= 6


@pytest.mark.parametrize('path', SOURCES, ids=lambda path: path.name)
def test_it_includes_nothing_of_the_writer(path):
    for how, name in re.findall(r'^#include ([<"])([^>"]+)[>"]', path.read_text(), re.M):
        is_library = how == '<' and C_LIBRARY.fullmatch(name)
        assert MAY.fullmatch(name) or is_library, f'{path.name} includes {name}'
