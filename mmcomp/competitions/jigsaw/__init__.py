"""Jigsaw Unintended Bias in Toxicity Classification (2019).

Configs take its data set and metric by
``custom_imports = dict(imports=['mmcomp.competitions.jigsaw.components'])``.
"""
