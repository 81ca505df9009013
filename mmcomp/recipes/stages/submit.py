"""The file to hand in."""
from dataclasses import dataclass

from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes


@STAGES.register_module()
@dataclass(frozen=True)
class Submit(Stage):
    """Classes of all test samples in the form of the sample submission, which is checked id by id."""
    outputs = dict(submission=Output('submission', 'submission.csv'))
    replayable = True
    predictions: str = takes('labels', 'table')
    sample: str | None = takes('file', optional=True)
    digits: int | None = None
    header: bool = True

    def run(self, site: Site) -> str:
        from mmcomp.predictions.submissions.submission import (
            HEADER,
            fit_to_sample,
            pad_digits,
            predicted_classes,
            read_sample,
            write_submission,
        )
        ids, names = predicted_classes(self.predictions)
        names = pad_digits(names, self.digits) if self.digits else names
        header = HEADER if self.header else None
        if self.sample:
            sample = read_sample(self.sample, self.header)
            ids, names = fit_to_sample(ids, names, sample, 'predictions')
            header = sample.header
        write_submission(site.folder / 'submission.csv', ids, names, header)
        return f'{len(ids)} rows, {len(set(names))} classes'
