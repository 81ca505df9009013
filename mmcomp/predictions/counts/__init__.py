"""How many samples each class has, and what that says of labels and scores."""
