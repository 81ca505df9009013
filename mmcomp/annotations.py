"""Annotation lists: text files with one ``relative/path.jpg <class index>`` a line.

The path may hold spaces, since a line is split at its last white space. Blank
lines are skipped. This is the bottom layer: the image data set and the tools
that make, merge and clean such lists all read them here.
"""
import os
from collections.abc import Iterable, Sequence

import numpy as np

from mmcomp.errors import DataError, fault
from mmcomp.files import atomic_open


def read_list(path: str | os.PathLike, num_classes: int | None = None,
              with_label: bool = True) -> tuple[list[str], np.ndarray | None]:
    """Read an annotation list.

    Args:
        path: The text file, UTF-8.
        num_classes: Labels must be below it; None admits every index.
        with_label: False for lists of bare paths.

    Returns:
        The paths in file order, and their labels as ``(N,)`` int64 (None
        without labels).

    Raises:
        DataError: With file and line, if the file is missing or empty, a label
            is no class index, or a path occurs twice.
    """
    paths, labels, line_of = [], [], {}
    for number, line in _lines(path):
        name, label = _split(line, f'{path}:{number}', num_classes) if with_label else (line, None)
        if name in line_of:
            raise DataError(fault(f'{path}:{number}', 'path', f'unique (line {line_of[name]} has it too)', name,
                                  'Keep one of the two lines.'))
        line_of[name] = number
        paths.append(name)
        labels.append(label)
    if not paths:
        raise DataError(f'{path}: the list is empty. Write one `relative/path.jpg{" label" * with_label}` a line.')
    return paths, np.array(labels, dtype=np.int64) if with_label else None


def write_list(path: str | os.PathLike, paths: Sequence[str], labels: Iterable[int] | None = None) -> None:
    """Write an annotation list, whole or not at all.

    Raises:
        DataError: If the two lengths differ, or a path holds a line break.
    """
    labels = None if labels is None else [int(label) for label in labels]
    if labels is not None and len(labels) != len(paths):
        raise DataError(fault(path, 'labels', f'{len(paths)} values, one a path', len(labels), 'Pass both in full.'))
    broken = next((name for name in paths if '\n' in name or '\r' in name or name != name.strip()), None)
    if broken is not None:
        raise DataError(fault(path, 'path', 'free of line breaks and of white space at its ends', broken,
                              'Rename the file.'))
    with atomic_open(path) as file:
        if labels is None:
            file.writelines(f'{name}\n' for name in paths)
        else:
            file.writelines(f'{name} {label}\n' for name, label in zip(paths, labels, strict=True))


def _lines(path: str | os.PathLike) -> Iterable[tuple[int, str]]:
    """``(line number, stripped line)`` of the lines that are not blank."""
    try:
        with open(path, encoding='utf-8-sig') as file:
            for number, line in enumerate(file, 1):
                if line := line.strip():
                    yield number, line
    except FileNotFoundError:
        raise DataError(f'{path}: no such annotation list. Check the path.') from None
    except UnicodeDecodeError as error:
        raise DataError(f'{path}: not a UTF-8 text file ({error}). Annotation lists are plain text.') from None


def _split(line: str, where: str, num_classes: int | None) -> tuple[str, int]:
    """Path and label of a line."""
    law = 'a class index (0, 1, …)' if num_classes is None else f'a class index in 0…{num_classes - 1}'
    name, *rest = line.rsplit(maxsplit=1)
    if not rest:
        raise DataError(fault(where, 'line', '`relative/path.jpg <class index>`', line,
                              'Add the label, or read the list without labels.'))
    label = int(rest[0]) if rest[0].isdecimal() else -1
    if label < 0 or (num_classes is not None and label >= num_classes):
        raise DataError(fault(where, 'label', law, rest[0], 'Correct the line, or the number of classes.'))
    return name, label
