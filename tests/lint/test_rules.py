"""The checks find what they are there for: each case plants one offence and wants it named."""
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ['TROTH_BUILD'])


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False,
                          cwd=options.pop('cwd', ROOT), **options)


def check_source(tmp_path, path, text):
    planted = tmp_path / path
    planted.parent.mkdir(parents=True)
    planted.write_text(text)
    return run(sys.executable, ROOT / 'script/check-sources', path, cwd=tmp_path)


@pytest.mark.parametrize('path, line, named', [
    ('src/http/x.c', '#include "../store/store.h"', 'goes up a folder'),
    ('src/http/x.c', '#  include <a/../b.h>', 'goes up a folder'),
    ('src/http/x.c', '#include <sqlite3.h>', 'src/store/'),
    ('src/core/x.c', '#include <openssl/evp.h>', 'src/crypto/'),
    ('cli/x.c', '#include <microhttpd.h>', 'src/http/'),
    ('src/crypto/x.c', '#include <gnutls/gnutls.h>', 'src/http/'),
    ('cli/x.c', '#include <curl/curl.h>', 'src/client/'),
    ('src/app/x.c', '#include <cyaml/cyaml.h>', 'src/base/'),
    ('src/http/x.c', '#include <jansson.h>', 'src/proto/'),
    ('src/core/x.c', '#include <zlib.h>', 'src/base/'),
])
def test_an_include_out_of_its_room_is_named(tmp_path, path, line, named):
    done = check_source(tmp_path, path, '#include <stdio.h>\n' + line + '\n')
    assert done.returncode == 1
    assert f'{path}:2: ' in done.stdout and named in done.stdout


@pytest.mark.parametrize('path, line', [
    ('src/crypto/x.c', '#include <openssl/evp.h>'),
    ('tests/unit/pki/x.c', '#include <openssl/evp.h>'),
    ('src/store/sqlite/x.c', '#include <sqlite3.h>'),
    ('src/http/x.c', '/* #include "../x.h" */'),
])
def test_an_include_in_its_room_is_fine(tmp_path, path, line):
    assert check_source(tmp_path, path, line + '\n').returncode == 0


@pytest.mark.parametrize('path, lines, code', [
    ('src/a/x.h', 149, 0), ('src/a/x.h', 150, 1), ('src/a/x.c', 599, 0), ('src/a/x.c', 600, 1),
])
def test_files_have_a_largest_size(tmp_path, path, lines, code):
    assert check_source(tmp_path, path, '\n' * lines).returncode == code


@pytest.mark.parametrize('rows, named', [
    ([], None),
    (['TABLE(3, C, "c", LEDGER)', 'COLUMN(1, C, X, "x", INT)', 'COLUMN(5, C, Y, "y", INT)'], None),
    (['TABLE(1, C, "c", LEDGER)'], ':4: TABLE 1 stands behind 2'),
    (['TABLE(2, C, "c", LEDGER)'], ':4: TABLE 2 stands behind 2'),
    (['COLUMN(1, B, X, "x", INT)'], ':4: COLUMN 1 stands behind 1'),
    (['COLUMN(2, A, X, "x", INT)'], ':4: a column of A stands behind table B'),
])
def test_tables_are_in_the_order_of_their_numbers(tmp_path, rows, named):
    text = '\n'.join(['TABLE(1, A, "a", LEDGER)', 'TABLE(2, B, "b", LEDGER)', 'COLUMN(1, B, W, "w", INT)', *rows])
    done = check_source(tmp_path, 'src/store/include/store/tables.def', text + '\n')
    assert done.returncode == (named is not None), done.stdout
    assert named is None or named in done.stdout, done.stdout


@pytest.mark.parametrize('call', [
    'atoi(text)', 'atol(text)', 'atof(text)', 'strtok(text, "a")', 'sprintf(text, "a")', 'strcpy(text, text)',
    'strcat(text, text)', 'strncpy(text, text, 1)', 'system(text)', 'rand()', 'srand(1)', 'alloca(9)',
    'mktemp(text)',
])
def test_poisoned_functions_do_not_compile(call):
    flags = ['-std=gnu17', '-Werror', '-D_GNU_SOURCE', '-O2', '-D_FORTIFY_SOURCE=2', '-Isrc/base/include',
             '-include', 'base/poison.h', '-fsyntax-only', '-x', 'c', '-']
    source = 'void planted(char *text);\nvoid planted(char *text) { (void)text; %s; }\n'
    assert run('gcc', *flags, input=source % '(void)0').returncode == 0
    done = run('gcc', *flags, input=source % f'(void){call}')
    assert done.returncode != 0 and 'poisoned' in done.stderr


def plant_rooms(tmp_path, rows, headers):
    """A small tree in which script/layers checks rooms of our own."""
    (tmp_path / 'script').mkdir()
    shutil.copy(ROOT / 'script/layers', tmp_path / 'script/layers')
    (tmp_path / 'rooms.txt').write_text(rows)
    for path, text in headers.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return run(tmp_path / 'script/layers', tmp_path)


LOW = 'typedef int low_number;\n'
HIGH = '#include <low/low.h>\nlow_number high(void);\n'


def test_layers_accepts_rooms_that_keep_to_their_row(tmp_path):
    done = plant_rooms(tmp_path, 'low l \nhigh h low\n',
                       {'l/include/low/low.h': LOW, 'h/include/high/high.h': HIGH})
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines() == ['1..4', 'ok 1 - low headers stand alone', 'ok 2 - low must not see high',
                                        'ok 3 - high may use low', 'ok 4 - high headers stand alone']


def test_layers_finds_a_room_that_sees_too_much(tmp_path):
    done = plant_rooms(tmp_path, 'low l \nhigh h \n',
                       {'l/include/low/low.h': LOW, 'l/include/high/high.h': HIGH,
                        'h/include/high/high.h': LOW})
    assert done.returncode == 1
    assert 'not ok 2 - low must not see high' in done.stdout


def test_layers_finds_a_header_that_shows_a_room_its_user_may_not_use(tmp_path):
    done = plant_rooms(tmp_path, 'low l \nhigh h low\ntop t high\n',
                       {'l/include/low/low.h': LOW, 'h/include/high/high.h': HIGH})
    assert done.returncode == 1
    assert 'not ok 6 - top may use high' in done.stdout


def test_layers_finds_a_header_that_does_not_stand_alone(tmp_path):
    done = plant_rooms(tmp_path, 'low l \n', {'l/include/low/low.h': 'size_t low(void);\n'})
    assert done.returncode == 1
    assert 'not ok 1 - low headers stand alone' in done.stdout


def test_every_room_of_the_build_is_in_the_row_file():
    rooms = {line.split(' ')[0] for line in (BUILD / 'rooms.txt').read_text().splitlines()}
    folders = {path.parent.name for path in (ROOT / 'src').glob('*/include')} | {'wire'}
    assert folders <= rooms
