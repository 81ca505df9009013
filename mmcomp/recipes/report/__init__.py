"""The report of a work folder: everything worth looking at, on one page that needs no network."""
from pathlib import Path
from typing import Any

from mmcomp.files import atomic_open
from mmcomp.recipes.report import history, measured, steps
from mmcomp.recipes.report.classes import class_counts, worst_classes
from mmcomp.recipes.report.curves import curves
from mmcomp.recipes.report.members import members
from mmcomp.recipes.report.results import Results
from mmcomp.recipes.report.work import Work

NAME = 'report.html'


def write_report(work_dir: str | Path, out: str | Path | None = None) -> Path:
    """Write the report of a work folder, also of one that is half finished.

    Args:
        work_dir: Where a recipe ran or runs.
        out: The file, by default ``report.html`` in the work folder.

    Returns:
        The file.

    Raises:
        DataError: If no recipe ran there.
    """
    from mmcomp.visualization.report_page import render_page
    path = Path(out) if out else Path(work_dir) / NAME
    page = render_page(gather(Path(work_dir)))
    with atomic_open(path) as file:
        file.write(page)
    return path


def gather(work_dir: Path) -> dict[str, Any]:
    """What :func:`mmcomp.visualization.report_page.render_page` takes, as plain data.

    What can't be read is named in ``notes``, and does not keep the rest from being shown.
    """
    work = Work(work_dir)
    results = Results(work)
    judges = measured.judges(work)
    board, ladders = measured.board(work, results, judges) if judges else results.board(), steps.ladders(work)
    return dict(
        measure=judges[-1].metric.name if judges else 'accuracy', title=work.title, recipe=work.recipe,
        folder=str(work_dir), headline=steps.headline(work, results, board, ladders, judges),
        failures=history.failures(work), ladders=ladders, board=board, stages=history.stages(work),
        curves=curves(work), classes=None if judges else worst_classes(work, results),
        counts=class_counts(work, results), members=members(work, results), runs=history.runs(work),
        versions=history.versions(work), notes=work.notes)
