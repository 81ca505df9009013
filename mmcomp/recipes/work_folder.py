"""A folder of results that are made once and found again while nothing they depend on has changed."""
import contextlib
import hashlib
import json
import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from mmcomp.files import write_json


class WorkFolder:
    """Steps of a road and the files they leave.

    A step's *key* is a hash of its settings and of the content of its input
    files. Its result counts as done if the step ended under the same key and
    all its files are still there, so a second run takes up where a killed one
    stopped, and a changed setting makes anew what depends on it and no more.

    Args:
        root: The folder; made if need be.
        say: Called with each line of progress.
    """

    def __init__(self, root: str | os.PathLike, say: Callable[[str], None] = print):
        self.root = Path(root)
        self.root.mkdir(parents=True, exist_ok=True)
        self.say = say
        self.made: list[str] = []
        self._console: IO | None = None

    def __truediv__(self, name: str) -> Path:
        return self.root / name

    def step(self, name: str, make: Callable[[], str | None], outputs: Sequence[Path], inputs: Sequence[Path] = (),
             settings: object = None, folder: Path | None = None) -> None:
        """Run ``make`` unless its result is there.

        Args:
            name: Of the step, unique in the folder.
            make: Writes the outputs; may return what to say about them.
            outputs: Files that are there when the step has ended.
            inputs: Files that it reads.
            settings: What else decides the result; anything JSON can hold.
            folder: Belongs to the step alone. What a run with another key
                left there is removed; what a killed run with this key left stays.
        """
        record, key = self / f'steps/{name}.json', self._key(inputs, settings)
        state = json.loads(record.read_text(encoding='utf-8')) if record.is_file() else {}
        if state.get('key') == key and state.get('done') and all(p.exists() for p in outputs):
            self.say(f'  {name}: {self._note(state)} (done before)')
            return
        if folder is not None and state.get('key') != key:
            shutil.rmtree(folder, ignore_errors=True)
        write_json(record, dict(key=key, done=False))
        self.made.append(name)
        start = time.perf_counter()
        note = make() or ''
        state = dict(key=key, done=True, note=note, seconds=round(time.perf_counter() - start, 2))
        write_json(record, state)
        self.say(f'  {name}: {self._note(state)}')

    def seconds(self) -> dict[str, float]:
        """What each step took when it was made."""
        states = {path.stem: json.loads(path.read_text(encoding='utf-8')) for path in (self / 'steps').glob('*.json')}
        return {name: state['seconds'] for name, state in sorted(states.items()) if state.get('done')}

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """What libraries print goes to ``console.txt`` of the folder, not to the screen."""
        if self._console is None:
            # Loggers keep it as their stream for as long as the process lives.
            self._console = open(self / 'console.txt', 'a', encoding='utf-8', buffering=1)
        with contextlib.redirect_stdout(self._console), contextlib.redirect_stderr(self._console):
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')
                yield

    @staticmethod
    def _note(state: dict) -> str:
        return ', '.join(filter(None, (state.get('note'), f'{state["seconds"]:.0f} s')))

    def _key(self, inputs: Sequence[Path], settings: object) -> str:
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
        for path in inputs:
            digest.update(hashlib.sha256(Path(path).read_bytes()).digest())
        return digest.hexdigest()[:32]
