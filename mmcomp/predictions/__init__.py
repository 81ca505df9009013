"""Prediction tables on disk and what is made of them. No torch in here."""
