"""WeChat Big Data Challenge 2022: short videos by frames, title, speech and overlaid text, 200 classes of two levels.

``custom_imports = dict(imports=['mmcomp.competitions.wechat.components'])`` registers what configs name.
"""
