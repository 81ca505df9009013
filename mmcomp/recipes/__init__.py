"""Whole roads from raw data to a submission, as plain functions. No torch until one of them runs."""
