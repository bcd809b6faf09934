"""script/tally must not call a bad run good: its last line decides whether a change lands."""
import json
import pathlib
import subprocess
import sys

import pytest

TALLY = pathlib.Path(__file__).resolve().parents[2] / 'script/tally'


def tally(tmp_path, tests=None, xml=None, extra=()):
    paths = list(extra)
    if tests is not None:
        (tmp_path / 'log.json').write_text('\n'.join(json.dumps(test) for test in tests))
        paths.append(tmp_path / 'log.json')
    if xml is not None:
        (tmp_path / 'log.xml').write_text(xml)
        paths.append(tmp_path / 'log.xml')
    done = subprocess.run([sys.executable, TALLY, *paths], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()[-1]


def program(stdout, result='OK'):
    return {'name': 'troth:unit / room/name', 'stdout': stdout, 'stderr': '', 'result': result}


@pytest.mark.parametrize('tests, code, last', [
    ([program('1..2\nok 1 - a\nok 2 - b\n')], 0, '2 passed, 0 failed'),
    ([program('1..2\nok 1 - a\nnot ok 2 - b\n', 'FAIL')], 1, '1 passed, 1 failed'),
    ([program('1..2\nok 1 - a\n', 'ERROR')], 1, '1 passed, 1 failed'),
    ([program('1..2\nok 1 - a\n')], 1, '1 passed, 1 failed'),
    ([program('1..1\nok 1 - a\n1..2\nok 1 - b\nok 2 - c\n')], 0, '3 passed, 0 failed'),
    ([program('', 'TIMEOUT')], 1, '0 passed, 1 failed'),
    ([program('', 'FAIL')], 1, '0 passed, 1 failed'),
    ([program('')], 0, '1 passed, 0 failed'),
    ([program('1..2\nok 1 - a\nok 2 - b # SKIP no such machine\n')], 0, '1 passed, 0 failed, 1 skipped'),
    ([program('', 'SKIP'), program('1..1\nok 1 - a')], 0, '1 passed, 0 failed, 1 skipped'),
    ([program('', 'SKIP')], 1, '0 passed, 0 failed, 1 skipped'),
    ([], 1, '0 passed, 0 failed'),
])
def test_programs_are_counted_by_their_cases(tmp_path, tests, code, last):
    assert tally(tmp_path, tests) == (code, last)


def test_a_result_that_is_missing_or_torn_is_a_failure(tmp_path):
    good = [program('1..1\nok 1 - a')]
    assert tally(tmp_path, good, extra=[tmp_path / 'absent.json']) == (1, '1 passed, 1 failed')
    assert tally(tmp_path, good, xml='<testsuites><testsu') == (1, '1 passed, 1 failed')


def test_pytest_results_are_added(tmp_path):
    xml = ('<testsuites><testsuite><testcase classname="c" name="a"/>'
           '<testcase classname="c" name="b"><failure/></testcase>'
           '<testcase classname="c" name="d"><error/></testcase>'
           '<testcase classname="c" name="e"><skipped/></testcase></testsuite></testsuites>')
    assert tally(tmp_path, [program('1..1\nok 1 - a')], xml) == (1, '2 passed, 2 failed, 1 skipped')


def suite(*cases):
    results = {'good': '', 'bad': '<failure/>', 'torn': '<error/>', 'skipped': '<skipped/>'}
    return '<testsuite>' + ''.join(f'<testcase classname="tests.scenario.test_1" name="{name}">{results[result]}</testcase>'
                                   for name, result in cases) + '</testsuite>'


@pytest.mark.parametrize('again, code, last', [
    ([('b', 'good')], 0, '2 passed, 0 failed'),
    ([('b', 'bad')], 1, '1 passed, 1 failed'),
    ([('b', 'good'), ('b', 'torn')], 1, '2 passed, 1 failed'),
    ([('b', 'skipped')], 0, '1 passed, 0 failed, 1 skipped'),
    ([('other', 'good')], 1, '2 passed, 1 failed'),
])
def test_what_was_run_again_has_the_last_word(tmp_path, again, code, last):
    (tmp_path / 'log.again.xml').write_text(suite(*again))
    assert tally(tmp_path, xml=suite(('a', 'good'), ('b', 'bad'))) == (code, last)


def failed(tmp_path, xml):
    (tmp_path / 'log.xml').write_text(xml)
    return subprocess.run([sys.executable, TALLY, '--failed', tmp_path / 'log.xml'], capture_output=True, text=True,
                          check=True).stdout.splitlines()


def test_failed_cases_are_named_as_pytest_takes_them_unless_they_are_many(tmp_path):
    cases = [('a[x y]', 'good'), ('a[x y]', 'torn'), ('b', 'bad'), ('c', 'skipped'), ('d', 'good')]
    assert failed(tmp_path, suite(*cases)) == ['tests/scenario/test_1.py::a[x y]', 'tests/scenario/test_1.py::b']
    assert failed(tmp_path, suite(*((f't{n}', 'bad') for n in range(11)))) == []
    assert failed(tmp_path, '<testsuites><testsu') == []
