"""What the benchmarks of quality train, judge and compare, on data given to them."""
