"""Commands in the documentation name files, tools and options that exist."""
import re
import shlex
from pathlib import Path

import pytest

from mmcomp.cli import verbs

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(p for p in [*ROOT.glob('*.md'), *(ROOT / 'configs').rglob('*.md'), *(ROOT / 'tools').rglob('*.md')]
               if p.name != 'CHANGELOG.md')
BLOCK = re.compile(r'```(?:bash|sh|shell)\n(.*?)```', re.S)
FOLDERS = ('configs/', 'tools/', 'tests/', 'requirements/', 'docker/')
OURS = ('mmcomp', '.venv/bin/mmcomp')
PYTHON = ('python', '.venv/bin/python')


def commands(text: str) -> list[list[str]]:
    """Every command of the shell blocks, split into words."""
    found = []
    for block in BLOCK.findall(text):
        for line in block.replace('\\\n', ' ').splitlines():
            words = shlex.split(line, comments=True)
            while words:
                end = words.index('&&') if '&&' in words else len(words)
                found.append([w for i, w in enumerate(words[:end]) if '=' not in w or w.startswith('-') or i])
                words = words[end + 1:]
    return [command for command in found if command]


def tool_of(words: list[str]) -> tuple[Path, list[str]] | None:
    """The tool that a command runs, and its arguments."""
    if words[0] in OURS and len(words) > 1 and not words[1].startswith('-'):
        return verbs().get(words[1].replace('-', '_'), Path(words[1])), words[2:]
    if words[0] in PYTHON and len(words) > 1 and words[1].startswith('tools/'):
        return ROOT / words[1], words[2:]
    return None


def test_reading_of_commands():
    text = 'a\n```bash\nA=1 mmcomp train \\\n  x.py  # why\ntools/setup.sh && .venv/bin/mmcomp demo\n```\n'
    assert commands(text) == [['mmcomp', 'train', 'x.py'], ['tools/setup.sh'], ['.venv/bin/mmcomp', 'demo']]
    assert tool_of(['mmcomp', 'no_such_verb'])[0] == Path('no_such_verb')


@pytest.mark.parametrize('page', PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_name_what_exists(page, tool):
    for words in commands(page.read_text(encoding='utf-8')):
        line = ' '.join(words)
        missing = [w for w in words if w.startswith(FOLDERS) and not any(c in w for c in '*…<$')
                   and not (ROOT / w).exists()]
        assert not missing, f'{line}: {missing} does not exist'
        found = tool_of(words)
        if found is None or '…' in line:
            continue
        path, args = found
        assert path.is_file(), f'{line}: no such tool'
        try:
            tool(path.relative_to(ROOT / 'tools').with_suffix('').as_posix()).parse_args(args)
        except SystemExit as end:
            assert end.code in (0, None), f'{line}: the options do not parse'
