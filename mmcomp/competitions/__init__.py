"""What only one competition can use: its files, its metric, its submission."""
