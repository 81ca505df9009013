"""Lists of labels: folds, mending, pseudo labels, what is alike."""
