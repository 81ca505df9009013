"""The file of scores to hand in."""
from dataclasses import dataclass

from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes


@STAGES.register_module()
@dataclass(frozen=True)
class SubmitScores(Stage):
    """One score a test sample in the form of the sample submission, which is checked id by id.

    Args:
        predictions: A table.
        sample: The organiser's example: it decides ids, their order and the header.
        column: Class or task whose scores count; by default the only one, or the second of two.
        header: Whether there is a header, ``id,prediction`` where no sample tells another.
        digits: Significant digits.
    """
    outputs = dict(submission=Output('submission', 'submission.csv'))
    replayable = True
    predictions: str = takes('table')
    sample: str | None = takes('file', optional=True)
    column: str | None = None
    header: bool = True
    digits: int = 9

    def run(self, site: Site) -> str:
        from mmcomp.predictions.submissions.score_submission import HEADER, fit_scores, write_scores
        from mmcomp.predictions.submissions.submission import read_sample
        from mmcomp.predictions.tables import read_table
        sample = read_sample(self.sample, self.header) if self.sample else None
        ids, scores = fit_scores(read_table(self.predictions), sample, self.column)
        header = (sample.header if sample else HEADER) if self.header else None
        write_scores(site.folder / 'submission.csv', ids, scores, header, self.digits)
        return f'{len(ids)} rows, scores from {scores.min():.3g} to {scores.max():.3g}'
