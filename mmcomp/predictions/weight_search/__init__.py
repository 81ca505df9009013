"""Weights of ensemble members, found on labelled out-of-fold tables and judged on samples not used to find them.

The tables are read once (:mod:`.gathering`). What is kept of them is all that
decides the metric: the true-class column for log-loss, the classes that can
win a row under some weights for metrics of labels. Searches work on that and
give what they would give on the tables.
"""
